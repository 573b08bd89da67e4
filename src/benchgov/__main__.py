"""`python -m benchgov` is `benchgov`."""

from benchgov.cli.main import main

if __name__ == "__main__":
    main()
