"""Action render-dossier: the release report, as a page that opens in a browser and as Markdown."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from benchgov.actions.inputs import ActionInputs, ActionOutputs, ArtifactUrl, Flag
from benchgov.actions.job import Job, option


class Inputs(ActionInputs):
    """Inputs of render-dossier."""

    report: Annotated[str, Field(description="report to show; default: the latest of this job")] = ""
    comparison: Annotated[str, Field(description="comparison to show; default: the latest of this job")] = ""
    store: Annotated[
        str, Field(description="folder of the audit log, or `git:` and its branch; default: the settings'")
    ] = ""
    out: Annotated[str, Field(description="folder to write into; default `dossier` under the results")] = ""
    artifact_name: Annotated[
        str, Field(description="name of the artifact with the dossier; give one where several jobs render")
    ] = "benchgov-dossier"
    upload: Annotated[Flag, Field(description="`false`: keep the dossier in the job")] = True


class Outputs(ActionOutputs):
    """Outputs of render-dossier."""

    dossier: Annotated[str, Field(description="path of index.html, one self-contained file")]
    markdown: Annotated[str, Field(description="path of dossier.md")]
    folder: Annotated[str, Field(description="folder of both, which the artifact holds")]
    artifact_url: ArtifactUrl = ""


def run(inputs: Inputs, job: Job) -> int:
    """Render; missing evidence or a broken audit log fails the step, after the dossier says so."""
    project = job.project(inputs.config)
    folder = project.rim.cwd / inputs.out if inputs.out else project.output_dir / "dossier"
    ended = job.command(
        [
            "dossier",
            "render",
            *option("report", inputs.report),
            *option("comparison", inputs.comparison),
            *option("store", inputs.store),
            *option("out", folder),
            *option("config", inputs.config),
        ]
    )
    if ended.blocked:
        return job.blocked(ended.blocked, fail=True)
    shown = job.shown(folder)
    job.workflow.set_outputs(
        Outputs(dossier=f"{shown}/index.html", markdown=f"{shown}/dossier.md", folder=shown).as_outputs()
    )
    if ended.code:
        job.workflow.annotate("error", "the dossier shows evidence that does not hold", title="benchgov")
    return ended.code
