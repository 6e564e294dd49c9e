"""``deployment``: how an endpoint moves from one configuration to the next."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import CLEAN, SpecModel, pattern

RollbackShare = Annotated[
    str,
    pattern(
        r"^(100%|[1-9][0-9]?%|[1-9][0-9]{0,2})$",
        "a share such as 25%, or a number of instances",
        "25%",
        max_length=4,
    ),
    CLEAN,
]
Share = Annotated[
    str,
    pattern(
        r"^([1-9][0-9]?%|[1-9][0-9]{0,2})$",
        "a share such as 10%, or a number of instances",
        "10%",
        max_length=3,
    ),
    CLEAN,
]
AlarmName = Annotated[
    str,
    pattern(r"^[ -~]{1,255}$", "the name of a CloudWatch alarm", "my-checkout-errors", max_length=255),
    CLEAN,
]


class RollbackAlarms(SpecModel):
    """``rollbackAlarms``: what makes an update go back by itself."""

    error_rate: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        0.05, description="Share of requests that fail (5xx), above which an update goes back; null for none."
    )
    latency: Annotated[float, Field(gt=0, le=3600)] | None = Field(
        None, description="Seconds that the slowest tenth of requests takes, above which an update goes back."
    )
    names: Annotated[list[AlarmName], Field(max_length=8)] = Field(
        default_factory=list, description="Alarms of yours that make it go back too (at most 8)."
    )


class Deployment(SpecModel):
    """``deployment``: which share of the traffic moves when, how long it is watched, and when it goes back."""

    strategy: Literal["all-at-once", "canary", "linear", "rolling"] = Field(
        "canary",
        description="all-at-once, canary (a share, then the rest) and linear (share by share) move between two "
        "fleets; rolling replaces instances batch by batch and needs the fewest.",
    )
    size: Share | None = Field(
        None,
        description="The canary, the step or the batch, as a share of the instances or a number of them.",
    )
    rollback_size: RollbackShare | None = Field(
        None,
        description="With rolling: how many go back at a time, as a share or a number; all at once when absent, for "
        "which there must be room.",
    )
    wait: Annotated[int, Field(ge=0, le=3600)] = Field(
        300, description="Seconds that each step is watched (0 to 3,600)."
    )
    termination_wait: Annotated[int, Field(ge=0, le=3600)] | None = Field(
        None, description="Seconds that the old fleet is kept after all traffic has moved; 0 when absent."
    )
    timeout: Annotated[int, Field(ge=600, le=28800)] | None = Field(
        None,
        description="Seconds after which the update goes back (600 to 28,800); SageMaker's limit when absent.",
    )
    rollback_alarms: RollbackAlarms = Field(
        default_factory=RollbackAlarms, description="What makes an update go back by itself."
    )
