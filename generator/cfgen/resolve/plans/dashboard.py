"""A dashboard: its body, with references in it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DashboardPlan:
    """``body``: JSON for Fn::Sub, over several lines. ``names``: variables in it → logical ids of components, whose
    names they stand for."""

    body: str
    names: tuple[tuple[str, str], ...]
