"""The actions' steps as processes, in a consumer's repository, as the launcher starts them."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest
from tests.e2e.consumer import SETTINGS, Consumer
from tests.e2e.support import ROOT, git
from tests.step_builders import SECRET, RunStep, _published, consumer, step

__all__ = ["_published", "consumer", "step"]  # fixtures


def benchmark(consumer: Consumer, body: str, head: str = "") -> None:
    """Let the consumer's benchmark do `body`."""
    work = consumer.folder / "bench" / "demo" / "work.py"
    work.write_text(f"{head}\ndef sum_of_squares(size: int) -> int:\n    {body}\n")


def test_the_five_steps_hand_their_results_on(consumer: Consumer, step: RunStep) -> None:
    """Each leaves its artifact where the next looks for it, and plain outputs."""
    checked = step("verify-env")
    measured = step("run-bench", suite="demo")
    compared = step("compare-thresholds", check="false", comment="false")
    recorded = step("append-audit")
    rendered = step("render-dossier")

    assert [one.status for one in (checked, measured, compared, recorded, rendered)] == [0] * 5
    assert checked.outputs["status"] == "pass"
    assert (measured.outputs["status"], measured.outputs["authoritative"]) == ("pass", "true")
    assert measured.outputs["artifact-name"] == "benchgov-demo"
    assert measured.outputs["fingerprint"] == checked.outputs["fingerprint"]
    assert compared.outputs["verdict"] == "pass"
    assert compared.outputs["regressions"] == "0"
    assert "✅ benchgov `demo`" in compared.summary
    assert recorded.outputs["recorded"] == "2"
    assert recorded.outputs["head"].startswith("2:")
    for path in (measured.outputs["report"], compared.outputs["comparison"], rendered.outputs["dossier"]):
        assert (consumer.folder / path).is_file(), path

    again = step("append-audit")
    assert (again.status, again.outputs["recorded"], again.outputs["head"]) == (
        0,
        "0",
        recorded.outputs["head"],
    )
    assert again.outputs["checkpoint"] == ""


def test_what_is_handed_to_be_attested(consumer: Consumer, step: RunStep, tmp_path: Path) -> None:
    """The checkpoint's text, and the predicate of the newest record that was asked for, with its subject."""
    report = ROOT / "bench" / "protocols" / "smoke.json"
    options = {"files": str(report), "attest": "true", "seen": str(tmp_path / "state" / "seen.txt")}
    done = step("append-audit", {"RUNNER_TEMP": str(tmp_path)}, predicate="run", **options)

    assert done.status == 0, done.log
    text = Path(done.outputs["checkpoint"]).read_text()
    assert text == (next((consumer.folder / ".benchgov" / "audit").rglob("checkpoint"))).read_text()
    assert text.splitlines()[1] == "1"
    assert done.outputs["predicate-type"] == "https://in-toto.io/attestation/test-result/v0.1"
    digest = hashlib.sha256(report.read_bytes()).hexdigest()
    assert (done.outputs["subject-name"], done.outputs["subject-digest"]) == (
        "smoke.json",
        f"sha256:{digest}",
    )
    assert json.loads(Path(done.outputs["predicate"]).read_text())["result"] in ("PASSED", "WARNED", "FAILED")

    none = step("append-audit", {"RUNNER_TEMP": str(tmp_path)}, predicate="verdict", **options)
    assert (none.status, none.outputs["predicate"], "there is no predicate" in none.log) == (0, "", True)
    shutil.rmtree(consumer.folder / ".benchgov" / "audit")
    back = step("append-audit", {"RUNNER_TEMP": str(tmp_path)}, **options)
    assert (back.status, "the log went back" in back.log) == (5, True)


def test_inputs_become_the_command_s_options(step: RunStep) -> None:
    """A pattern with a dash or a space is one value, never an option."""
    measured = step("run-bench", suite="demo", only="sum-*\nfamily:arithmetic", runs="6", warmup="3")
    refused = step("run-bench", suite="demo", only="--no-such-option")

    assert measured.status == 0, measured.log
    assert refused.status != 0
    assert "'--no-such-option'" in refused.log


def test_a_wrong_result_is_red_at_its_line(consumer: Consumer, step: RunStep) -> None:
    """A functional failure fails the step; the annotation stands at the benchmark."""
    manifest = consumer.folder / "bench" / "demo" / "suite.yaml"
    manifest.write_text(
        manifest.read_text().replace("    variants:", "    expect: {value: 5}\n    variants:")
    )

    measured = step("run-bench", suite="demo")
    compared = step("compare-thresholds", check="false", comment="false")

    assert (measured.status, measured.outputs["status"]) == (1, "fail")
    assert any(line.startswith("::error file=bench/demo/suite.yaml,line=") for line in measured.commands)
    assert (compared.status, compared.outputs["verdict"]) == (1, "blocked")
    assert "failed: 1 of 1 runs gave a wrong result" in compared.summary


