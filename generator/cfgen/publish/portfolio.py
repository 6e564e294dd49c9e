"""A portfolio as it is rendered: every decision taken. And what a deployed one holds already.

The deployed template is the only record of what was published: CloudFormation compares a new template with it, so any
other record could disagree and take a version away. A version that stands there is carried over word for word, which
keeps its id ("ReplaceProvisioningArtifacts": matched by template address and name).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cfgen import document
from cfgen.deploy.errors import MalformedOption
from cfgen.publish.errors import PortfolioClash, RoleTooLarge
from cfgen.publish.permissions import NO_RESOURCE, Grant, joined, rebound

if TYPE_CHECKING:
    from cfgen.publish.s3 import Bucket

PRODUCT = "AWS::ServiceCatalog::CloudFormationProduct"
TAG_OPTION = "AWS::ServiceCatalog::TagOption"
MAX_VERSIONS = 100
"""Versions of a product (Service Catalog quotas)."""
MAX_POLICY = 10_240
"""Characters of all inline policies of a role, without white space ("IAM and AWS STS quotas")."""
MAX_ROLE_NAME = 64
MAX_DESCRIPTION = 2_000
"""Characters of a constraint's description (CreateConstraint)."""
_HASH = 12
_PRINCIPAL = re.compile(
    r"arn:aws[a-z-]*:iam::(?P<account>\d{12})?:(?P<rest>(?:role|user|group)/[\w+=,.@*?/-]+)\Z"
)


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a product. ``url`` is written for Sub."""

    name: str
    description: str
    url: str

    @property
    def digest(self) -> str:
        """The beginning of its content's hash."""
        return self.name.rpartition("-")[2]


