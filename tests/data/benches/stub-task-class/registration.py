"""Registers the smallest task class that there is: its SUT is to double a number."""

from pathlib import Path

from benchgov.eval import register_task_class

from .rubric import StubRubric

register_task_class(
    "stub-task-class",
    bench_path=Path(__file__).parent,
    min_cases_for_promotion={"bronze": 3},
    sut="bench.stub-task-class.sut:double",
)(StubRubric)
