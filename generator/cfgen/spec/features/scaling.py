"""``scaling``: as many instances as there is work for, by target tracking."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from cfgen.spec.base import SpecModel

Metric = Literal["concurrency", "invocations", "backlog", "provisioned-concurrency"]
Seconds = Annotated[int, Field(ge=0, le=3600)]


class Scaling(SpecModel):
    """``scaling``: capacity between a minimum and a maximum, kept so that a metric stays at its target.

    Capacity is instances, or provisioned concurrency for a serverless endpoint.
    """

    min: Annotated[int, Field(ge=0, le=1000)] | None = Field(
        None, description="Least capacity; 0 for asynchronous endpoints and 1 for others when absent."
    )
    max: Annotated[int, Field(ge=1, le=1000)] = Field(description="Most capacity. It bounds the bill.")
    metric: Metric | None = Field(
        None,
        description="What is kept at the target, of each instance: requests under way (concurrency), requests a "
        "minute (invocations), waiting requests (backlog; asynchronous endpoints), or the share of provisioned "
        "concurrency in use. What fits the endpoint when absent.",
    )
    target: Annotated[float, Field(gt=0, le=100_000)] | None = Field(
        None, description="Value to keep the metric at; one that fits the metric when absent."
    )
    scale_in_cooldown: Seconds = Field(
        300, description="Seconds after one step down until the next (0 to 3,600)."
    )
    scale_out_cooldown: Seconds = Field(
        60, description="Seconds after one step up until the next (0 to 3,600)."
    )
    scale_in: bool = Field(True, description="Whether capacity is taken away again when work is less.")
