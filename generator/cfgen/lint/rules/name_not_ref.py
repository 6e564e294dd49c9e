"""E9408: a Ref, which is an ARN, where a name is needed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from cfgen.lint.evaluate import Map, maps, tokens
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ALARM, COMPONENT, CONFIG, ENDPOINT, MODEL, POLICY, TARGET, variants
from cfgen.lint.worlds import Resource, World

_ATTRIBUTE = {MODEL: "ModelName", CONFIG: "EndpointConfigName", ENDPOINT: "EndpointName", COMPONENT: ""}
_RESOURCE_ID = re.compile(r"(?:endpoint|inference-component)/⟦([^⟧.]+)⟧")


class NameNotRef(Rule):
    """Ref of these resources is their ARN."""

    id = "E9408"
    shortdesc = "Names of SageMaker resources come by GetAtt, not by Ref"
    description = (
        "Ref of a Model, EndpointConfig, Endpoint or InferenceComponent gives its ARN. Where a name is "
        "needed (EndpointConfigName, ModelName, a metric's dimension, a scalable target's ResourceId) the "
        "call is refused, or the metric never has data."
    )
    fix = (
        "use GetAtt with ModelName, EndpointConfigName or EndpointName; an inference component has no "
        "such attribute, so name it"
    )
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sagemaker-endpoint.html"
    source_title = "AWS::SageMaker::Endpoint: Return values"
    tags = ("resources", "sagemaker", "endpoint")
    types = (CONFIG, ENDPOINT, COMPONENT, TARGET, POLICY, ALARM)

    def check(self, resource: Resource) -> Hits:
        """All places of the template that take such a name."""
        world = resource.world
        properties = resource.properties
        if resource.type == CONFIG:
            for variant in variants(resource):
                yield from _arn(world, variant, "ModelName")
        elif resource.type == ENDPOINT:
            yield from _arn(world, properties, "EndpointConfigName")
        elif resource.type == COMPONENT:
            yield from _arn(world, properties, "EndpointName")
            for holder in (properties.get("Specification"), *maps(properties, "Specifications")):
                yield from _arn(world, holder, "ModelName")
                yield from _arn(world, holder, "BaseInferenceComponentName")
        else:
            for dimension in _dimensions(properties):
                yield from _arn(world, dimension, "Value")
            resource_id = properties.get("ResourceId")
            found = _RESOURCE_ID.match(resource_id) if isinstance(resource_id, str) else None
            if found and (named := world.resource(found[1])) and named.type in _ATTRIBUTE:
                yield properties.where("ResourceId"), _message(named)


def _arn(world: World, holder: object, key: str) -> Hits:
    if not isinstance(holder, Map):
        return
    named = world.target(holder.get(key), *_ATTRIBUTE)
    if named and tokens(holder.get(key)) == [named.name]:
        yield holder.where(key), _message(named)


def _message(named: Resource) -> str:
    attribute = _ATTRIBUTE[named.type]
    right = f"GetAtt {named.name}.{attribute} is the name" if attribute else "give it a name and use that"
    return f"Ref of '{named.name}' is its ARN; {right}"


def _dimensions(node: object) -> Iterator[Map]:
    if isinstance(node, Map):
        yield from maps(node, "Dimensions")
        for value in node.values():
            yield from _dimensions(value)
    elif isinstance(node, list):
        for item in node:
            yield from _dimensions(item)
