"""A bench whose rubric does whatever the harness output tells it to."""

from pathlib import Path

from benchgov.eval import register_task_class

from .rubric import HostileRubric

register_task_class(
    "hostile-rubric", bench_path=Path(__file__).parent, min_cases_for_promotion={"bronze": 1}
)(HostileRubric)
