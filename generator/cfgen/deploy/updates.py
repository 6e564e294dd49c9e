"""What CloudFormation and SageMaker refuse of an update, known before anything is executed: one table, ``LIMITS``.

Each entry looks at the resources as they stand and as they would be. What the table cannot see (a capacity
shortage, a container that does not start) is the update's own rollback to deal with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cfgen.deploy.replacement import Property, create_only, identity, tokens_in
from cfgen.document import COMPONENT, ENDPOINT, ENDPOINT_CONFIG

SWITCH = "ScalingEnabled"
"""The parameter of a template that takes its variants out of automatic scaling."""

_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_GUIDE = "https://docs.aws.amazon.com/sagemaker/latest/dg/"
_CFN = "https://docs.aws.amazon.com/AWSCloudFormation/latest/"


@dataclass(frozen=True, slots=True)
class Stand:
    """A resource on one side of an update, functions evaluated as far as they can be."""

    type: str
    properties: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Update:
    """An update: resources before and after, what happens to each that differs (``actions``), where they differ."""

    before: Mapping[str, Stand]
    after: Mapping[str, Stand]
    actions: Mapping[str, str]
    changed: Mapping[str, Sequence[Property]]
    region: str
    parameters: frozenset[str] = frozenset()

    def stays(self, name: str) -> bool:
        """Whether the resource goes on under its physical id."""
        return name in self.before and self.actions.get(name, "modify") in {"modify", "may replace"}

    def served(self) -> Iterator[tuple[str, Mapping[str, Any], Mapping[str, Any]]]:
        """Endpoints that stay: logical id, old and new properties of the configuration."""
        for name, stand in self.after.items():
            if stand.type == ENDPOINT and self.stays(name):
                old = _config(self.before, self.before[name])
                new = _config(self.after, stand)
                if old is not None and new is not None:
                    yield name, old, new


@dataclass(frozen=True, slots=True)
class Limit:
    """One thing that is refused: its name, what to do instead, the documentation, and how it is found."""

    id: str
    title: str
    instead: str
    source: str
    find: Callable[[Update], Iterator[tuple[str, str]]] = field(compare=False)
    two_step: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A limit that an update runs into. ``two_step``: it can be had in two steps (``cfgen deploy --two-step``)."""

    id: str
    resource: str
    message: str
    instead: str
    source: str
    two_step: bool = False


def refused(update: Update) -> tuple[Refusal, ...]:
    """Everything that would be refused of an update, in the table's order."""
    return tuple(
        Refusal(
            limit.id,
            resource,
            message,
            limit.instead,
            limit.source,
            limit.two_step and SWITCH in update.parameters,
        )
        for limit in LIMITS
        for resource, message in limit.find(update)
    )


def _config(side: Mapping[str, Stand], endpoint: Stand) -> Mapping[str, Any] | None:
    """The properties of the endpoint configuration that an endpoint names."""
    for token in tokens_in(endpoint.properties.get("EndpointConfigName")):
        found = side.get(token.split(".")[0])
        if found is not None and found.type == ENDPOINT_CONFIG:
            return found.properties
    return None


