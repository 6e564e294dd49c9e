"""The graph as an SVG picture: boxes by service, arrows to what is used. Colours are the page's own (CSS variables)."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from html import escape

from cfgen.plan.graph import Graph, Node
from cfgen.plan.layout import Layout, Spot, lay_out


@dataclass(frozen=True, slots=True)
class Shape:
    """Sizes in pixels. ``across``: layers run from left to right, else from top to bottom."""

    across: bool
    width: int
    height: int
    gap: int
    between: int
    most: int
    thin: float = 0.3


ACROSS = Shape(across=True, width=150, height=60, gap=18, between=30, most=6)
DOWN = Shape(across=False, width=162, height=60, gap=18, between=36, most=6)
NARROW = Shape(across=False, width=156, height=60, gap=12, between=30, most=2, thin=0.12)
_ROOM = 1080
"""Pixels that a wide page has for a picture: a wider one is drawn from top to bottom."""
_MARGIN = 12
_GROUP_IDS = {
    "Serving": "serving", "Build": "build", "Network": "network", "Storage": "storage", "Rights": "rights",
    "Watching": "watching", "Functions": "functions", "Front door": "door", "Outside": "outside",
}  # fmt: skip


def wide(graph: Graph, title: str) -> str:
    """The picture for a wide page: from left to right where that fits, else from top to bottom."""
    layout = lay_out([node.id for node in graph.nodes], graph.edges, ACROSS.most)
    return _svg(graph, ACROSS if _size(layout, ACROSS)[0] <= _ROOM else DOWN, "wide", title)


def narrow(graph: Graph, title: str) -> str:
    """The picture for a telephone: from top to bottom, two boxes side by side."""
    return _svg(graph, NARROW, "narrow", title)


def _svg(graph: Graph, shape: Shape, name: str, title: str) -> str:
    """The graph as ``<svg>``; ``title`` is read out by screen readers. Text is escaped."""
    layout = lay_out([node.id for node in graph.nodes], graph.edges, shape.most, shape.thin)
    width, height = _size(layout, shape)
    # a larger one scrolls sideways rather than become too small to read
    least = f"min-width:{0.78 * width:.0f}px"
    parts = [
        f'<svg class="picture {name}" viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}" '
        f'style="{least}" role="img" aria-label="{escape(title)}">',
        f'<defs><marker id="arrow-{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto-start-reverse"><path d="M0 0.6 7.4 4 0 7.4z"/></marker></defs>',
    ]
    for start, end in graph.edges:
        way = (layout.spots[start], *layout.ways.get((start, end), ()), layout.spots[end])
        parts.append(f'<path class="edge" d="{_curve(way, shape)}" marker-end="url(#arrow-{name})"/>')
    parts += [_box(node, layout.spots[node.id], shape) for node in graph.nodes]
    parts.append("</svg>")
    return "\n".join(parts)


def groups(graph: Graph) -> tuple[tuple[str, str], ...]:
    """The groups there are, as (title, CSS name), for a legend."""
    there = {node.group for node in graph.nodes}
    return tuple((title, name) for title, name in _GROUP_IDS.items() if title in there)


def _size(layout: Layout, shape: Shape) -> tuple[float, float]:
    if shape.across:
        width = layout.layers * shape.width + (layout.layers - 1) * shape.between
        return width + 2 * _MARGIN, layout.breadth * (shape.height + shape.gap) - shape.gap + 2 * _MARGIN
    height = layout.layers * shape.height + (layout.layers - 1) * shape.between
    return layout.breadth * (shape.width + shape.gap) - shape.gap + 2 * _MARGIN, height + 2 * _MARGIN


def _centre(spot: Spot, shape: Shape) -> tuple[float, float]:
    if shape.across:
        return (
            _MARGIN + spot.layer * (shape.width + shape.between) + shape.width / 2,
            _MARGIN + spot.place * (shape.height + shape.gap) - shape.gap / 2,
        )
    return (
        _MARGIN + spot.place * (shape.width + shape.gap) - shape.gap / 2,
        _MARGIN + spot.layer * (shape.height + shape.between) + shape.height / 2,
    )


def _curve(way: tuple[Spot, ...], shape: Shape) -> str:
    """From the edge of the first box through the gaps to the edge of the last, in smooth bends."""
    half = (shape.width if shape.across else shape.height) / 2
    # each stop has an entry and an exit: a passing arrow runs straight along its layer
    stops = []
    for index, spot in enumerate(way):
        x, y = _centre(spot, shape)
        ends = (-half, half) if 0 < index < len(way) - 1 else (half,) if index == 0 else (-half - 1,)
        stops += [(x + d, y) if shape.across else (x, y + d) for d in ends]
    text = f"M{stops[0][0]:.1f} {stops[0][1]:.1f}"
    for (x0, y0), (x1, y1) in itertools.pairwise(stops):
        if shape.across:
            bend = (x1 - x0) / 2
            text += f"C{x0 + bend:.1f} {y0:.1f} {x1 - bend:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        else:
            bend = (y1 - y0) / 2
            text += f"C{x0:.1f} {y0 + bend:.1f} {x1:.1f} {y1 - bend:.1f} {x1:.1f} {y1:.1f}"
    return text


def _box(node: Node, spot: Spot, shape: Shape) -> str:
    x, y = _centre(spot, shape)
    left, top = x - shape.width / 2, y - shape.height / 2
    told = f"{node.name}: {node.kind} {node.what}" + (f", with {', '.join(node.parts)}" if node.parts else "")
    more = f"+ {len(node.parts)} more" if len(node.parts) > 1 else f"+ {node.parts[0]}" if node.parts else ""
    lines = [
        f'<g class="node g-{_GROUP_IDS[node.group]}{" outside" if node.outside else ""}">',
        f"<title>{escape(told)}</title>",
        f'<rect x="{left:.1f}" y="{top:.1f}" width="{shape.width}" height="{shape.height}" rx="7"/>',
        f'<path class="stripe" d="M{left + 3:.1f} {top + 9:.1f}v{shape.height - 18}"/>',
        _line("kind", left + 12, top + 17, _cut(_kind(node), shape, 7.0)),
    ]
    names = _wrapped(node.name, shape)
    lines += [
        _line("name", left + 12, top + 34 + 15 * at, _cut(one, shape, 8.8)) for at, one in enumerate(names)
    ]
    if more and len(names) == 1:
        lines.append(_line("more", left + 12, top + 49, _cut(more, shape, 6.6)))
    return "".join([*lines, "</g>"])


def _kind(node: Node) -> str:
    """Service and resource; the service alone where the name says the resource, the resource alone for want of room."""
    if node.what.replace(" ", "").lower() == node.name.lower() or node.kind == "Custom resource":
        return node.kind
    both = f"{node.kind} · {node.what}"
    return both if len(both) <= 19 else node.what


def _wrapped(name: str, shape: Shape) -> list[str]:
    """A long name on two lines, broken before a capital or a space."""
    most = int((shape.width - 20) / 8.8)
    if len(name) <= most:
        return [name]
    breaks = [match.start() for match in re.finditer(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[ -])", name)]
    fit = [at for at in breaks if at <= most] or [most]
    return [name[: fit[-1]].rstrip(), name[fit[-1] :]]


def _line(name: str, x: float, y: float, text: str) -> str:
    return f'<text class="{name}" x="{x:.1f}" y="{y:.1f}">{escape(text)}</text>'


def _cut(text: str, shape: Shape, wide: float) -> str:
    most = int((shape.width - 20) / wide)
    return text if len(text) <= most else f"{text[: most - 1]}…"
