"""The stack as a graph for a picture: resources and what they refer to, with the small ones folded into theirs.

A route is part of its table and a role part of what takes it on, so that what is left is what a reader would draw.
Numbered twins (three private subnets) are one node. Outside stand who calls, and where image and model come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cfgen.document import references
from cfgen.lint.evaluate import mapping, text
from cfgen.lint.worlds import World


@dataclass(frozen=True, slots=True)
class Node:
    """A box. ``kind``: its service (``SageMaker``); ``what``: the resource (``Endpoint``); ``parts``: what it holds."""

    id: str
    name: str
    kind: str
    what: str
    group: str
    parts: tuple[str, ...] = ()
    outside: bool = False


@dataclass(frozen=True, slots=True)
class Graph:
    """Boxes in the template's order, and arrows from who refers to what is referred to."""

    nodes: tuple[Node, ...]
    edges: tuple[tuple[str, str], ...]


# a resource of the type is drawn as a part of what this property refers to
_FOLDED: Mapping[str, str] = {
    "AWS::EC2::SubnetRouteTableAssociation": "SubnetId", "AWS::EC2::Route": "RouteTableId",
    "AWS::EC2::RouteTable": "VpcId", "AWS::EC2::VPCGatewayAttachment": "InternetGatewayId",
    "AWS::EC2::SecurityGroupEgress": "GroupId", "AWS::EC2::SecurityGroupIngress": "GroupId",
    "AWS::S3::BucketPolicy": "Bucket", "AWS::SQS::QueuePolicy": "Queues", "AWS::SNS::TopicPolicy": "Topics",
    "AWS::Lambda::Permission": "FunctionName", "AWS::IAM::Policy": "Roles", "AWS::SNS::Subscription": "TopicArn",
    "AWS::ApplicationAutoScaling::ScalingPolicy": "ScalingTargetId", "AWS::KMS::Alias": "TargetKeyId",
    "AWS::ApiGatewayV2::Stage": "ApiId", "AWS::ApiGatewayV2::Route": "ApiId",
    "AWS::CloudFormation::WaitCondition": "DependsOn",
}  # fmt: skip
# and of these types, of the first resource that refers to it
_FOLDED_UP = ("AWS::EC2::EIP", "AWS::CloudFormation::WaitConditionHandle", "AWS::IAM::Role")
_KEPT_ROLE = "ExecutionRole"
_GROUPS = (
    ("Network", ("AWS::EC2::",)),
    (
        "Build",
        ("AWS::CodeBuild::", "AWS::StepFunctions::", "Custom::ModelBuild", "AWS::CloudFormation::Wait"),
    ),
    ("Storage", ("AWS::S3::", "AWS::KMS::", "AWS::SecretsManager::")),
    ("Rights", ("AWS::IAM::",)),
    ("Watching", ("AWS::Logs::", "AWS::CloudWatch::", "AWS::SNS::", "AWS::SQS::", "AWS::Budgets::")),
    ("Serving", ("AWS::SageMaker::", "AWS::ApplicationAutoScaling::")),
    ("Functions", ("AWS::Lambda::", "Custom::", "AWS::Scheduler::", "AWS::Events::")),
    ("Front door", ("AWS::ApiGateway", "AWS::WAFv2::")),
)
_NUMBER = re.compile(r"\d+$")
_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+$")


def graph_of(world: World) -> Graph:
    """The graph of what the launch makes."""
    made = {one.name: one for one in world.of_type("*")}
    uses = {name: _uses(one.raw, made) for name, one in made.items()}
    inside = _folds(made, uses)
    names = {name: _twin(_top(name, inside), made) for name in made}
    folded: dict[str, list[str]] = {}
    for name, node in names.items():
        if name != node and _twin(name, made) != node:
            folded.setdefault(node, []).append(_NUMBER.sub("", name))
    nodes = []
    for node in dict.fromkeys(names.values()):
        members = [name for name in made if _twin(name, made) == node]
        kind = made[members[0]].type
        title = node if len(members) == 1 else f"{_NUMBER.sub('', members[0])} ×{len(members)}"
        service, what = _spelt(kind)
        nodes.append(
            Node(node, title, service, what, _group(kind), tuple(dict.fromkeys(folded.get(node, ()))))
        )
    edges = {
        (names[name], names[other])
        for name, others in uses.items()
        for other in others
        if names[name] != names[other]
    }
    outer = tuple(_outside(world, names))
    nodes += dict.fromkeys(node for node, _ in outer)
    edges |= {edge for _, edge in outer}
    kept = _reduced(_acyclic(sorted(edges), [node.id for node in nodes]))
    return Graph(tuple(nodes), tuple(kept))


