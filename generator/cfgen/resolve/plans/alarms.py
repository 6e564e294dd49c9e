"""Alarms: on which metrics, above what, and who is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ThresholdPlan:
    """A launcher's parameter. ``most`` is None without an upper bound."""

    parameter: str
    description: str
    default: str
    least: int
    most: int | None


@dataclass(frozen=True, slots=True)
class AlarmPlan:
    """An alarm on one metric of the endpoint, of ``variant`` of it, or of the component with that logical id.

    ``parameter``: the launcher's threshold; or, where ``threshold`` is fixed, the launcher's number of periods.
    ``divisor``: what the metric, called ``quantity``, is divided by to be in the threshold's ``unit``; ``column``:
    where in the mapping of instance types that stands, when it follows the variant's ``type_parameter``. Seconds.
    """

    id: str
    title: str
    variant: str
    component: str
    namespace: str
    metric: str
    statistic: str
    parameter: str
    threshold: str
    operator: str
    period: int
    evaluated: int
    datapoints: int
    missing: str
    quantity: str = "used"
    unit: str = ""
    divisor: int = 1
    column: str = ""
    type_parameter: str = ""


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """What an alarm divides by on an instance type."""

    type: str
    cpus: int
    gpus: int


@dataclass(frozen=True, slots=True)
class AlarmsPlan:
    """The alarms and their topic. ``topic``: ARN of the launcher's default, empty when one is made.

    ``rows``: instance types by what they have, where an alarm asks.
    """

    alarms: tuple[AlarmPlan, ...]
    thresholds: tuple[ThresholdPlan, ...]
    topic: str
    email: str
    kms_key: str
    rows: tuple[InstanceRow, ...]
