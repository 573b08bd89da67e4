"""Writing SVG elements: every attribute and text is cleaned and escaped in this one place."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape

from benchgov.text import one_line

Attribute = str | float


def element(name: str, attributes: dict[str, Attribute], *children: Markup | str) -> Markup:
    """`<name …>children</name>`; text children are escaped, `Markup` ones are taken as they are."""
    written = "".join(f' {key}="{_value(value)}"' for key, value in attributes.items())
    inner = "".join(child if isinstance(child, Markup) else escape(one_line(child)) for child in children)
    text = f"<{name}{written}>{inner}</{name}>" if inner else f"<{name}{written}/>"
    return Markup(text)  # noqa: S704 - every part was escaped above


def _value(value: Attribute) -> str:
    return str(escape(one_line(value))) if isinstance(value, str) else number(value)


def number(value: float) -> str:
    """A coordinate: at most two decimals, none where they are zero."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def share(value: float) -> str:
    """A coordinate as a percentage of the drawing's width."""
    return f"{number(value)}%"


def figure(label: str, attributes: dict[str, Attribute], children: Iterable[Markup]) -> Markup:
    """An `<svg>` that assistive technology reads as one image named `label`."""
    return element("svg", {"role": "img", **attributes}, element("title", {}, label), *children)


def line(x1: Attribute, y1: Attribute, x2: Attribute, y2: Attribute, css: str) -> Markup:
    """A straight line."""
    return element("line", {"class": css, "x1": x1, "y1": y1, "x2": x2, "y2": y2})


def dots(points: Iterable[tuple[float, float]], css: str) -> Markup:
    """Many equal dots as one path: a line of no length with round caps is a dot, in ten bytes."""
    path = "".join(f"M{number(x)} {number(y)}h0" for x, y in points)
    return element("path", {"class": css, "d": path})
