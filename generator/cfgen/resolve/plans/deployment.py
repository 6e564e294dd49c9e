"""Deployment guardrails: how traffic moves, and what takes it back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """A CapacitySize: ``kind`` is CAPACITY_PERCENT or INSTANCE_COUNT."""

    kind: str
    value: int


@dataclass(frozen=True, slots=True)
class RollbackAlarmPlan:
    """An alarm that the template makes, on one metric of one variant. ``threshold`` in the metric's unit."""

    id: str
    variant: str
    what: str
    metric: str
    statistic: str
    percentile: str
    threshold: str


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """Endpoint.DeploymentConfig. ``routing`` is ALL_AT_ONCE, CANARY or LINEAR, or empty for rolling. Seconds.

    ``alarms``: made by the template; ``names``: the launcher's own.
    """

    routing: str
    size: CapacityPlan | None
    wait: int
    termination_wait: int | None
    timeout: int | None
    alarms: tuple[RollbackAlarmPlan, ...]
    names: tuple[str, ...]

    @property
    def size_name(self) -> str:
        """The property that holds the size."""
        return {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(self.routing, "MaximumBatchSize")
