"""Doubles the number of a case; the last case is one too many for it."""

import json
from typing import Any


def double(case: Any) -> dict[str, Any]:
    number = json.loads((case.input_path / "number.json").read_text())["number"]
    return {"double": 2 * number + (number > 100)}
