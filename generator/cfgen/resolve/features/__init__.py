"""Features: what an endpoint may have besides a model and instances, one module each.

A feature is a key of the spec, a field of Stack and a part, all of one name, and a row here. Its ``plan`` takes the
decisions: it reads what the spec asks for, notes what AWS would refuse, and gives the frozen plan that the part
prints, or None when nothing is to be added. It is called when the spec has the key.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cfgen.resolve.features import (
    alarms,
    api,
    asynchronous,
    budget,
    components,
    dashboard,
    data_capture,
    deployment,
    scaling,
    schedule,
    security,
)
from cfgen.resolve.features.scene import Scene

__all__ = ["FEATURES", "Scene", "plan_features"]

FEATURES: tuple[tuple[str, str, Callable[[Scene], object | None]], ...] = (
    ("asynchronous", "async", asynchronous.plan),
    ("components", "components", components.plan),
    ("scaling", "scaling", scaling.plan),
    ("schedule", "schedule", schedule.plan),
    ("deployment", "deployment", deployment.plan),
    ("data_capture", "data-capture", data_capture.plan),
    ("alarms", "alarms", alarms.plan),
    ("dashboard", "dashboard", dashboard.plan),
    ("budget", "budget", budget.plan),
    ("api", "api", api.plan),
    ("security", "security", security.plan),
)
"""Field (of the spec's root and of Stack), part, and what plans it; in the order of the parts in a template."""


def plan_features(scene: Scene) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Fields of Stack with their plans, and the parts they bring."""
    plans = scene.plans
    parts = []
    for field, part, plan in FEATURES:
        if getattr(scene.data, field) is not None and (made := plan(scene)) is not None:
            plans[field] = made
            parts.append(part)
    return plans, tuple(parts)
