"""Deployment guardrails: how traffic moves, and what takes it back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapacityPlan:
    """A CapacitySize: ``kind`` is CAPACITY_PERCENT or INSTANCE_COUNT; COPY_COUNT of components."""

    kind: str
    value: int


@dataclass(frozen=True, slots=True)
class RollbackAlarmPlan:
    """An alarm that the template makes, on one metric of one variant. ``threshold`` in the metric's unit.

    ``component``: the name in the spec of the component that it is of instead.
    """

    id: str
    variant: str
    component: str
    what: str
    metric: str
    statistic: str
    percentile: str
    threshold: str


@dataclass(frozen=True, slots=True)
class DeploymentPlan:
    """DeploymentConfig of the endpoint, or of each component: those roll. Seconds.

    ``routing`` is ALL_AT_ONCE, CANARY or LINEAR, or empty for rolling.

    ``alarms``: made by the template; ``names``: the launcher's own.
    """

    routing: str
    size: CapacityPlan | None
    rollback_size: CapacityPlan | None
    wait: int
    termination_wait: int | None
    timeout: int | None
    alarms: tuple[RollbackAlarmPlan, ...]
    names: tuple[str, ...]

    @property
    def size_name(self) -> str:
        """The property that holds the size."""
        return {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}.get(self.routing, "MaximumBatchSize")

    def alarms_of(self, component: str) -> tuple[RollbackAlarmPlan, ...]:
        """Those of the component with this name; of the endpoint, without one."""
        return tuple(one for one in self.alarms if one.component == component)
