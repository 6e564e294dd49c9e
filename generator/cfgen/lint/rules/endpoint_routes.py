"""W9717: an endpoint that may be made before the routes of its subnets."""

from __future__ import annotations

from collections.abc import Iterator

from cfgen.lint.evaluate import Map, mapping, strings, tokens
from cfgen.lint.rules._order import waits_for
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, ENDPOINT, MODEL
from cfgen.lint.worlds import Resource

_ASSOCIATION = "AWS::EC2::SubnetRouteTableAssociation"
_GATEWAY = "AWS::EC2::VPCEndpoint"
_ROUTE = "AWS::EC2::Route"


class EndpointRoutes(Rule):
    """The subnets are there before their routes are."""

    id = "W9717"
    shortdesc = "An endpoint waits for the routes of its subnets"
    description = (
        "A reference to a subnet makes the endpoint wait for the subnet, not for its route table, the route to "
        "a NAT gateway or the gateway endpoint for S3, through which the model's files come. An endpoint that "
        "is quicker than they fails, and at deletion they may go while it still serves."
    )
    fix = "add the subnets' route table associations, their default route and the S3 endpoint to DependsOn"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-dependson.html"
    )
    source_title = "DependsOn attribute"
    tags = ("resources", "sagemaker", "vpc", "order")
    types = (ENDPOINT,)

    def check(self, resource: Resource) -> Hits:
        """Associations of the subnets the endpoint stands in; routes and gateways of their route tables."""
        world, waited = resource.world, waits_for(resource.world, resource)
        subnets = {
            held.name
            for name in waited
            if (one := world.resource(name)) is not None and one.type in (MODEL, CONFIG)
            for value, _ in strings(mapping(one.properties, "VpcConfig").get("Subnets"))
            if (held := world.target(value, "AWS::EC2::Subnet"))
        }
        needed, tables = [], set[str]()
        for link in world.of_type(_ASSOCIATION):
            if subnets & set(_named(link.properties, "SubnetId")):
                needed.append(link.name)
                tables.update(_named(link.properties, "RouteTableId"))
        for way in world.of_type(_ROUTE, _GATEWAY):
            if tables & {*_named(way.properties, "RouteTableId"), *_named(way.properties, "RouteTableIds")}:
                needed.append(way.name)
        if missing := [name for name in needed if name not in waited]:
            listed = ", ".join(f"'{name}'" for name in missing)
            yield resource.path, f"nothing makes the endpoint wait for {listed}, the routes of its subnets"


def _named(properties: Map, key: str) -> Iterator[str]:
    for value, _ in strings(properties.get(key)):
        yield from (name.split(".")[0] for name in tokens(value))