def _variants(config: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Production variants by name."""
    found = config.get("ProductionVariants")
    return {str(one.get("VariantName")): one for one in found} if isinstance(found, list) else {}


def _types(variant: Mapping[str, Any]) -> tuple[str, ...]:
    """The instance types of a variant; empty for a serverless one."""
    pools = variant.get("InstancePools")
    if isinstance(pools, list):
        return tuple(sorted(str(one.get("InstanceType")) for one in pools))
    return (str(variant["InstanceType"]),) if variant.get("InstanceType") else ()


def _scaled(update: Update) -> Iterator[tuple[str, str]]:
    registered = {
        str(stand.properties.get("ResourceId", "")).rpartition("/variant/")[2]
        for stand in update.before.values()
        if stand.type == _TARGET and "/variant/" in str(stand.properties.get("ResourceId", ""))
    }
    for name, old, new in update.served():
        for variant, body in _variants(old).items():
            if variant not in registered:
                continue
            other = _variants(new).get(variant)
            if other is None:
                yield name, f"variant {variant} scales, and is removed or renamed"
            elif _types(body) != _types(other):
                change = f"{' or '.join(_types(body))} → {' or '.join(_types(other)) or 'serverless'}"
                yield name, f"variant {variant} scales, and its instance type changes: {change}"


def _serverless(update: Update) -> Iterator[tuple[str, str]]:
    for name, old, new in update.served():
        sides = [any("ServerlessConfig" in one for one in _variants(side).values()) for side in (old, new)]
        if sides[0] != sides[1]:
            yield (
                name,
                "an endpoint with instances becomes serverless"
                if sides[1]
                else ("a serverless endpoint gets instances"),
            )


def _asynchronous(update: Update) -> Iterator[tuple[str, str]]:
    for name, old, new in update.served():
        sides = [bool(side.get("AsyncInferenceConfig")) for side in (old, new)]
        if sides[0] != sides[1]:
            yield (
                name,
                "a real-time endpoint becomes asynchronous"
                if sides[1]
                else ("an asynchronous endpoint becomes a real-time one"),
            )


def _components(update: Update) -> Iterator[tuple[str, str]]:
    for name, old, new in update.served():
        sides = [any(one.get("ModelName") for one in _variants(side).values()) for side in (old, new)]
        if sides[0] != sides[1]:
            yield (
                name,
                "the model of the endpoint becomes a component"
                if sides[0]
                else ("an endpoint of components gets a model of its own"),
            )


def _moved(update: Update) -> Iterator[tuple[str, str]]:
    for name, stand in update.after.items():
        if stand.type != COMPONENT or not update.stays(name):
            continue
        for token in tokens_in(stand.properties.get("EndpointName")):
            if update.actions.get(token.split(".")[0]) == "replace":
                yield name, "its endpoint is replaced, and a component cannot move to another"


def _deployment(update: Update) -> Iterator[tuple[str, str]]:
    for name, old, new in update.served():
        names = [set(_variants(side)) for side in (old, new)]
        if update.after[name].properties.get("DeploymentConfig") and names[0] != names[1]:
            change = f"{', '.join(sorted(names[0]))} → {', '.join(sorted(names[1]))}"
            yield name, f"it is updated by a deployment configuration, and its variants change: {change}"


def _names(update: Update) -> Iterator[tuple[str, str]]:
    for name, action in update.actions.items():
        if action != "replace" or name not in update.before or name not in update.after:
            continue
        kind = update.after[name].type
        if kind != update.before[name].type:
            continue
        keys = identity(kind, update.region)
        old, new = (_picked(side[name].properties, keys) for side in (update.before, update.after))
        touched = {one.path.split(".")[0].split("[")[0] for one in update.changed.get(name, ())}
        whole = {key for key in keys if "." not in key}
        named = [key for key in keys if key.rpartition(".")[2].endswith("Name") and new.get(key)]
        if named and old == new and not whole & touched:
            yield (
                name,
                f"it is replaced, and the new one has the old one's name ({named[0]}: {new[named[0]]})",
            )


def _picked(properties: Mapping[str, Any], keys: Sequence[str]) -> dict[str, Any]:
    found = {}
    for key in keys:
        value: Any = properties
        for piece in key.split("."):
            value = value.get(piece) if isinstance(value, Mapping) else None
        found[key] = value
    return found


def _types_changed(update: Update) -> Iterator[tuple[str, str]]:
    for name, stand in update.after.items():
        old = update.before.get(name)
        if old is not None and old.type != stand.type:
            yield name, f"it is {old.type} and would become {stand.type}"


def _service_token(update: Update) -> Iterator[tuple[str, str]]:
    for name, changed in update.changed.items():
        if create_only(update.after[name].type, update.region)[0] == ("ServiceToken",) and any(
            one.path == "ServiceToken" for one in changed
        ):
            yield name, "its service token changes"


def _waits(update: Update) -> Iterator[tuple[str, str]]:
    for name, changed in update.changed.items():
        if update.after[name].type == "AWS::CloudFormation::WaitCondition" and changed:
            yield name, f"its {', '.join(sorted({one.path for one in changed}))} changes"


def _gateways(update: Update) -> Iterator[tuple[str, str]]:
    for kind, key, what in (
        ("AWS::EC2::VPCGatewayAttachment", "InternetGatewayId", "internet gateway"),
        ("AWS::EC2::NatGateway", "AllocationId", "address"),
    ):
        for name, stand in update.after.items():
            if stand.type != kind or update.actions.get(name) != "replace":
                continue
            for token in tokens_in(stand.properties.get(key)):
                if update.stays(token.split(".")[0]):
                    yield name, f"it is replaced, and its {what} is still taken by the old one"


LIMITS = (
    Limit(
        "scaled-variant",
        "Another instance type, or another name, of a variant that scales",
        f"in two steps: take the variant out of automatic scaling ({SWITCH}=no), then change it and scale again",
        f"{_GUIDE}endpoint-scaling-update.html",
        _scaled,
        two_step=True,
    ),
    Limit(
        "serverless",
        "Instances to serverless, or back",
        "deploy it as another stack, move clients over, destroy the old one",
        f"{_GUIDE}serverless-endpoints-update.html",
        _serverless,
    ),
    Limit(
        "asynchronous",
        "Real-time to asynchronous, or back",
        "deploy it as another stack, move clients over, destroy the old one",
        # reported there for one direction; documented for neither
        "https://github.com/aws/sagemaker-python-sdk/pull/3124",
        _asynchronous,
    ),
    Limit(
        "components",
        "A model of the endpoint's own to inference components, or back",
        "deploy it as another stack, move clients over, destroy the old one",
        f"{_GUIDE}realtime-endpoints-deploy-models.html",
        _components,
    ),
    Limit(
        "component-endpoint",
        "Another endpoint under inference components, as by another EndpointName",
        "deploy it as another stack, move clients over, destroy the old one",
        "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateInferenceComponent.html",
        _moved,
    ),
    Limit(
        "deployment-variants",
        "Other variants while the endpoint has a deployment configuration",
        "change the variants in one update without `deployment`, and give it again in the next",
        f"{_GUIDE}deployment-guardrails-exclusions.html",
        _deployment,
    ),
    Limit(
        "name-taken",
        "Replacement of a resource under its old name",
        "give it another name, or none, so that CloudFormation makes one",
        f"{_CFN}UserGuide/using-cfn-updating-stacks-update-behaviors.html",
        _names,
    ),
    Limit(
        "resource-type",
        "Another type of resource under an old logical id",
        "give the new resource a logical id of its own",
        f"{_CFN}UserGuide/troubleshooting.html",
        _types_changed,
    ),
    Limit(
        "service-token",
        "Another function behind a custom resource",
        "give the custom resource a logical id of its own",
        f"{_CFN}TemplateReference/aws-resource-cloudformation-customresource.html",
        _service_token,
    ),
    Limit(
        "wait-condition",
        "Any change of a wait condition",
        "give the wait condition and its handle logical ids of their own",
        f"{_CFN}TemplateReference/aws-resource-cloudformation-waitcondition.html",
        _waits,
    ),
    Limit(
        "network-range",
        "Another address range of a network with a NAT gateway",
        "deploy into another stack: a gateway and an address serve one network at a time",
        f"{_CFN}TemplateReference/aws-resource-ec2-vpcgatewayattachment.html",
        _gateways,
    ),
)
