"""E9609: a scaling policy that may come before its target."""

from __future__ import annotations

from cfgen.lint.evaluate import strings, tokens
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import POLICY, TARGET
from cfgen.lint.worlds import Resource


class ScalingPolicyOrder(Rule):
    """By ResourceId alone nothing makes the policy wait."""

    id = "E9609"
    shortdesc = "A scaling policy waits for its scalable target"
    description = (
        "A policy that names its target by ResourceId does not depend on the scalable target resource: "
        "PutScalingPolicy may be called first, and fails with 'No scalable target registered'."
    )
    fix = "use ScalingTargetId: !Ref TARGET, or add the target to DependsOn"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-applicationautoscaling-scalingpolicy.html"
    source_title = "AWS::ApplicationAutoScaling::ScalingPolicy"
    tags = ("resources", "scaling", "order")
    types = (POLICY,)

    def check(self, resource: Resource) -> Hits:
        """Only when the target is in the same template."""
        world = resource.world
        wanted = resource.properties.get("ResourceId")
        if wanted is None:
            return
        named = {name.split(".")[0] for value, _ in strings(resource.properties) for name in tokens(value)}
        for target in world.of_type(TARGET):
            same = target.properties.get("ResourceId") == wanted
            if same and target.name not in named | resource.depends_on:
                yield resource.path, f"nothing makes the policy wait for '{target.name}'"