def _uses(raw: Mapping[str, Any], made: Mapping[str, Any]) -> list[str]:
    depends = raw.get("DependsOn", ())
    listed = [depends] if isinstance(depends, str) else list(depends)
    found = [*references(raw.get("Properties")), *listed]
    return [name for name in dict.fromkeys(found) if name in made]


def _folds(made: Mapping[str, Any], uses: Mapping[str, list[str]]) -> dict[str, str]:
    """Resource → the one it is drawn as a part of."""
    inside: dict[str, str] = {}
    for name, one in made.items():
        key = _FOLDED.get(one.type, "")
        referred = one.raw.get(key) if key == "DependsOn" else one.raw.get("Properties", {}).get(key)
        named = (
            [referred] if key == "DependsOn" and isinstance(referred, str) else references({"x": referred})
        )
        if key and (target := next((other for other in named if other in made), "")):
            inside[name] = target
        # a custom resource and the function behind it are one thing to a reader
        token = references({"x": one.raw.get("Properties", {}).get("ServiceToken")})
        if function := next((other for other in token if other in made and other not in inside), ""):
            inside[function] = name
    for name, one in made.items():
        if one.type in _FOLDED_UP and not name.endswith(_KEPT_ROLE):
            users = [other for other in made if name in uses[other] and _top(other, inside) != name]
            if users:
                inside[name] = users[0]
    return inside


def _top(name: str, inside: Mapping[str, str]) -> str:
    seen = set()
    while name in inside and name not in seen:
        seen.add(name)
        name = inside[name]
    return name


def _twin(name: str, made: Mapping[str, Any]) -> str:
    """The first of numbered twins of one type: PrivateSubnet1 for PrivateSubnet3."""
    stem = _NUMBER.sub("", name)
    if stem == name:
        return name
    first = f"{stem}1"
    return first if first in made and made[first].type == made[name].type else name


def _spelt(kind: str) -> tuple[str, str]:
    """``AWS::SageMaker::EndpointConfig`` → SageMaker, Endpoint config."""
    parts = kind.split("::")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", parts[-1])
    if parts[0] == "Custom":
        return "Custom resource", words
    return parts[1], words


def _group(kind: str) -> str:
    return next((title for title, starts in _GROUPS if kind.startswith(starts)), "Serving")


def _outside(world: World, names: Mapping[str, str]) -> Iterator[tuple[Node, tuple[str, str]]]:
    for endpoint in world.of_type("AWS::SageMaker::Endpoint"):
        yield (
            _outer("client", "Your application", "Calls", "InvokeEndpoint"),
            ("client", names[endpoint.name]),
        )
    for model in world.of_type("AWS::SageMaker::Model"):
        container = mapping(model.properties, "PrimaryContainer")
        if image := text(container.get("Image", "")):
            short = image.rpartition("/")[2].partition(":")[0] if "/" in image else "image"
            node = _outer(f"image {short}", short, "Amazon ECR", "Container image")
            yield node, (names[model.name], node.id)
        if "ModelPackageName" in container:
            yield _outer("package", "Model package", "Marketplace", "Package"), (names[model.name], "package")
        environment = mapping(container, "Environment")
        if any("MODEL" in key and _HUB_ID.match(text(value)) for key, value in environment.items()):
            yield _outer("hub", "Hugging Face hub", "Internet", "Model"), (names[model.name], "hub")
    for project in world.of_type("AWS::CodeBuild::Project"):
        yield _outer("hub", "Hugging Face hub", "Internet", "Model"), (names[project.name], "hub")


def _outer(identity: str, name: str, kind: str, what: str) -> Node:
    return Node(identity, name, kind, what, "Outside", outside=True)


def _acyclic(edges: list[tuple[str, str]], order: list[str]) -> list[tuple[str, str]]:
    """Without the arrows that close a circle, found in the template's order."""
    after: dict[str, list[str]] = {}
    for start, end in edges:
        after.setdefault(start, []).append(end)
    kept: list[tuple[str, str]] = []
    state: dict[str, int] = {}

    def visit(node: str) -> None:
        state[node] = 1
        for end in after.get(node, ()):
            if state.get(end) != 1:
                kept.append((node, end))
                if end not in state:
                    visit(end)
        state[node] = 2

    for node in order:
        if node not in state:
            visit(node)
    return kept


def _reduced(edges: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Without the arrows that a longer way makes plain (the transitive reduction)."""
    after: dict[str, set[str]] = {}
    for start, end in edges:
        after.setdefault(start, set()).add(end)

    def reach(start: str, seen: set[str]) -> set[str]:
        for end in after.get(start, ()):
            if end not in seen:
                seen.add(end)
                reach(end, seen)
        return seen

    beyond = {node: set().union(*(reach(end, set()) for end in ends)) for node, ends in after.items()}
    return [(start, end) for start, end in edges if end not in beyond[start]]
