"""Scaling: what is scaled, between which bounds, by which metric."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ScaledPlan:
    """A variant that scales. ``prefix`` begins the logical ids of its target and policies.

    ``burstable``: instance types a launcher could choose that do not scale, of ``type_parameter``.
    """

    prefix: str
    variant: str
    type_parameter: str
    burstable: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ScalingPlan:
    """Target tracking of every variant that scales. Cooldowns in seconds.

    ``metric``: the spec's word for it. ``predefined``: its name at Application Auto Scaling; empty for the backlog,
    which is a metric of the endpoint. ``dimension``: what the capacity counts. ``unit``: the same in a word.
    ``least``: what a launcher may go down to. ``keeps``: an update of the endpoint keeps counts as they are; not where
    they may be zero, for then nothing would show whether what is new works.
    """

    minimum: int
    maximum: int
    least: int
    metric: str
    predefined: str
    dimension: str
    unit: str
    target: str
    scale_in_cooldown: int
    scale_out_cooldown: int
    scale_in: bool
    keeps: bool
    scaled: tuple[ScaledPlan, ...]

    @property
    def wakes(self) -> bool:
        """Whether a policy of its own brings the first instance: target tracking cannot leave zero."""
        return self.metric == "backlog"
