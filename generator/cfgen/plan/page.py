"""A plan as one HTML page that needs nothing else: no script, no request, readable narrow and wide, light and dark."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cfgen.plan import picture
from cfgen.plan.atlas import atlas
from cfgen.plan.graph import Graph
from cfgen.plan.hours import WEEK
from cfgen.plan.limits import NOBODY
from cfgen.plan.model import HOURS, Check, Plan, StatementRow
from cfgen.plan.text import MARKS, bounds, each, money, saved_of, verdict

_HERE = Path(__file__).parent
_WORDS = {
    "ok": "fine",
    "failed": "stops a launch",
    "warning": "look at it",
    "unknown": "not known",
    "todo": "to do or to check",
}
_ORDER = ("failed", "warning", "todo", "unknown", "ok")
_AREAS = (
    ("Africa", ("af-",)),
    ("Asia Pacific", ("ap-", "cn-")),
    ("Europe", ("eu-", "eusc-")),
    ("Middle East", ("il-", "me-")),
    ("North America", ("us-", "ca-", "mx-")),
    ("South America", ("sa-",)),
)
_BREAKS = re.compile(r"(?<=[/:_-])(?=[^\s/:_-])|(?<=[a-z0-9])(?=[A-Z])")


def page(plan: Plan) -> str:
    """The page. All text of the plan is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup, escape

    def breakable(text: str) -> Markup:
        """Long names may break behind a sign."""
        return Markup("<wbr>").join(escape(part) for part in _BREAKS.split(str(text)))

    environment = Environment(
        loader=FileSystemLoader(_HERE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "money": money, "breakable": breakable, "each": each, "bounds": bounds, "saved_of": saved_of,
    }  # fmt: skip
    title = f"Architecture of {plan.name}: {_told(plan.graph)}"
    text = environment.get_template("page.html.j2").render(
        plan=plan,
        style=Markup((_HERE / "page.css").read_text(encoding="utf-8")),
        wide=Markup(picture.wide(plan.graph, title)),
        narrow=Markup(picture.narrow(plan.graph, title)),
        groups=picture.groups(plan.graph),
        verdict=verdict(plan).partition(": ")[2],
        checks=_by_status(plan),
        nobody=NOBODY,
        marks=MARKS,
        words=_WORDS,
        hours=HOURS,
        week=WEEK,
        roles=_by_role(plan),
        areas=_by_area(plan),
        atlas=Markup(atlas(plan.table, plan.regions)),
        values=dict(plan.parameters),
    )
    return text.rstrip() + "\n"


def _told(graph: Graph) -> str:
    names = {node.id: node.name for node in graph.nodes}
    return "; ".join(f"{names[start]} uses {names[end]}" for start, end in graph.edges)


def _by_status(plan: Plan) -> list[Check]:
    return sorted(plan.checks, key=lambda check: _ORDER.index(check.status))


def _by_role(plan: Plan) -> dict[str, list[StatementRow]]:
    found: dict[str, list[StatementRow]] = {}
    for row in plan.statements:
        found.setdefault(row.role, []).append(row)
    return found


def _by_area(plan: Plan) -> list[tuple[str, list[Any]]]:
    found = []
    for title, starts in _AREAS:
        rows = sorted((row for row in plan.table if row.name.startswith(starts)), key=lambda row: row.name)
        if rows:
            found.append((title, rows))
    rest = [
        row for row in plan.table if not row.name.startswith(tuple(s for _, starts in _AREAS for s in starts))
    ]
    return [*found, ("Elsewhere", rest)] if rest else found
