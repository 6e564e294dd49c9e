"""A template as one launch makes it: evaluated in a region, with the parameters given and the defaults else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cfgen.document import section
from cfgen.lint.worlds import Template, World


def world_of(data: Mapping[str, Any], region: str, values: Mapping[str, str]) -> World:
    """The template evaluated in ``region``. Lists in ``values`` are joined by commas, as CloudFormation takes them.

    A parameter without a value and without a default stays unknown: ``⟦param:VpcId⟧``.
    """
    template = Template(data, [region])
    chosen: dict[str, Any] = {}
    for name, body in section(data, "Parameters").items():
        kind = str(body.get("Type", ""))
        if name in values:
            given: Any = values[name]
            lists = kind == "CommaDelimitedList" or kind.startswith("List<")
            chosen[name] = [piece.strip() for piece in given.split(",")] if lists else given
        else:
            chosen[name] = body.get("Default", f"⟦param:{name}⟧")
    return World(template, region, chosen)


def chosen_values(data: Mapping[str, Any], values: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Every parameter with its value as text, empty where it must be given; NoEcho ones are masked."""
    from cfgen.lint.evaluate import text

    rows = []
    for name, body in section(data, "Parameters").items():
        value = values.get(name, body.get("Default", ""))
        listed = ",".join(map(text, value)) if isinstance(value, list) else text(value)
        rows.append((str(name), "****" if str(body.get("NoEcho", "")).lower() == "true" else listed))
    return tuple(rows)
