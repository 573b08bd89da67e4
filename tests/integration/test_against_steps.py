"""The steps run-bench with `against` and compare-thresholds, as the launcher starts them."""

from __future__ import annotations

from tests.e2e.consumer import Consumer
from tests.step_builders import RunStep, _published, consumer, step

__all__ = ["_published", "consumer", "step"]


def test_a_pull_request_is_compared_with_its_base_in_turn(consumer: Consumer, step: RunStep) -> None:
    """Much more work is a regression, whatever the stored baseline says; the dossier names the base."""
    consumer.change(30)
    measured = step("run-bench", suite="demo", against=consumer.base, pairs="10")
    compared = step("compare-thresholds", check="false", comment="false")
    rendered = step("render-dossier")

    assert (measured.status, measured.outputs["status"]) == (0, "pass")
    assert (compared.status, compared.outputs["verdict"]) == (1, "regression")
    assert compared.outputs["regressions"] == "1"
    assert "10 pairs" in (consumer.folder / compared.outputs["comparison"]).read_text()
    assert rendered.status == 0
    text = (consumer.folder / ".benchgov" / "out" / "dossier" / "dossier.md").read_text()
    assert f"Measured in turn with `{consumer.base}`" in text


def test_a_base_that_is_not_there_blocks_the_step(consumer: Consumer, step: RunStep) -> None:
    """It is trouble, said as a warning, and red only where that was asked for."""
    consumer.change()
    measured = step("run-bench", suite="demo", against="f" * 40)
    strict = step("run-bench", suite="demo", against="f" * 40, fail_on_blocked="true")

    assert (measured.status, strict.status) == (0, 2)
    assert any("this revision is not in the clone" in line for line in measured.commands)
