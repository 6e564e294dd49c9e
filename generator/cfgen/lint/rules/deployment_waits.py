"""E9406: a deployment that times out before its own waits are over."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT, ENDPOINT
from cfgen.lint.worlds import Resource


class DeploymentWaits(Rule):
    """The maximum covers the waits."""

    id = "E9406"
    shortdesc = "A deployment's timeout is longer than its waits"
    description = (
        "MaximumExecutionTimeoutInSeconds must be larger than the sum of TerminationWaitInSeconds and "
        "WaitIntervalInSeconds, or every update times out and rolls back."
    )
    fix = "raise MaximumExecutionTimeoutInSeconds, or wait less"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html"
    source_title = "BlueGreenUpdatePolicy"
    tags = ("resources", "sagemaker", "endpoint", "deployment")
    types = (ENDPOINT, COMPONENT)

    def check(self, resource: Resource) -> Hits:
        """A lower bound: LINEAR waits between every two steps."""
        for name in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy"):
            policy = mapping(resource.properties, "DeploymentConfig", name)
            routing = mapping(policy, "TrafficRoutingConfiguration")
            waits = [
                number(holder.get(key)) or 0
                for holder, key in (
                    (policy, "TerminationWaitInSeconds"),
                    (policy, "WaitIntervalInSeconds"),
                    (routing, "WaitIntervalInSeconds"),
                )
            ]
            most = number(policy.get("MaximumExecutionTimeoutInSeconds"))
            if most is not None and most <= sum(waits):
                path = policy.where("MaximumExecutionTimeoutInSeconds")
                yield path, f"{most:g} seconds are not longer than the waits ({sum(waits):g})"
