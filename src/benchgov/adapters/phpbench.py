"""phpbench: the XML of `--dump-file`. An iteration runs its subject `revs` times, in so many microseconds."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from benchgov.adapters.interface import Log, Measured, Reading
from benchgov.adapters.quantities import decimal
from benchgov.adapters.values import each, fault, number, words
from benchgov.adapters.xml import Element, parse_xml, root_tag
from benchgov.report import Metric
from benchgov.text import one_line

_MICROSECOND = 1e3
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class _Variant(NamedTuple):
    """One variant of a subject: with one set of parameters, and one number of revolutions."""

    name: str
    group: str
    parameters: Mapping[str, Any]
    element: Element


class Phpbench:
    """phpbench's XML. A benchmark's name is `Class::subject`, with the parameters."""

    name = "phpbench"
    reads = "XML of --dump-file"
    example = "vendor/bin/phpbench run benchmarks --dump-file=phpbench.xml"

    def detects(self, log: Log) -> bool:
        """XML whose outermost element is `phpbench`."""
        return root_tag(log) == "phpbench"

    def read(self, log: Log, allow_partial: bool) -> Reading:
        """Every variant with its iterations. XML that is cut off is never read in part."""
        top = parse_xml(log)
        if top.tag != "phpbench":
            raise fault(log, top.line, "<phpbench>", f"<{top.tag}>")
        incomplete: list[str] = []
        variants = [variant for suite in top.all("suite") for variant in _variants(log, suite)]
        several = Counter(variant.name for variant in variants)

        def read_one(_: int, variant: _Variant) -> Measured:
            return _benchmark(log, variant, several=several[variant.name] > 1)

        read = each(variants, read_one, incomplete, allow_partial)
        env = top.first("suite", "env") or Element("env", {}, top.line)
        return Reading(
            log,
            self.name,
            words(version=top.attributes.get("version")).get("version", ""),
            read,
            _facts(env),
            _revision(env),
            tuple(incomplete),
        )


def _variants(log: Log, suite: Element) -> Iterator[_Variant]:
    for benchmark in suite.all("benchmark"):
        owner = benchmark.get(log, "class").lstrip("\\")
        for subject in benchmark.all("subject"):
            name = f"{owner}::{subject.get(log, 'name')}"
            group = subject.first("group")
            for variant in subject.all("variant"):
                parameters = _parameters(variant)
                yield _Variant(
                    name + _shown(variant, parameters),
                    group.get(log, "name") if group else owner,
                    parameters,
                    variant,
                )


def _parameters(variant: Element) -> dict[str, Any]:
    """The parameters that are scalars, integers as such."""
    found: dict[str, Any] = {}
    for parameter in variant.all("parameter-set", "parameter"):
        name, value = parameter.attributes.get("name"), parameter.attributes.get("value")
        if name is not None and value is not None:
            is_integer = value.isascii() and value.isdecimal() and len(value) < 16
            found[name] = int(value) if is_integer else value
    return found


def _shown(variant: Element, parameters: Mapping[str, Any]) -> str:
    """` (length=10)`; the name of the set where a parameter is no scalar, which has no short form."""
    given = list(variant.all("parameter-set", "parameter"))
    if not given:
        return ""
    if len(parameters) == len(given):
        return f" ({', '.join(f'{name}={value}' for name, value in parameters.items())})"
    names = [one.attributes.get("name", "") for one in variant.all("parameter-set")]
    return f" (set {', '.join(names)})"


def _benchmark(log: Log, variant: _Variant, *, several: bool) -> Measured:
    element = variant.element
    if (error := element.first("errors", "error")) is not None:
        raise fault(log, error.line, f"a result of {variant.name}", f"the error {one_line(error.text, 80)}")
    iterations = list(element.all("iteration"))
    if not iterations:
        raise fault(log, element.line, "an iteration in <variant>")
    revs = [_revs(log, element, iteration) for iteration in iterations]
    failures = (one_line(one.text, 120) for one in element.all("failures", "failure"))
    return Measured(
        f"{variant.name} revs={revs[0]}" if several else variant.name,
        tuple(_metrics(log, iterations, revs)),
        f"line {element.line}",
        group=variant.group,
        parameters=variant.parameters,
        iterations=min(revs),
        warmup=_whole(log, element, element.attributes.get("warmup") or "0"),
        notes=tuple(f"an assertion failed: {text}" for text in failures),
    )


def _revs(log: Log, variant: Element, iteration: Element) -> int:
    """How often the iteration ran the subject; before version 1.0 only the variant says it."""
    text = iteration.attributes.get("time-revs", variant.attributes.get("revs"))
    revs = _whole(log, iteration, text)
    if not revs:
        raise fault(log, iteration.line, "one revolution or more", text)
    return revs


def _whole(log: Log, element: Element, text: str | None) -> int:
    if text is not None and text.isascii() and text.isdecimal() and len(text) < 16:
        return int(text)
    raise fault(log, element.line, f"an integer of revolutions in <{element.tag}>", text)


def _metrics(log: Log, iterations: Sequence[Element], revs: Sequence[int]) -> Iterator[Metric]:
    net = zip(iterations, _attribute(log, iterations, "time-net"), revs, strict=True)
    times = tuple(number(log, value / count * _MICROSECOND, one.line) for one, value, count in net)
    alone = (1,) * len(times)  # phpbench starts a process for every iteration
    yield Metric(name="wall_time", unit="ns", direction="lower", samples=times, processes=alone)
    if any("mem-peak" in iteration.attributes for iteration in iterations):
        peak = _attribute(log, iterations, "mem-peak")
        yield Metric(name="peak_memory", unit="bytes", direction="lower", samples=peak, processes=alone)


def _attribute(log: Log, iterations: Sequence[Element], name: str) -> tuple[float, ...]:
    return tuple(decimal(log, iteration.get(log, name), iteration.line) for iteration in iterations)


def _env(env: Element, name: str) -> dict[str, str]:
    """The values of one provider: elements, or attributes before version 1.0."""
    provider = env.first(name)
    if provider is None:
        return {}
    values = {one.attributes.get("name", ""): one.text for one in provider.all("value")}
    return {**provider.attributes, **values}


def _facts(env: Element) -> dict[str, str]:
    """Of `uname` everything but the host's name."""
    uname, php = _env(env, "uname"), _env(env, "php")
    return words(
        system=uname.get("os", "").partition(" ")[0],  # PHP calls Windows `Windows NT`
        kernel=uname.get("release"),
        arch=uname.get("machine"),
        php=php.get("version"),
        xdebug=php.get("xdebug"),
    )


def _revision(env: Element) -> tuple[str, bool | None] | None:
    commit = _env(env, "vcs").get("version", "")
    return (commit, None) if _COMMIT.fullmatch(commit) else None
