"""E9608: a scaling policy without the configuration of its type."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import POLICY
from cfgen.lint.worlds import Resource

_CONFIGURATION = {
    "TargetTrackingScaling": "TargetTrackingScalingPolicyConfiguration",
    "StepScaling": "StepScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}


class ScalingPolicyType(Rule):
    """Each PolicyType has one configuration."""

    id = "E9608"
    shortdesc = "A scaling policy has the configuration of its type"
    description = (
        "PutScalingPolicy refuses a policy whose configuration is missing or of another PolicyType; in "
        "the resource schema all three are optional."
    )
    fix = "give the configuration named after the PolicyType, and no other"
    source_url = "https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html"
    source_title = "PutScalingPolicy"
    tags = ("resources", "scaling")
    types = (POLICY,)

    def check(self, resource: Resource) -> Hits:
        """Of any service's policies: the mistake is the same."""
        properties = resource.properties
        kind = properties.get("PolicyType")
        wanted = _CONFIGURATION.get(kind) if isinstance(kind, str) else None
        if wanted is None:
            return
        if wanted not in properties:
            yield properties.where("PolicyType"), f"{kind} without {wanted}"
        for other in _CONFIGURATION.values():
            if other != wanted and other in properties:
                yield properties.where(other), f"{other} in a policy of type {kind}"
