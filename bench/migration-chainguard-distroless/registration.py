"""Registers `migration-chainguard-distroless`: moving a Dockerfile to Chainguard images without a shell."""

from pathlib import Path

from benchgov.eval import register_task_class

from .rubric import MigrationRubric

register_task_class(
    "migration-chainguard-distroless",
    bench_path=Path(__file__).parent,
    min_cases_for_promotion={"bronze": 10, "silver": 12},
    sut="bench.migration-chainguard-distroless.sut:migrate",
)(MigrationRubric)
