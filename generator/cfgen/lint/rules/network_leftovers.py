"""I9708: network resources that an endpoint's interfaces may hold at deletion."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping, strings, tokens
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import CONFIG, MODEL
from cfgen.lint.worlds import Resource

_HELD = ("AWS::EC2::SecurityGroup", "AWS::EC2::Subnet")


class NetworkLeftovers(Rule):
    """Endpoint network interfaces outlive the endpoint."""

    id = "I9708"
    shortdesc = "A security group or subnet waits for the endpoint's network interfaces"
    description = (
        "SageMaker deletes the network interfaces of an endpoint in a VPC some time after the endpoint. A "
        "security group or subnet of the same stack then cannot be deleted, and the stack ends in "
        "DELETE_FAILED."
    )
    fix = (
        "let a custom resource wait for the interfaces, retain the resource, or keep the network in "
        "another stack"
    )
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/host-vpc.html"
    source_title = "Give SageMaker AI hosted endpoints access to resources in your Amazon VPC"
    tags = ("resources", "sagemaker", "vpc", "deletion")
    types = (MODEL, CONFIG)

    def check(self, resource: Resource) -> Hits:
        """A custom resource that refers to it, or a retaining policy, counts as an answer."""
        world = resource.world
        waiting = {
            name.split(".")[0]
            for custom in world.of_type("Custom::*", "AWS::CloudFormation::CustomResource")
            for value, _ in strings(custom.properties)
            for name in tokens(value)
        }
        network = mapping(resource.properties, "VpcConfig")
        for value, path in strings(network, network.path):
            held = world.target(value, *_HELD)
            kept = held and str(held.raw.get("DeletionPolicy", "")).startswith("Retain")
            if held and not kept and held.name not in waiting:
                yield (
                    path,
                    f"'{held.name}' may be held by the endpoint's network interfaces when the stack is deleted",
                )
