"""A budget: a monthly limit, what counts towards it, who is told when."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """A cost budget. ``by_tag``: what has the stack's tag counts, else all of SageMaker in account and region.

    ``forecast`` and ``actual``: percent of ``limit`` above which somebody is told.
    """

    limit: str
    currency: str
    email: str
    by_tag: bool
    forecast: int
    actual: int
