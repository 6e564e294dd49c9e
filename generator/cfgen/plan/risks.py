"""What may go wrong in this account although the template is right: rights, regions to enable, images, updates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.catalogue import Catalogue
from cfgen.document import capabilities
from cfgen.lint.evaluate import known, mapping, maps, text
from cfgen.lint.worlds import World
from cfgen.parameters import NOT_ALLOWED, broken, plain
from cfgen.plan.account import Account
from cfgen.plan.fleets import fleets
from cfgen.plan.model import Check
from cfgen.plan.regions import opt_in

_CAPABILITIES = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-template.html"
_ENABLE = "https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-regions.html"
_SLR = "https://docs.aws.amazon.com/IAM/latest/UserGuide/using-service-linked-roles.html"
_CONFIRM = "https://docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html"
_COST_TAGS = "https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/activate-built-in-tags.html"
_PULL = "https://docs.aws.amazon.com/AmazonECR/latest/userguide/repository-policy-examples.html"
_KINDS = {
    "AWS::EC2::VPC::Id": "vpc-", "AWS::EC2::Subnet::Id": "subnet-", "AWS::EC2::SecurityGroup::Id": "sg-",
}  # fmt: skip
"""How the ids of a parameter's type begin."""
_LINKED_ROLES = {
    "AWS::ApplicationAutoScaling::ScalableTarget": (
        "Application Auto Scaling", "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
    ),
    "AWS::ApiGatewayV2::VpcLink": ("API Gateway", "AWSServiceRoleForAPIGateway"),
    "AWS::EC2::NatGateway": ("NAT gateways", "AWSServiceRoleForNATGateway"),
}  # fmt: skip


def account_checks(data: Mapping[str, Any]) -> Iterator[Check]:
    """What holds in every region."""
    if needed := capabilities(data):
        yield Check(
            "capabilities", "ok", f"acknowledge {', '.join(needed)}",
            "the template makes IAM resources; cfgen deploy passes it, by hand it is --capabilities",
            link=_CAPABILITIES,
        )  # fmt: skip


def region_checks(world: World, catalogue: Catalogue, account: Account | None) -> Iterator[Check]:
    """What holds in the region of the launch."""
    region = world.region
    yield from _enabled(region, catalogue, account)
    kinds = dict.fromkeys(fleet.kind for fleet in fleets(world))
    lacking = [
        kind
        for kind in kinds
        if kind in catalogue.instances and region not in catalogue.instance(kind).regions
    ]
    if world.refused or lacking:
        what = f"does not host {', '.join(lacking)}" if lacking else "is refused by the template's rules"
        yield Check(
            "region",
            "failed",
            f"{region} {what}",
            "" if lacking else "; ".join(world.refusals),
            "see the regions below, or choose another type" if lacking else "",
            region=region,
        )
    else:
        yield Check("region", "ok", f"{region} has image, instance type and resource types", region=region)
    yield from _images(world, catalogue, account)
    for kind, (service, role) in _LINKED_ROLES.items():
        if next(world.of_type(kind), None):
            yield Check(
                "linked-role", "ok", f"service-linked role of {service}",
                f"{role} is made at first use; the caller then needs iam:CreateServiceLinkedRole", link=_SLR,
                region=region,
            )  # fmt: skip
    if kinds:
        yield Check(
            "update", "todo", "room for updates",
            "an update moves the endpoint to new instances before the old ones go: it takes as many again",
            "ask for twice the instances in the quota", region=region,
        )  # fmt: skip
    yield from _told(world)
    yield from _values(world)


def _enabled(region: str, catalogue: Catalogue, account: Account | None) -> Iterator[Check]:
    partition = catalogue.region(region).partition if region in catalogue.regions else "aws"
    if not opt_in(region, partition):
        return
    enabled = account.enabled if account is not None else None
    title = f"{region} must be enabled in the account"
    if enabled is False:
        fix = f"aws account enable-region --region-name {region}"
        yield Check("opt-in", "failed", title, "it is not", fix, _ENABLE, region)
    elif enabled:
        yield Check("opt-in", "ok", f"{region} is enabled in the account", region=region)
    else:
        yield Check("opt-in", "todo", title, "it is off in a new account", link=_ENABLE, region=region)


def _images(world: World, catalogue: Catalogue, account: Account | None) -> Iterator[Check]:
    uris = [
        text(one.get("Image", ""))
        for model in world.of_type("AWS::SageMaker::Model")
        for one in (mapping(model.properties, "PrimaryContainer"), *maps(model.properties, "Containers"))
    ]
    for uri in dict.fromkeys(uris):
        owner = uri.split(".", 1)[0]
        if not known(owner):
            continue  # a region that the template has no account for, and its rules refuse
        if ".dkr.ecr." in uri and owner not in catalogue.registries:
            foreign = (
                ""
                if account is not None and account.id == owner
                else (f"; for another account than {owner}, the repository's policy must let its role pull")
            )
            yield Check(
                "image", "todo", f"image {uri.rpartition('/')[2]}",
                f"your own: it must be in {world.region}{foreign}", link=_PULL, region=world.region,
            )  # fmt: skip
        elif ".dkr.ecr." in uri:
            yield Check(
                "image", "ok", f"image {uri.rpartition('/')[2]}",
                f"pulled from account {owner}: the role may, a policy of your organisation must not forbid it",
                region=world.region,
            )  # fmt: skip


def _told(world: World) -> Iterator[Check]:
    """Who hears of alarms and costs only when somebody has done something outside the stack."""
    for one in world.of_type("AWS::SNS::Subscription"):
        if text(one.properties.get("Protocol", "")).startswith("email"):
            yield Check(
                "confirmation", "todo", f"{text(one.properties.get('Endpoint', ''))} must confirm",
                "SNS writes to the address once, and sends no alarm until the link in that message is followed",
                link=_CONFIRM, region=world.region,
            )  # fmt: skip
    for one in world.of_type("AWS::Budgets::Budget"):
        if "TagKeyValue" in mapping(one.properties, "Budget", "CostFilters"):
            yield Check(
                "budget", "todo", "the budget's tag must be activated",
                "until the account that pays has activated it as a cost allocation tag, the budget counts nothing",
                link=_COST_TAGS, region=world.region,
            )  # fmt: skip


def _values(world: World) -> Iterator[Check]:
    """Parameters that somebody must give, and values that CloudFormation would refuse."""
    for name, declaration in world.template.section("Parameters").items():
        given = world.reference(name)
        value = ",".join(map(text, given)) if isinstance(given, list) else text(given)
        if value == f"⟦param:{name}⟧":
            yield Check(
                "parameter", "todo", f"parameter {name}", "has no default", f"--parameter {name}=…",
                region=world.region,
            )  # fmt: skip
        elif rule := broken(declaration, value) or _mistaken(text(declaration.get("Type", "")), value):
            shown = "" if text(declaration.get("NoEcho", "")) == "true" else f" {value}"
            said = " ".join(text(declaration.get("ConstraintDescription", "")).split())
            choices = [plain(one) for one in declaration.get("AllowedValues", ())]
            fix = f"one of {', '.join(choices)}" if rule == NOT_ALLOWED else ""
            yield Check("parameter", "failed", f"parameter {name}{shown} {rule}", said, fix)


def _mistaken(kind: str, value: str) -> str:
    """What is wrong with ids of another kind; nothing with an empty list."""
    begin = _KINDS.get(kind.removeprefix("List<").removesuffix(">"), "")
    ids = [one.strip() for one in value.split(",")] if value else []
    return f"must begin with {begin}" if any(not one.startswith(begin) for one in ids) else ""
