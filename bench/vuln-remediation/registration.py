"""Registers `vuln-remediation`: moving a project off the affected versions of one package."""

from pathlib import Path

from benchgov.eval import register_task_class

from .rubric import VulnRemediationRubric

register_task_class(
    "vuln-remediation",
    bench_path=Path(__file__).parent,
    min_cases_for_promotion={"bronze": 10, "silver": 14},
    sut="bench.vuln-remediation.sut:remediate",
)(VulnRemediationRubric)
