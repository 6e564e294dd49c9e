"""Boxes and arrows laid out in layers, for a picture of a given width (the method of Sugiyama).

Arrows point away from the first layer. Layers are filled by the longest way from the start, at most ``most`` boxes a
layer; long arrows go through places of their own between the boxes; boxes are ordered by what they are tied to.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Edge = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a box stands: its layer and its place in it, both from 0, and how many places the layer has."""

    layer: int
    place: float


@dataclass(frozen=True, slots=True)
class Layout:
    """Every box's spot, and for every arrow the spots it passes between its ends. ``breadth``: places of the widest."""

    spots: Mapping[str, Spot]
    ways: Mapping[Edge, tuple[Spot, ...]]
    layers: int
    breadth: float


def lay_out(nodes: Sequence[str], edges: Sequence[Edge], most: int, thin: float = 0.3) -> Layout:
    """Place the boxes of an acyclic graph; a passing arrow takes ``thin`` places. The same input, the same layout."""
    layer = _layers(nodes, edges, most)
    rows: list[list[str]] = [[] for _ in range(max(layer.values(), default=-1) + 1)]
    for node in nodes:
        rows[layer[node]].append(node)
    links, passed = _links(rows, layer, edges)
    _order(rows, links)
    places = _places(rows, links, thin)
    breadth = max((_room(row, thin) for row in rows), default=0.0)
    spots = {node: Spot(layer[node], places[node]) for node in nodes}
    ways = {
        edge: tuple(Spot(index, places[name]) for index, name in sorted(names))
        for edge, names in passed.items()
    }
    return Layout(spots, ways, len(rows), breadth)


def _layers(nodes: Sequence[str], edges: Sequence[Edge], most: int) -> dict[str, int]:
    before: dict[str, list[str]] = {node: [] for node in nodes}
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for start, end in edges:
        before[end].append(start)
        after[start].append(end)
    depth: dict[str, int] = {}

    def height(node: str) -> int:
        if node not in depth:
            depth[node] = 1 + max((height(end) for end in after[node]), default=0)
        return depth[node]

    order = sorted(nodes, key=lambda node: -height(node))
    layer: dict[str, int] = {}
    filled: dict[int, int] = {}
    done: set[str] = set()
    while len(done) < len(order):
        # what stands before it first; of those the one with the longest way to go
        node = next(one for one in order if one not in done and all(start in done for start in before[one]))
        at = max((layer[start] + 1 for start in before[node]), default=0)
        while filled.get(at, 0) >= most:
            at += 1
        layer[node] = at
        filled[at] = filled.get(at, 0) + 1
        done.add(node)
    # sources move towards what they point at, so that arrows are short
    for node in reversed(order):
        if not before[node] and after[node]:
            at = min(layer[end] for end in after[node]) - 1
            while at > layer[node] and filled.get(at, 0) >= most:
                at -= 1
            if at > layer[node]:
                filled[layer[node]] -= 1
                filled[at] = filled.get(at, 0) + 1
                layer[node] = at
    return layer


def _links(
    rows: list[list[str]], layer: Mapping[str, int], edges: Sequence[Edge]
) -> tuple[list[Edge], dict[Edge, list[tuple[int, str]]]]:
    """Arrows cut at every layer they cross; the cuts are entered in ``rows`` as places of their own."""
    links: list[Edge] = []
    passed: dict[Edge, list[tuple[int, str]]] = {}
    for start, end in edges:
        previous = start
        for index in range(layer[start] + 1, layer[end]):
            cut = f"\0{start}\0{end}\0{index}"
            rows[index].append(cut)
            passed.setdefault((start, end), []).append((index, cut))
            links.append((previous, cut))
            previous = cut
        links.append((previous, end))
    return links, passed


def _order(rows: list[list[str]], links: Sequence[Edge]) -> None:
    """Order each layer by the middle of what its boxes are tied to, forth and back; keep what crosses least."""
    up: dict[str, list[str]] = {}
    down: dict[str, list[str]] = {}
    for start, end in links:
        down.setdefault(start, []).append(end)
        up.setdefault(end, []).append(start)
    best, fewest = [list(row) for row in rows], _crossings(rows, down)
    for turn in range(12):
        ties, indices = (up, range(1, len(rows))) if turn % 2 == 0 else (down, range(len(rows) - 2, -1, -1))
        for index in indices:
            other = rows[index - 1 if turn % 2 == 0 else index + 1]
            at = {node: place for place, node in enumerate(other)}
            now = {node: place for place, node in enumerate(rows[index])}

            def middle(
                node: str,
                ties: dict[str, list[str]] = ties,
                at: dict[str, int] = at,
                now: dict[str, int] = now,
            ) -> float:
                tied = [at[one] for one in ties.get(node, ()) if one in at]
                return sum(tied) / len(tied) if tied else now[node]

            rows[index].sort(key=middle)
        crossings = _crossings(rows, down)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    for index, row in enumerate(best):
        rows[index][:] = row


def _crossings(rows: Sequence[Sequence[str]], down: Mapping[str, list[str]]) -> int:
    total = 0
    for row, below in itertools.pairwise(rows):
        at = {node: place for place, node in enumerate(below)}
        ends = [(place, at[end]) for place, node in enumerate(row) for end in down.get(node, ()) if end in at]
        total += sum(a < c and b > d for a, b in ends for c, d in ends)
    return total


def _width(node: str, thin: float) -> float:
    return thin if node.startswith("\0") else 1.0


def _room(row: Sequence[str], thin: float) -> float:
    return sum(_width(node, thin) for node in row)


def _places(rows: list[list[str]], links: Sequence[Edge], thin: float) -> dict[str, float]:
    """The middle of each box in places: centred at first, then drawn towards what it is tied to, never overlapping."""
    breadth = max((_room(row, thin) for row in rows), default=0.0)
    ties: dict[str, list[str]] = {}
    for start, end in links:
        ties.setdefault(start, []).append(end)
        ties.setdefault(end, []).append(start)
    places: dict[str, float] = {}
    for row in rows:
        at = (breadth - _room(row, thin)) / 2
        for node in row:
            places[node] = at + _width(node, thin) / 2
            at += _width(node, thin)
    for _ in range(8):
        for row in rows:
            _settle(row, places, ties, breadth, thin)
    return places


def _settle(
    row: Sequence[str], places: dict[str, float], ties: Mapping[str, list[str]], breadth: float, thin: float
) -> None:
    wish = [
        sum(places[one] for one in ties[node]) / len(ties[node]) if ties.get(node) else places[node]
        for node in row
    ]
    low, high = list(wish), list(wish)
    edge = 0.0
    for index, node in enumerate(row):
        low[index] = max(wish[index], edge + _width(node, thin) / 2)
        edge = low[index] + _width(node, thin) / 2
    edge = breadth
    for index in range(len(row) - 1, -1, -1):
        high[index] = min(wish[index], edge - _width(row[index], thin) / 2)
        edge = high[index] - _width(row[index], thin) / 2
    edge = 0.0
    for index, node in enumerate(row):
        at = max((low[index] + high[index]) / 2, edge + _width(node, thin) / 2)
        left = sum(_width(one, thin) for one in row[index + 1 :]) + _width(node, thin) / 2
        places[node] = min(at, breadth - left)
        edge = places[node] + _width(node, thin) / 2