@dataclass(frozen=True, slots=True)
class Product:
    """One product: its versions, oldest first, and the permissions that all of them need together."""

    name: str
    description: str
    versions: tuple[Version, ...]
    grants: tuple[Grant, ...]
    rules: Mapping[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """What its logical ids begin with."""
        return "".join(part[:1].upper() + part[1:] for part in self.name.split("-"))

    @property
    def rules_json(self) -> str:
        """The rules of its template constraint; for Sub, if they hold pseudo parameters."""
        text = json.dumps(self.rules, separators=(", ", ": "))
        # what else looks like a variable is none
        return re.sub(r"\$\{(?!AWS::(?:Partition|AccountId)\})", "${!", text) if self.rules_vary else text

    @property
    def rules_said(self) -> str:
        """What its template constraint says to launchers, as short as Service Catalog takes a description."""
        said = [one["AssertDescription"] for rule in self.rules.values() for one in rule["Assertions"]]
        text = "; ".join(said)
        return text if len(text) <= MAX_DESCRIPTION else f"{text[: MAX_DESCRIPTION - 1]}…"

    @property
    def rules_vary(self) -> bool:
        """Whether the rules hold pseudo parameters: a policy's ARN."""
        return "${AWS::Partition}" in json.dumps(self.rules)


@dataclass(frozen=True, slots=True)
class Principal:
    """Who may launch: an IAM ARN written for Sub, and Service Catalog's type of it."""

    id: str
    arn: str
    type: str


@dataclass(frozen=True, slots=True)
class TagOption:
    """A tag to choose at launch. ``id``: logical id; ``given``: of one that the account has already, else empty."""

    id: str
    key: str
    value: str
    given: str = ""


@dataclass(frozen=True, slots=True)
class Portfolio:
    """Everything its template says. ``role_arn``: a launch role of the user's own, in place of one a product.

    ``local``: launch roles have names, for accounts the portfolio is shared with. ``settings``: what was asked for, so
    that the next publishing need not say it again.
    """

    name: str
    stack: str
    owner: str
    description: str
    version: str
    products: tuple[Product, ...]
    principals: tuple[Principal, ...] = ()
    accounts: tuple[str, ...] = ()
    options: tuple[TagOption, ...] = ()
    role_arn: str = ""
    local: bool = False
    settings: Mapping[str, Any] = field(default_factory=dict)

    def role_name(self, product: Product) -> str:
        """A launch role's name, for Sub. Roles know no regions, so the region stands in it.

        It must not begin with SC-: the role could then change itself.
        """
        room = MAX_ROLE_NAME - len("cfgen-launch--") - len("ap-southeast-1")
        name = f"{self.stack}-{product.name}"
        if len(name) > room:
            name = f"{name[: room - 9]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"
        return f"cfgen-launch-{name}-${{AWS::Region}}"


def stack_name(portfolio: str) -> str:
    """The name of a portfolio's stack: its own, in the letters that stack names have. Raises MalformedOption."""
    made = re.sub(r"[^A-Za-z0-9]+", "-", portfolio).strip("-").lower()
    if not re.match(r"[a-z]", made):
        made = f"portfolio-{made}".rstrip("-")
    if not portfolio.strip() or len(portfolio) > 100:
        raise MalformedOption("--portfolio: 1 to 100 characters")
    return check_stack_name(made[:100])


def check_stack_name(name: str) -> str:
    """The name, if launch roles can be told from what they launch. Raises MalformedOption."""
    if name.lower().startswith("sc-"):
        raise MalformedOption(
            f"{name}: Service Catalog's own stacks begin with SC-; a launch role in it could change itself",
            hint="--stack-name",
        )
    return name


def address(bucket: Bucket, key: str, account: str = "") -> str:
    """The template's address for Sub: region, account and domain are not written out, where they are the stack's."""
    name = bucket.name.replace(bucket.region, "${AWS::Region}")
    if account:
        name = name.replace(account, "${AWS::AccountId}")
    host = "s3.${AWS::Region}.${AWS::URLSuffix}"
    return f"https://{host}/{name}/{key}" if "." in bucket.name else f"https://{name}.{host}/{key}"


def portable(arn: str, account: str = "") -> str:
    """An ARN for Sub: partition and the stack's own account are not written out."""
    head, service, region, owner, rest = (
        arn.split(":", 5)[1:] if arn.count(":") >= 5 else ("", "", "", "", "")
    )
    if head != "aws" and not head.startswith("aws-"):
        raise MalformedOption(f"{arn}: not an ARN")
    if owner == account:
        owner = "${AWS::AccountId}"
    return f"arn:${{AWS::Partition}}:{service}:{region}:{owner}:{rest.replace('${', '${!')}"


def principal(text: str, account: str = "") -> Principal:
    """Who may launch, from an ARN. Raises MalformedOption for what is no role, user or group of this account."""
    found = _PRINCIPAL.match(text)
    if found is None:
        raise MalformedOption(
            f"--principal {text}: not the ARN of a role, user or group",
            hint="arn:aws:iam::123456789012:role/Name",
        )
    if account and found["account"] and found["account"] != account:
        raise MalformedOption(
            f"--principal {text}: not of the account {account}",
            hint="share the portfolio with that account; a pattern has no account in it",
        )
    if found["account"] and re.search(r"[*?]", found["rest"]):
        raise MalformedOption(
            f"--principal {text}: a pattern has no account in it",
            hint=f"arn:…:iam:::{found['rest']} for whoever is called so in any account",
        )
    own = "${AWS::AccountId}" if found["account"] else ""
    return Principal(
        "Principal" + hashlib.sha256(found["rest"].encode() + own.encode()).hexdigest()[:8],
        f"arn:${{AWS::Partition}}:iam::{own}:{found['rest']}",
        "IAM" if own else "IAM_PATTERN",
    )


def check_shares(accounts: Iterable[str], units: Iterable[str], own: str) -> None:
    """Raise MalformedOption for what is no other account, and no organisation or unit."""
    for one in accounts:
        if not re.fullmatch(r"\d{12}", one) or one == own:
            what = "the portfolio's own account" if one == own else "not an account's id"
            raise MalformedOption(f"--share-with-account {one}: {what}", hint="twelve digits")
    for one in units:
        if not re.fullmatch(r"o-[a-z0-9]{10,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}", one):
            raise MalformedOption(
                f"--share-with-ou {one}: neither an organisation nor a unit", hint="o-… or ou-…-…"
            )


def option(text: str, others: Mapping[tuple[str, str], str]) -> TagOption:
    """A tag option from ``K=V``; one of ``others`` is used, not made. Raises MalformedOption."""
    key, equals, value = text.partition("=")
    if not (equals and key and value):
        raise MalformedOption(f"--tag-option {text}: not of the form KEY=VALUE")
    logical = "TagOption" + hashlib.sha256(text.encode()).hexdigest()[:8]
    return TagOption(logical, key, value, others.get((key, value), ""))


# What is published already


@dataclass(frozen=True, slots=True)
class Known:
    """A product as a template holds it. ``rules``: of its template constraint."""

    name: str
    versions: tuple[Version, ...]
    grants: tuple[Grant, ...]
    rules: Mapping[str, Any] = field(default_factory=dict)


def settings(template: Mapping[str, Any]) -> dict[str, Any]:
    """What was asked for when a portfolio's template was rendered. Raises PortfolioClash when it is none of cfgen's."""
    mark = document.mark(template)
    if mark is None or "Portfolio" not in mark:
        raise PortfolioClash(
            "there is a stack of that name which is no portfolio of cfgen's", hint="--stack-name ANOTHER"
        )
    return dict(mark.get("Settings") or {})


def known(template: Mapping[str, Any]) -> dict[str, Known]:
    """The products of a portfolio's template by name. Raises PortfolioClash when it is none of cfgen's."""
    settings(template)
    found = {}
    for logical, body in document.resources(template, PRODUCT).items():
        properties = body["Properties"]
        versions = tuple(
            Version(one["Name"], one.get("Description", ""), one["Info"]["LoadTemplateFromURL"]["Fn::Sub"])
            for one in properties["ProvisioningArtifactParameters"]
        )
        stem = logical.removesuffix("Product")
        role = document.resources(template).get(f"{stem}LaunchRole", {})
        rules = _rules(document.resources(template).get(f"{stem}TemplateConstraint", {}))
        found[properties["Name"]] = Known(properties["Name"], versions, _grants(role), rules)
    return found


def _rules(constraint: Mapping[str, Any]) -> dict[str, Any]:
    """The rules of a template constraint, as they were rendered."""
    text = constraint.get("Properties", {}).get("Rules", "{}")
    found: dict[str, Any] = json.loads(
        text["Fn::Sub"].replace("${!", "${") if isinstance(text, dict) else text
    )
    return found


def _grants(role: Mapping[str, Any]) -> tuple[Grant, ...]:
    """The derived statements of a launch role, as they were rendered."""
    found = []
    for policy in role.get("Properties", {}).get("Policies", ()):
        if policy["PolicyName"] != "resources":
            continue
        for one in policy["PolicyDocument"]["Statement"]:
            resources = tuple(r["Fn::Sub"] if isinstance(r, dict) else r for r in one["Resource"])
            condition = tuple(
                (operator, key, value["Fn::Sub"] if isinstance(value, dict) else value)
                for operator, pairs in one.get("Condition", {}).items()
                for key, value in pairs.items()
            )
            why = NO_RESOURCE if resources == ("*",) else ""
            found.append(Grant(one["Sid"], tuple(one["Action"]), resources, condition, why))
    return tuple(found)


def with_version(
    product: Product, before: Known | None, version: Version, label: str = "", boundary: str = ""
) -> tuple[Product, bool]:
    """The product with its earlier versions and, if its content is new, ``version``; and whether it is.

    ``version.name`` is the content's hash; it gets ``label`` or the next number in front. Raises PortfolioClash.
    """
    digest = version.name[:_HASH]
    earlier = before.versions if before else ()
    if any(one.digest == digest for one in earlier):
        # the permissions of all that is published stay, and what cfgen has learnt since comes along
        return _checked(
            replace(product, versions=earlier, grants=_together(product, before, boundary))
        ), False
    number = max((int(n[1]) for one in earlier if (n := re.match(r"v(\d+)-", one.name))), default=0) + 1
    name = f"{label or f'v{number}'}-{digest}"
    if " " in name:
        raise MalformedOption(f"--version {label}: no spaces")
    if len(earlier) >= MAX_VERSIONS:
        raise PortfolioClash(
            f"{product.name} has {len(earlier)} versions; Service Catalog takes no more",
            hint="publish it in another portfolio, or under another name",
        )
    versions = (*earlier, replace(version, name=name))
    return _checked(replace(product, versions=versions, grants=_together(product, before, boundary))), True


def _together(product: Product, before: Known | None, boundary: str) -> tuple[Grant, ...]:
    """The permissions of all versions, under the boundary that holds now."""
    return joined([product.grants, rebound(before.grants if before else (), boundary)])


def _checked(product: Product) -> Product:
    """The product, if IAM takes its launch role. Raises RoleTooLarge."""
    statements = [
        {
            "Sid": one.sid,
            "Effect": "Allow",
            "Action": one.actions,
            "Resource": one.resources,
            "Condition": one.condition,
        }
        for one in product.grants
    ]
    # CloudFormation's and S3's statements, and room for account and region in place of pseudo parameters
    size = len(json.dumps(statements, separators=(",", ":"))) + 1_000
    if size > MAX_POLICY:
        raise RoleTooLarge(
            f"{product.name}: the launch role would have about {size:,} characters of policy; IAM takes {MAX_POLICY:,}",
            hint="--launch-role-arn ARN of a role of your own",
        )
    return product


def check_products(portfolio: Iterable[Product], before: Mapping[str, Known], *, prune: bool) -> None:
    """Raise PortfolioClash for a product that is deployed and not given, unless ``prune``; and for ids that clash."""
    products = list(portfolio)
    gone = sorted(set(before) - {one.name for one in products})
    if gone and not prune:
        raise PortfolioClash(
            f"the portfolio holds {', '.join(gone)} too, which would be deleted",
            hint="name all its specs, or say --prune",
        )
    ids: dict[str, str] = {}
    for one in products:
        if other := ids.setdefault(one.id, one.name) != one.name and ids[one.id]:
            raise PortfolioClash(f"{one.name} and {other} cannot stand in one template", hint="rename one")
