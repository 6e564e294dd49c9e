"""E9506: an inference component whose updates the API would refuse."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT
from cfgen.lint.worlds import Resource

_REQUIRED = ("MaximumBatchSize", "WaitIntervalInSeconds")


class ComponentBatches(Rule):
    """A rolling update says how many copies at a time, at most half of them."""

    id = "E9506"
    shortdesc = "A component's deployment configuration says its batches"
    description = (
        "UpdateInferenceComponent requires RollingUpdatePolicy in a DeploymentConfig, and MaximumBatchSize and "
        "WaitIntervalInSeconds in it; the resource schema requires none of them. A batch is 5 to 50 % of the copies. "
        "Nothing of it is looked at when the component is created, so that the first update fails."
    )
    fix = "give both, with at most half of the copies in a batch; or leave DeploymentConfig out"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceComponentRollingUpdatePolicy.html"
    source_title = "InferenceComponentRollingUpdatePolicy"
    tags = ("resources", "sagemaker", "inference-component", "deployment")
    types = (COMPONENT,)

    def check(self, resource: Resource) -> Hits:
        """Percentages are those of E9405; a number of copies needs theirs, where the template has it."""
        if "DeploymentConfig" not in resource.properties:
            return
        deployment = mapping(resource.properties, "DeploymentConfig")
        if "RollingUpdatePolicy" not in deployment:
            yield (
                resource.properties.where("DeploymentConfig"),
                "no RollingUpdatePolicy, which the API requires",
            )
            return
        policy = mapping(deployment, "RollingUpdatePolicy")
        for name in _REQUIRED:
            if name not in policy:
                yield deployment.where("RollingUpdatePolicy"), f"no {name}, which the API requires"
        size = mapping(policy, "MaximumBatchSize")
        value = number(size.get("Value"))
        copies = number(mapping(resource.properties, "RuntimeConfig").get("CopyCount"))
        if size.get("Type") == "COPY_COUNT" and value and copies and not 5 <= value * 100 / copies <= 50:
            yield size.where("Value"), f"{value:g} of {copies:g} copies are not 5 to 50 % of them"
