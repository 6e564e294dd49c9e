"""E9706: an execution role SageMaker may not assume."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._iam import statements, texts
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, MODEL, ROLE
from cfgen.lint.worlds import Resource


class RoleTrust(Rule):
    """The trust policy names sagemaker.amazonaws.com."""

    id = "E9706"
    shortdesc = "An execution role trusts SageMaker"
    description = (
        "CreateModel and CreateEndpointConfig refuse an execution role whose trust policy does not let "
        "sagemaker.amazonaws.com assume it."
    )
    fix = "allow sts:AssumeRole to Service: sagemaker.amazonaws.com"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
    source_title = "How to use SageMaker AI execution roles"
    tags = ("resources", "sagemaker", "iam")
    types = (MODEL, CONFIG)

    def check(self, resource: Resource) -> Hits:
        """Only roles of the same template."""
        world = resource.world
        role = world.target(resource.properties.get("ExecutionRoleArn"), ROLE)
        if role is None:
            return
        for statement in statements(role.properties.get("AssumeRolePolicyDocument")):
            services = texts(mapping(statement, "Principal"), "Service")
            if any(service.startswith("sagemaker.") or "⟦" in service for service in services):
                return
        path = role.properties.where("AssumeRolePolicyDocument")
        yield path, f"SageMaker cannot assume this role, which '{resource.name}' needs"
