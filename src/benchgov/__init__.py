"""benchgov: benchmark claims that can be trusted, inside GitHub Actions."""

__version__ = "0.1.0"