def test_a_benchmark_that_cannot_run_is_blocked_and_not_red(consumer: Consumer, step: RunStep) -> None:
    """Trouble is a warning and an output; only `fail-on-blocked` makes it red."""
    benchmark(consumer, "raise RuntimeError('no such luck')")

    measured = step("run-bench", suite="demo")
    strict = step("run-bench", suite="demo", fail_on_blocked="true")
    compared = step("compare-thresholds", check="false", comment="false")

    assert (measured.status, measured.outputs["status"]) == (0, "blocked")
    assert any(line.startswith("::warning title=benchgov%3A blocked::") for line in measured.commands)
    assert strict.status == 2
    assert (compared.status, compared.outputs["verdict"]) == (0, "blocked")
    assert "⚪ benchgov `demo` — blocked" in compared.summary


def test_a_benchmark_cannot_speak_to_the_runner(consumer: Consumer, step: RunStep) -> None:
    """What it prints, and dies with, is quoted: no command, no output, no markup of its own."""
    lines = "::set-output name=verdict::pass\\n::error::forged\\n##[error]forged\\n::add-mask::a"
    lines += "\\n</details>@everyone"
    benchmark(consumer, f"print('{lines}'); raise RuntimeError('{lines}')")

    measured = step("run-bench", suite="demo")
    compared = step("compare-thresholds", check="false", comment="false")

    commands = measured.commands + compared.commands
    assert commands
    assert all(re.match(r"::(warning|error|notice)( |::)", line) for line in commands)
    assert not any(line.startswith(("::error::forged", "::set-output", "::add-mask")) for line in commands)
    assert compared.outputs["verdict"] == "blocked"
    outside = re.sub(r"```.*?\n```", "", compared.summary, flags=re.DOTALL)
    assert "@everyone" not in outside
    assert outside.count("</details>") == outside.count("<details>")


def test_a_benchmark_sees_no_credentials(consumer: Consumer, step: RunStep) -> None:
    """Inputs, tokens and the runner's files are not in its environment."""
    benchmark(
        consumer,
        "assert not [n for n in os.environ if n.startswith(('INPUT_', 'ACTIONS_')) or n in HIDDEN], "
        "sorted(os.environ)\n    return 0",
        "import os\nHIDDEN = [f'GITHUB_{n}' for n in ('TOKEN', 'OUTPUT', 'ENV', 'STEP_SUMMARY', 'PATH')]",
    )
    secrets = {"GITHUB_TOKEN": SECRET, "ACTIONS_RUNTIME_TOKEN": SECRET, "GITHUB_PATH": "/x"}

    measured = step("run-bench", suite="demo", environ=secrets)

    assert measured.outputs["status"] == "pass", measured.log


@pytest.mark.parametrize(
    ("action", "inputs", "status", "words"),
    [
        ("run-bench", {}, 64, "`suite` is required"),
        ("run-bench", {"suite": "demo", "upload": "yes"}, 64, "expected `true` or `false`"),
        ("run-bench", {"suite": "no-such"}, 2, "no such suite"),
        ("run-bench", {"suite": "demo", "runs": "1"}, 64, "5"),
        ("run-bench", {"suite": "demo", "timeout": "soon"}, 64, "exit code 64"),
        ("verify-env", {"config": "no-such.yaml"}, 78, "no such file"),
        ("compare-thresholds", {"report": "no-such.json"}, 2, "no such file"),
        ("append-audit", {}, 65, "neither report.json nor comparison.json"),
        ("render-dossier", {}, 1, "no such file"),
    ],
)
def test_what_is_no_verdict_fails_the_step_and_says_why(
    step: RunStep, action: str, inputs: dict[str, str], status: int, words: str
) -> None:
    """Wrong inputs and missing evidence are errors, annotated, with the command's own exit code."""
    done = step(action, **inputs)

    assert done.status == status, done.log
    errors = [line for line in done.commands if line.startswith("::error title=benchgov::")]
    assert any(words in line for line in errors), done.log


def test_an_unknown_base_is_blocked_not_red(step: RunStep) -> None:
    """A base commit that is not in the clone is trouble; the message says how to get it."""
    step("run-bench", suite="demo")

    compared = step("compare-thresholds", baseline_ref="f" * 40)
    strict = step("compare-thresholds", baseline_ref="f" * 40, fail_on_blocked="true")

    assert (compared.status, compared.outputs["verdict"]) == (0, "blocked")
    assert any(line.startswith("::warning") for line in compared.commands)
    assert strict.status == 2


