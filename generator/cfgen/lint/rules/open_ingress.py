"""W9710: a model's security group open to the world."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, maps, strings
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, MODEL
from cfgen.lint.worlds import Resource


class OpenIngress(Rule):
    """Requests come through SageMaker, not through the VPC's interfaces."""

    id = "W9710"
    shortdesc = "A model's security group takes nothing from the internet"
    description = (
        "Requests reach a container by SageMaker's own path. An ingress rule on its network interfaces is "
        "for traffic between containers at most; 0.0.0.0/0 or ::/0 serves nobody but a scanner."
    )
    fix = "remove the ingress rule"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html"
    source_title = "Give SageMaker AI hosted endpoints access to resources in your Amazon VPC"
    tags = ("resources", "sagemaker", "vpc", "security")
    types = (MODEL, CONFIG)

    def check(self, resource: Resource) -> Hits:
        """Groups of the same template, with their rules inline."""
        world = resource.world
        network = mapping(resource.properties, "VpcConfig")
        for value, _ in strings(network.get("SecurityGroupIds")):
            group = world.target(value, "AWS::EC2::SecurityGroup")
            for rule in maps(group.properties, "SecurityGroupIngress") if group else ():
                if rule.get("CidrIp") == "0.0.0.0/0" or rule.get("CidrIpv6") == "::/0":
                    yield rule.path, f"open to the internet, for the network interfaces of '{resource.name}'"
