"""W9711: a VPC of the template from which the model's data cannot be had."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, strings
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource, World

_OUT = {"NatGatewayId", "TransitGatewayId", "InstanceId", "NetworkInterfaceId", "VpcPeeringConnectionId"}
_HUB = ("HF_MODEL_ID", "SM_VLLM_MODEL", "SM_SGLANG_MODEL_PATH", "OPTION_MODEL_ID")


class VpcRoute(Rule):
    """Artifacts come from S3 and hub models from the internet, both through the VPC."""

    id = "W9711"
    shortdesc = "A model in a VPC of the template can reach its data"
    description = (
        "A model with VpcConfig fetches its artifact through the VPC: without a gateway endpoint for S3 "
        "or a route out it cannot. A model fetched from a hub needs a NAT gateway. Model interfaces get "
        "no public address, so an internet gateway alone does not help."
    )
    fix = "add a gateway endpoint for S3; for a hub a NAT gateway, or stage the model in S3"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html"
    source_title = "Give SageMaker AI hosted endpoints access to resources in your Amazon VPC"
    tags = ("resources", "sagemaker", "vpc", "network")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Only when every subnet is of the template, so that its routes are too."""
        world = resource.world
        network = mapping(resource.properties, "VpcConfig")
        subnets = [value for value, _ in strings(network.get("Subnets"))]
        if not subnets or not all(world.target(value, "AWS::EC2::Subnet") for value in subnets):
            return
        if any(_OUT & set(route.properties) for route in world.of_type("AWS::EC2::Route")):
            return
        path = resource.properties.where("VpcConfig")
        for container in containers(resource):
            environment = mapping(container, "Environment")
            data = "ModelDataUrl" in container or "ModelDataSource" in container
            names = [name for name in _HUB if "/" in str(environment.get(name, "")).strip("/")]
            hub = [name for name in names if not str(environment[name]).startswith(("/", "s3:"))]
            if data and not _has_s3(world):
                yield path, "the subnets have neither a gateway endpoint for S3 nor a route out"
            elif hub and not data:
                yield path, f"the subnets have no NAT gateway, which fetching {hub[0]} needs"


def _has_s3(world: World) -> bool:
    names = [endpoint.properties.get("ServiceName") for endpoint in world.of_type("AWS::EC2::VPCEndpoint")]
    return any(isinstance(name, str) and name.endswith(".s3") for name in names)
