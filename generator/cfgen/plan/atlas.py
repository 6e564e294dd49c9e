"""Regions as an SVG picture: a tile for each, where it lies on Earth, roughly. Drawn from a grid of our own, no map.

Colours are the page's (CSS variables); what each tile says in full stands in the list beneath it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from html import escape

from cfgen.plan.model import RegionRow

# column and row of the grid: west to east, north to south
_PLACES = {
    "ca-west-1": (0, 1), "ca-central-1": (2, 1), "us-west-2": (0, 2), "us-east-2": (1, 2), "us-east-1": (2, 2),
    "us-west-1": (0, 3), "us-gov-west-1": (1, 3), "us-gov-east-1": (2, 3), "mx-central-1": (1, 4),
    "sa-east-1": (2, 5), "sa-west-1": (1, 6),
    "eu-north-1": (5, 0), "eu-west-1": (3, 1), "eu-west-2": (4, 1), "eusc-de-east-1": (5, 1), "eu-west-3": (4, 2),
    "eu-central-1": (5, 2), "eu-south-2": (3, 3), "eu-central-2": (4, 3), "eu-south-1": (5, 3),
    "il-central-1": (6, 3), "me-west-1": (6, 4), "me-south-1": (7, 4), "me-central-1": (7, 5), "af-south-1": (5, 6),
    "cn-northwest-1": (8, 2), "cn-north-1": (9, 2), "ap-northeast-2": (10, 2), "ap-northeast-1": (11, 2),
    "ap-east-1": (9, 3), "ap-east-2": (10, 3), "ap-northeast-3": (11, 3), "ap-south-1": (8, 4),
    "ap-southeast-7": (9, 4), "ap-south-2": (8, 5), "ap-southeast-5": (9, 5), "ap-southeast-1": (10, 5),
    "ap-southeast-3": (10, 6), "ap-southeast-2": (11, 6), "ap-southeast-4": (10, 7), "ap-southeast-6": (11, 7),
}  # fmt: skip
_COLUMNS = 12
_WIDTH, _HEIGHT, _GAP, _MARGIN = 84, 28, 7, 12
_LONG = 13
"""Letters from which a name is squeezed into its tile, whatever the reader's font is."""
_SHORE = 10
"""Pixels of land around a tile."""
_ATLANTIC = 3
"""The column from which everything lies east of an ocean."""
_OCEAN = 34


def atlas(table: Sequence[RegionRow], chosen: Collection[str]) -> str:
    """The picture of a plan's regions; ``chosen`` are those planned for. Text is escaped."""
    spots = dict(_spots(table))
    rows = max(row for _, row in spots.values()) + 1
    width = 2 * _MARGIN + _COLUMNS * (_WIDTH + _GAP) - _GAP + _OCEAN
    height = 2 * _MARGIN + rows * (_HEIGHT + _GAP) - _GAP
    can = sum(row.launches for row in table)
    said = f"{can} of {len(table)} regions launch it; the list beneath names them"
    parts = [
        f'<svg class="atlas" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'preserveAspectRatio="none" aria-label="{said}">'
    ]
    for row in table:
        x, y = _corner(*spots[row.name])
        parts.append(
            f'<rect class="land" x="{x - _SHORE}" y="{y - _SHORE}" width="{_WIDTH + 2 * _SHORE}" '
            f'height="{_HEIGHT + 2 * _SHORE}" rx="16"/>'
        )
    parts += [_tile(row, *_corner(*spots[row.name]), chosen=row.name in chosen) for row in table]
    return "\n".join([*parts, "</svg>"])


def _spots(table: Sequence[RegionRow]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Where each region stands; those that the grid does not know stand in rows of their own beneath it."""
    strangers = 0
    beneath = max(row for _, row in _PLACES.values()) + 1
    for region in table:
        if region.name in _PLACES:
            yield region.name, _PLACES[region.name]
        else:
            yield region.name, (strangers % _COLUMNS, beneath + strangers // _COLUMNS)
            strangers += 1


def _corner(column: int, row: int) -> tuple[int, int]:
    x = _MARGIN + column * (_WIDTH + _GAP) + (_OCEAN if column >= _ATLANTIC else 0)
    return x, _MARGIN + row * (_HEIGHT + _GAP)


def _tile(row: RegionRow, x: int, y: int, *, chosen: bool) -> str:
    kind = "yes" if row.launches and not row.opt_in else "opt" if row.launches else "no"
    why = row.why or ("to be enabled in the account first" if row.opt_in else "launches it")
    title = escape(f"{row.name}, {row.description}: {why}")
    return (
        f'<g class="tile-{kind}{" chosen" if chosen else ""}"><title>{title}</title>'
        f'<rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="7"/>'
        f'<text x="{x + _WIDTH / 2:g}" y="{y + _HEIGHT / 2 + 4:g}"{_squeezed(row.name)}>{escape(row.name)}</text></g>'
    )


def _squeezed(name: str) -> str:
    return f' textLength="{_WIDTH - 12}" lengthAdjust="spacingAndGlyphs"' if len(name) >= _LONG else ""
