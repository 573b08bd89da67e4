"""What atheris runs: one adapter, given whatever libFuzzer makes of the recorded logs.

Arguments: the tool, then libFuzzer's own. An exception that is no error of benchgov's ends it with a crash.
"""

from __future__ import annotations

import sys

import atheris  # type: ignore[import-untyped, import-not-found, unused-ignore]

with atheris.instrument_imports(include=["benchgov.adapters", "benchgov.documents"]):
    from tests.property.test_adapters_fuzz import survives


def main(arguments: list[str]) -> None:
    """Fuzz until libFuzzer's limits are reached."""
    program, tool, *options = arguments

    def one_input(data: bytes) -> None:
        survives(data.decode("utf-8", "replace"), tool)

    atheris.Setup([program, *options], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