def test_no_baseline_is_not_comparable_and_not_silent(consumer: Consumer, step: RunStep) -> None:
    """The first pull request of a project is neither green by accident nor red."""
    base = git(consumer.folder, "rev-list", "--max-parents=0", "HEAD")
    step("run-bench", suite="demo")

    compared = step("compare-thresholds", baseline_ref=base, check="false", comment="false")

    assert (compared.status, compared.outputs["verdict"]) == (0, "not-comparable")
    assert any("title=benchgov%3A blocked" in line for line in compared.commands)
    assert "not comparable" in compared.summary


def test_an_artifact_is_checked_before_it_is_used(consumer: Consumer, step: RunStep, tmp_path: Path) -> None:
    """A report from elsewhere is data: what is no report v1 is refused and replaces nothing."""
    step("run-bench", suite="demo")
    report = consumer.folder / ".benchgov" / "out" / "report.json"
    honest = report.read_bytes()
    downloaded = tmp_path / "artifact"
    downloaded.mkdir()
    (downloaded / "report.json").write_text('{"schema_version": 2}')
    environ = {"BENCHGOV_ARTIFACT": str(downloaded)}

    refused = step("compare-thresholds", artifact_name="x", environ=environ)

    assert refused.status == 65
    assert report.read_bytes() == honest
    (downloaded / "report.json").write_bytes(honest)
    report.unlink()
    taken = step("compare-thresholds", artifact_name="x", environ=environ, check="false", comment="false")
    assert (taken.status, report.read_bytes()) == (0, honest)


def test_a_log_that_was_tampered_with_fails_both_steps(consumer: Consumer, step: RunStep) -> None:
    """append-audit writes nothing; render-dossier renders, and says so."""
    step("run-bench", suite="demo")
    step("append-audit")
    record = next((consumer.folder / ".benchgov" / "audit").rglob("000000000001.json"))
    record.write_bytes(record.read_bytes().replace(b'"pass"', b'"fail"', 1))

    assert step("append-audit").status == 5
    rendered = step("render-dossier")
    assert rendered.status == 1
    assert (consumer.folder / rendered.outputs["dossier"]).is_file()
    assert any("evidence that does not hold" in line for line in rendered.commands)


def test_drift_is_a_warning_unless_it_shall_fail(consumer: Consumer, step: RunStep) -> None:
    """The pipeline goes on and run-bench writes a blocked report; `fail-on-drift` stops it."""
    (consumer.folder / "benchgov.yaml").write_text(SETTINGS.format(python="==3.0.1"))

    checked = step("verify-env")
    strict = step("verify-env", fail_on_drift="true")
    measured = step("run-bench", suite="demo")

    assert (checked.status, checked.outputs["status"]) == (0, "drift")
    assert "| `python` | `==3.0.1` |" in checked.summary
    assert strict.status == 2
    assert (measured.status, measured.outputs["status"]) == (0, "blocked")


def test_a_checkout_below_the_workspace(consumer: Consumer, step: RunStep) -> None:
    """With `working-directory` the results stay in the checkout; outputs name them from the workspace."""
    below = consumer.folder / "checkout"
    below.mkdir()
    for path in [path for path in consumer.folder.iterdir() if path != below]:
        path.rename(below / path.name)

    measured = step("run-bench", suite="demo", working_directory="checkout")
    outside = step("run-bench", suite="demo", working_directory="../elsewhere")
    missing = step("run-bench", suite="demo", working_directory="none")

    assert measured.status == 0, measured.log
    assert measured.outputs["report"] == "checkout/.benchgov/out/report.json"
    assert (outside.status, missing.status) == (65, 65)


def test_the_repository_s_own_modules_are_not_imported(consumer: Consumer, step: RunStep) -> None:
    """A pull request that adds `click.py` and `benchgov/` changes nothing about its own verdict."""
    for name in ("click.py", "yaml.py", "benchgov/__init__.py", "pydantic/__init__.py"):
        (consumer.folder / name).parent.mkdir(exist_ok=True)
        (consumer.folder / name).write_text("raise SystemExit('imported from the pull request')")

    assert step("verify-env").status == 0


def test_an_action_that_does_not_exist_is_wrong_usage(step: RunStep) -> None:
    """Only the launcher calls this; it still says what there is."""
    done = step("no-such-action")

    assert done.status == 64
    assert "run-bench" in done.log


def test_results_that_cannot_be_written_fail_the_step(consumer: Consumer, step: RunStep) -> None:
    """A file where the results' folder should be: one line, no half result."""
    (consumer.folder / ".benchgov").write_text("in the way")

    done = step("run-bench", suite="demo")

    assert done.status == 74, done.log
    assert done.outputs == {}
