"""What each field of a report means: the data behind docs/benchmark-report-format-v1.md."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from benchgov import report
from benchgov.replay import section

MEANINGS: Mapping[str, Mapping[str, str]] = {
    "Report": {
        "schema_version": "exactly 1; any other number is refused",
        "started_at_utc": "when the first run began: ISO 8601, six decimals, `Z`",
        "finished_at_utc": "when the last run ended; never before the start",
        "config": "what was asked for: all that a second run needs in order to do the same",
        "environment": "the machine, and whether it is the pinned one",
        "summary": "counts over `runs`",
        "performance_gate": "what the comparison with a baseline said, in short",
        "scale_band_gate": "what was said about problem sizes, in short",
        "replay": "the hashes that a replay must give again, and the fields that they cover",
        "runs": "every run, at least one, in the order of the plan; no key is there twice",
    },
    "RunConfig": {
        "suite": "the suite's name, which is its folder's",
        "suite_sha256": "SHA-256 of the manifest's text",
        "regime": "the named set of measuring conditions; baselines hold inside one",
        "warmup": "warm-up samples of a run, where its entry does not say otherwise",
        "runs": "measured samples of a run, where its entry does not say otherwise",
        "timeout_seconds": "deadline of one sample or execution, where its entry does not say otherwise",
        "selection": "the patterns of `--only`, or the items of a shard; empty: the whole suite",
        "options": "flags that were given; the shard; `max_protocols` of a partial replay",
        "values": "the suite's own config, typed by its `config_schema`: mode, depth, solver options",
        "build": "the build step before the first run; null without one",
        "revision": "the commit; null outside of a repository",
        "dirty": "whether tracked files differed from it",
        "against": "the other revision, of a paired measurement",
    },
    "Build": {
        "command": "the words of the command, placeholders not replaced",
        "outputs": "files that it makes, from the repository's root",
        "output_digest": "BLAKE3 over the outputs' paths and contents; null when none are declared",
        "printed_digest": "BLAKE3 of what it printed on standard output",
        "skipped": "whether it was left out (`--skip-build`, or nothing ran)",
    },
    "Against": {
        "ref": "its name, as it was given",
        "revision": "its commit",
        "looks": "numbers of pairs after which it was decided whether a benchmark needs more",
        "runs": "the keys of everything that it has",
    },
    "Environment": {
        "facts": "what machine this is",
        "fingerprint": "BLAKE3 over the facts that a baseline depends on",
        "gate": "`pass`: everything pinned is as pinned; `drift`: not so; `unpinned`: nothing is pinned",
        "drift": "the pinned properties that are not as pinned",
    },
    "Facts": {
        "os": "the system and its version",
        "kernel": "its kernel's version",
        "image": "the runner's image and version, where there is one",
        "arch": "the processor's architecture",
        "cpu_model": "the processor's name",
        "cpu_count": "processors that can be used",
        "memory_mb": "memory in MB",
        "python": "the version of the Python that runs callables",
        "tools": "name → version, of the tools that were asked for",
    },
    "Drift": {"name": "the property", "wanted": "as it is pinned", "found": "as it is"},
    "Summary": {
        "status": "`fail` when a run failed, else `blocked` when one could not be measured, else `pass`",
        "authoritative": "true only after a passed environment gate",
        "passed": "runs that passed",
        "failed": "runs that did the wrong thing",
        "blocked": "runs that could not be measured",
    },
    "Gate": {
        "status": "its verdict, or `not-evaluated`",
        "reason": "why, in a sentence",
        "mode": "the rule that decided",
        "baselines": "the ids of the baselines",
        "findings": "verdict → how many findings have it",
        "regressions": "the runs and metrics that got worse",
        "growth": "how each cost grows with the problem size",
    },
    "Growth": {
        "benchmark": "the benchmark's id",
        "variant": "the implementation",
        "metric": "the metric that grows",
        "verdict": "whether the exponent is certainly above its limit, certainly not, or neither",
        "scales": "how many sizes it rests on",
        "exponent": "the cost is about size ** exponent",
        "interval": "the exponent's 95 % interval; null with too few samples",
        "limit": "the exponent that the manifest allows",
        "p_value": "of the exponent being within its limit",
        "before": "the exponent of the baseline's values",
        "grew": "whether the interval lies clearly above it",
        "source": "where the benchmark is written down",
        "sentence": "the verdict in words",
    },
    "Replay": {
        "harness": "the command that replays the report",
        "plan_sha256": "SHA-256 over the config and the ordered protocols with their hashes",
        "result_sha256": "SHA-256 over the deterministic fields of all runs",
        "deterministic_fields": "fields of a run that an identical replay gives again",
        "nondeterministic_fields": "fields of a run that depend on the machine and the moment",
    },
    "Run": {
        "benchmark": "the benchmark's id; of a source `<id>/<the tool's own name>`",
        "scale": "the problem size; null without one",
        "variant": "the implementation; `protocol` for a functional result; of a source the tool",
        "family": "benchmarks that share thresholds",
        "signature": "what goes in and comes out",
        "protocol": "the source file that defines what is run, from the repository's root",
        "protocol_sha256": "its SHA-256; a file that has another one is not replayed",
        "source": "where the benchmark is written down",
        "features": "numbers that describe the work, for a cost model",
        "profile": "which profiler the manifest asks for",
        "overall": "`pass`, `fail` (it ran, and did the wrong thing) or `blocked` (it could not be measured)",
        "ok": "true exactly when `overall` is `pass`",
        "run_is_valid": "whether its samples may be used; a valid run has at least one metric",
        "expectations": "everything that was to hold, and whether it did",
        "layers": "layer → verdict of each step on the way",
        "output_digest": "BLAKE3 of the canonical output",
        "reason": "why it did not pass",
        "stderr_tail": "the end of what it wrote to standard error",
        "notes": "what a reader should know besides",
        "sampling": "how its samples were taken",
        "metrics": "what it cost, with raw samples",
        "reference": "what became of it in the other revision",
    },
    "Expectation": {"name": "what was to hold", "ok": "whether it did", "detail": "what was found instead"},
    "Source": {"path": "the file, from the repository's root", "line": "its line, from 1"},
    "Sampling": {
        "isolation": "`process`: each sample had its own; `shared`: one gave all; `imported`: a tool's; "
        "`functional`: one execution for its result, whose time is not compared",
        "warmup": "samples that were thrown away",
        "runs": "samples that were kept",
        "iterations": "calls inside one sample",
        "memory_floor_bytes": "the least peak memory that can be told apart from the harness's own",
    },
    "Metric": {
        "name": "its name, such as `wall_time`",
        "unit": "the unit of the samples, such as `ns`",
        "direction": "whether `lower` or `higher` is better",
        "aggregate": "how a gate condenses the samples: `median`, or `p95` for worst-case metrics",
        "samples": "the raw samples in the order in which they were taken, finite and not negative",
        "processes": "how many consecutive samples each process gave, when one gave several",
        "reference": "samples of the other revision, paired with these",
    },
    "Reference": {
        "overall": "what became of the run there; `absent` when that revision does not have it",
        "family": "the family that it has there",
        "reason": "why there is nothing to compare",
    },
}
"""Type → field → what it means."""


def wire_types() -> dict[str, type[BaseModel]]:
    """Every type that a report is made of, by name: the report first, then in the order of its fields."""
    found: dict[str, type[BaseModel]] = {"Report": report.Report}
    for name in _referenced(report.Report.model_json_schema()):
        found.setdefault(name, getattr(report, name))
    return found


def _referenced(schema: Mapping[str, Any]) -> Iterator[str]:
    """Names of definitions, each before what it refers to itself."""
    waiting = [schema["properties"]]
    while waiting:
        for name in _references(waiting.pop(0)):
            yield name
            waiting.append(schema["$defs"][name].get("properties", {}))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"].rsplit("/", 1)[1]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def field_tables() -> str:
    """A Markdown table per type: field, JSON type, whether it is required, meaning."""
    definitions = report.Report.model_json_schema()["$defs"]
    parts = []
    for name, model in wire_types().items():
        schema = model.model_json_schema() if name == "Report" else definitions[name]
        rows = [
            f"| `{field}` | {_type(node)} | {'yes' if field in schema.get('required', ()) else 'no'} | "
            f"{MEANINGS[name][field]} |"
            for field, node in schema["properties"].items()
        ]
        head = f"### {name}\n\n| field | type | required | meaning |\n|---|---|---|---|\n"
        parts.append(head + "\n".join(rows))
    return "\n\n".join(parts) + "\n"


def _type(node: Mapping[str, Any]) -> str:
    if "$ref" in node:
        name = node["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "const" in node:
        return f"`{node['const']}`"
    if "enum" in node:
        return ", ".join(f"`{value}`" for value in node["enum"])
    if "anyOf" in node:
        return " or ".join(_type(choice) for choice in node["anyOf"])
    if node.get("type") == "array":
        return f"list of {_type(node['items'])}" if "items" in node else "list"
    if node.get("type") == "object":
        values = node.get("additionalProperties")
        return f"object of {_type(values)}" if isinstance(values, dict) and values else "object"
    return str(node.get("type", "any JSON"))


def field_lists() -> str:
    """The field lists of a replay, as a Markdown table."""
    rows = [
        ("`runs[]`", section.DETERMINISTIC_FIELDS, section.NONDETERMINISTIC_FIELDS),
        ("`config`", section.PLAN_FIELDS, section.OUTSIDE_PLAN_FIELDS),
        ("`config.build`", section.BUILD_PLAN_FIELDS, section.BUILD_OUTSIDE_PLAN_FIELDS),
    ]
    lines = [f"| {where} | {_listed(inside)} | {_listed(outside)} |" for where, inside, outside in rows]
    return "| part | must be the same | may differ |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def filled(text: str) -> str:
    """`text` with what stands between its generated markers made anew.

    Raises:
        ValueError: a marker is missing.
    """
    for name, content in (("fields", field_tables()), ("lists", field_lists())):
        begin, end = f"<!-- generated: {name} -->\n", f"<!-- end of generated: {name} -->\n"
        if text.count(begin) != 1 or text.count(end) != 1:
            raise ValueError(f"the marker {begin.strip()} or its end is not there once")
        head, _, rest = text.partition(begin)
        _, _, tail = rest.partition(end)
        text = f"{head}{begin}\n{content}\n{end}{tail}"
    return text
