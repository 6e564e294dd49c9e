"""W9214: a model that may be created before its role may do anything."""

from __future__ import annotations

from cfgen.lint.evaluate import strings, tokens
from cfgen.lint.rules._order import waits_for
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, ROLE
from cfgen.lint.worlds import Resource

_ATTACHED = ("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::ManagedPolicy")


class ModelRoleRace(Rule):
    """The role exists before the policy that is attached to it."""

    id = "W9214"
    shortdesc = "A model waits for the policies of its role"
    description = (
        "GetAtt Role.Arn makes the model wait for the role, not for a policy resource attached to that "
        "role. CreateModel checks the image and the artifact with the role's rights, so the stack fails "
        "now and then."
    )
    fix = "add the policy resource to the model's DependsOn"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"
    )
    source_title = "DependsOn attribute"
    tags = ("resources", "sagemaker", "model", "iam", "order")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Policies that name the role, less those the model waits for by itself or by way of others."""
        world = resource.world
        role = world.target(resource.properties.get("ExecutionRoleArn"), ROLE)
        if role is None:
            return
        waited = waits_for(world, resource)
        for policy in world.of_type(*_ATTACHED):
            named = {name.split(".")[0] for key in ("Roles", "RoleName") for name in _names(policy, key)}
            if role.name in named and policy.name not in waited:
                yield resource.path, f"nothing makes the model wait for '{policy.name}', its role's policy"


def _names(policy: Resource, key: str) -> list[str]:
    return [name for value, _ in strings(policy.properties.get(key)) for name in tokens(value)]
