"""E9405: traffic shifting without its sizes, or with impossible ones."""

from __future__ import annotations

from cfgen.lint.evaluate import Map, mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT, ENDPOINT
from cfgen.lint.worlds import Resource

_NEEDS = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}


class TrafficRouting(Rule):
    """CANARY has a CanarySize, LINEAR a LinearStepSize, both a waiting time and a sensible percentage."""

    id = "E9405"
    shortdesc = "Traffic shifting is configured for its type"
    description = (
        "CANARY needs CanarySize (at most 50 % of the instances), LINEAR needs LinearStepSize (10 to 50 "
        "%), a rolling batch of instances or of a component's copies is 5 to 50 %, and the API requires "
        "WaitIntervalInSeconds; the resource schema requires only Type and knows no percentages."
    )
    fix = "give the size that belongs to the type, within its percentages, and WaitIntervalInSeconds"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html"
    source_title = "TrafficRoutingConfig"
    tags = ("resources", "sagemaker", "endpoint", "deployment")
    types = (ENDPOINT, COMPONENT)

    def check(self, resource: Resource) -> Hits:
        """Counts of instances depend on the variant and are left to SageMaker."""
        deployment = mapping(resource.properties, "DeploymentConfig")
        routing = mapping(deployment, "BlueGreenUpdatePolicy", "TrafficRoutingConfiguration")
        if routing:
            kind = routing.get("Type")
            for word, size in _NEEDS.items():
                if kind == word and size not in routing:
                    yield routing.path, f"{word} needs {size}"
                elif (
                    isinstance(kind, str)
                    and kind in {*_NEEDS, "ALL_AT_ONCE"}
                    and kind != word
                    and size in routing
                ):
                    yield routing.where(size), f"{size} is for {word}, not for {kind}"
            if "WaitIntervalInSeconds" not in routing:
                yield routing.path, "no WaitIntervalInSeconds, which the API requires"
            yield from _percent(mapping(routing, "CanarySize"), 1, 50)
            yield from _percent(mapping(routing, "LinearStepSize"), 10, 50)
        yield from _percent(mapping(deployment, "RollingUpdatePolicy", "MaximumBatchSize"), 5, 50)
        yield from _percent(mapping(deployment, "RollingUpdatePolicy", "RollbackMaximumBatchSize"), 5, 100)


def _percent(size: Map, least: int, most: int) -> Hits:
    value = number(size.get("Value"))
    if size.get("Type") == "CAPACITY_PERCENT" and value is not None and not least <= value <= most:
        yield size.where("Value"), f"{value:g} % is outside {least} to {most} %"
