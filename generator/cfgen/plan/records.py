"""A plan as plain data, for ``--format json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from cfgen.plan.model import Plan


def data(plan: Plan) -> dict[str, Any]:
    """The plan with its sums. Money is USD; ``basis`` says whether prices are live or approximate."""
    found = asdict(plan)
    found["parameters"] = dict(plan.parameters)
    for row, cost in zip(found["costs"], plan.costs, strict=True):
        row |= {"hourly": round(cost.hourly, 6), "monthly": round(cost.monthly, 2), "complete": cost.complete}
        row |= {"least": round(cost.least, 2), "most": round(cost.most, 2)}
        for line, source in zip(row["lines"], cost.lines, strict=True):
            line["monthly"] = source.monthly
    found["ok"] = not plan.failed
    return found
