"""Specs → a Service Catalog portfolio: upload, render, deploy, share with organisations, retire versions.

What CloudFormation can do, it does. What it cannot (sharing with an organisation's units, deprecating a version) the
API does afterwards, each call only where something is to change.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgen import __version__, document
from cfgen.catalogue import load as load_catalogue
from cfgen.deploy import inputs
from cfgen.deploy import stack as stacks
from cfgen.deploy.errors import MalformedOption, RegionUnsupported
from cfgen.deploy.session import Aws, aws_errors, pages
from cfgen.publish import constraints, permissions, portfolio, rendering, s3
from cfgen.publish.errors import BucketUnusable, PortfolioClash, VersionUnknown
from cfgen.publish.portfolio import Known, Portfolio, Product, Version

if TYPE_CHECKING:
    from cfgen.render.template import Template


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be published, and how; see ``cfgen publish service-catalog --help``."""

    portfolio: str
    stack: str
    owner: str
    pattern: str
    prefix: str = s3.PREFIX
    public: bool = False
    principals: tuple[str, ...] = ()
    accounts: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    allowed: Mapping[str, Sequence[str]] = field(default_factory=dict)
    label: str = ""
    role_arn: str = ""
    boundary: str = ""
    prune: bool = False

    def settings(self) -> dict[str, Any]:
        """What stays until something else is asked for."""
        return {
            "Owner": self.owner,
            "Principals": list(dict.fromkeys(self.principals)),
            "Accounts": list(dict.fromkeys(self.accounts)),
            "Units": list(dict.fromkeys(self.units)),
            "TagOptions": list(dict.fromkeys(self.options)),
            "Allow": {name: list(values) for name, values in self.allowed.items()},
            "LaunchRoleArn": self.role_arn,
            "PermissionsBoundary": self.boundary,
        }

    def over(self, before: Mapping[str, Any]) -> Request:
        """With what was asked for before and is not asked for otherwise now; not when pruning."""
        if self.prune or not before:
            return self
        return replace(
            self,
            owner=self.owner or before["Owner"],
            principals=(*before["Principals"], *self.principals),
            accounts=(*before["Accounts"], *self.accounts),
            units=(*before["Units"], *self.units),
            options=(*before["TagOptions"], *self.options),
            allowed={**before["Allow"], **self.allowed},
            role_arn=self.role_arn or before["LaunchRoleArn"],
            boundary=self.boundary or before["PermissionsBoundary"],
        )


@dataclass(frozen=True, slots=True)
class Ready:
    """A portfolio rendered for one region. ``new``: product → the version that is new; ``notes``: what to think of."""

    region: str
    portfolio: Portfolio
    template: Template
    new: Mapping[str, str]
    bucket: str
    units: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "portfolio": self.portfolio.name, "stack": self.portfolio.stack, "region": self.region,
            "products": [
                {
                    "name": one.name, "new": self.new.get(one.name),
                    "versions": [{"name": v.name, "description": v.description} for v in one.versions],
                }
                for one in self.portfolio.products
            ],
        }  # fmt: skip


def check_regions(regions: Sequence[str]) -> None:
    """Raise RegionUnsupported for regions without Service Catalog, with the reason."""
    known = load_catalogue()
    wrong = [region for region in regions if not known.region(region).service_catalog]
    if wrong:
        raise RegionUnsupported(
            f"no Service Catalog in {', '.join(wrong)}: CloudFormation has no {portfolio.PRODUCT} there",
            hint="`cfgen publish s3` publishes there",
        )


def prepare(request: Request, templates: Sequence[Template], aws: Aws) -> Ready:
    """Upload what is new and render the portfolio over what is deployed. Raises PublishError of every kind."""
    known_regions = load_catalogue().regions
    with aws_errors("learn the account"):
        account = aws.client("sts").get_caller_identity()["Account"]
    template = _deployed(aws, request.stack)
    before = portfolio.known(template) if template else {}
    request = request.over(portfolio.settings(template) if template else {})
    name = s3.bucket_name(request.pattern, aws.region, account)
    bucket = s3.look_at(aws, name, known_regions)
    if bucket.region != aws.region:
        raise BucketUnusable(
            f"{name} is in {bucket.region}; products in {aws.region} take their templates from a bucket there",
            hint="--bucket-per-region PATTERN",
        )
    s3.check_public(bucket, allowed=request.public)
    others = _tag_options(aws, template) if request.options else {}
    ready = plan(request, templates, aws.region, before, bucket, account, others)
    wanted = {s3.key_of(one, request.prefix): one.text.encode("utf-8") for one in templates}
    s3.upload(aws.client("s3"), bucket.name, request.prefix, wanted)
    return ready


def plan(
    request: Request,
    templates: Sequence[Template],
    region: str,
    before: Mapping[str, Known],
    bucket: s3.Bucket,
    account: str = "",
    others: Mapping[tuple[str, str], str] | None = None,
) -> Ready:
    """The portfolio over what was published ``before``; nothing is asked of AWS and nothing uploaded.

    ``others``: key and value of tag options that stand in the account already, with their ids.

    Raises PortfolioClash, UnknownPermissions, RoleTooLarge, MalformedOption, RegionUnsupported.
    """
    check_regions([region])
    for one in templates:
        inputs.check_regions(one, [region])
    portfolio.check_shares(request.accounts, request.units, account)
    constraints.check_names(request.allowed, templates)
    products, new, notes = [], {}, list[str]()
    request = replace(request, owner=request.owner or "cfgen")
    for one in templates:
        product, fresh = _product(request, one, before.get(one.name), bucket, account, notes)
        products.append(product)
        if fresh:
            new[one.name] = product.versions[-1].name
    portfolio.check_products(products, before, prune=request.prune)
    made = Portfolio(
        request.portfolio,
        request.stack,
        request.owner,
        f"Service Catalog portfolio {request.portfolio}",
        __version__,
        tuple(products),
        tuple({p.id: p for p in (portfolio.principal(one, account) for one in request.principals)}.values()),
        tuple(dict.fromkeys(request.accounts)),
        tuple({o.id: o for o in (portfolio.option(text, others or {}) for text in request.options)}.values()),
        portfolio.portable(request.role_arn, account) if request.role_arn else "",
        bool(request.accounts or request.units) and not request.role_arn,
        request.settings(),
    )
    return Ready(
        region, made, rendering.render(made, (region,)), new, bucket.name, request.units, tuple(notes)
    )


def _product(
    request: Request,
    template: Template,
    before: Known | None,
    bucket: s3.Bucket,
    account: str,
    notes: list[str],
) -> tuple[Product, bool]:
    if template.assets:
        raise PortfolioClash(
            f"{template.name}: its code is too large for the template, and a product has one file",
            hint="make the code smaller, or bring it in an image of your own",
        )
    data = document.load(template.text, template.name)
    allowed = constraints.of_product(request.allowed, template)
    boundary = portfolio.portable(request.boundary, account) if request.boundary else ""
    grants = () if request.role_arn else permissions.grants_of(data, boundary)
    rules = constraints.rules_of(template, data, allowed, boundary, before.rules if before else {})
    for name in constraints.default_excluded(data, allowed):
        notes.append(
            f"{template.name}: the default of {name} is not allowed, so whoever launches must choose another"
        )
    if request.role_arn:
        rules = {name: rule for name, rule in rules.items() if name.removesuffix("IsAllowed") in allowed}
    digest, key = s3.digest_of(template), s3.key_of(template, request.prefix)
    version = Version(digest, f"SHA-256 {digest}", portfolio.address(bucket, key, account))
    bare = Product(template.name, str(data.get("Description", template.name)), (), grants, rules)
    return portfolio.with_version(bare, before, version, request.label, boundary)


def _tag_options(aws: Aws, template: Mapping[str, Any]) -> dict[tuple[str, str], str]:
    """Tag options that others made: key and value are unique in an account and region (CreateTagOption)."""
    own = {
        (made["Properties"]["Key"], made["Properties"]["Value"])
        for made in document.resources(template, portfolio.TAG_OPTION).values()
    }
    with aws_errors("list the tag options"):
        pages = aws.client("servicecatalog").get_paginator("list_tag_options").paginate()
        found = [one for page in pages for one in page["TagOptionDetails"]]
    return {(o["Key"], o["Value"]): o["Id"] for o in found if (o["Key"], o["Value"]) not in own}


def _deployed(aws: Aws, stack: str) -> dict[str, Any]:
    """The template of the portfolio's stack; nothing when there is none."""
    found = stacks.find(aws, stack)
    if found is None or found.status in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"):
        return {}
    return found.template


def read(path: Path) -> dict[str, Any]:
    """An earlier rendering; nothing when there is no file. Raises MalformedOption."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise MalformedOption(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error
    return document.load(text, str(path))


# What CloudFormation cannot do


def share(
    aws: Aws, portfolio_id: str, units: Sequence[str], *, options: bool, principals: bool
) -> tuple[list[str], list[str]]:
    """Share with organisations (``o-…``) and units (``ou-…``), tag options and patterns of principals too if asked.

    Those that are new, and those whose share was another before. Only the organisation's management account, or a
    delegated administrator, may ("CreatePortfolioShare").
    """
    client = aws.client("servicecatalog")
    new, changed = [], []
    with_it = {"ShareTagOptions": options, "SharePrincipals": principals}
    for unit in units:
        kind = "ORGANIZATION" if unit.startswith("o-") else "ORGANIZATIONAL_UNIT"
        node = {"Type": kind, "Value": unit}
        with aws_errors(f"share the portfolio with {unit}"):
            listed = pages(
                _tokened(client.describe_portfolio_shares), "PortfolioShareDetails", "PageToken",
                PortfolioId=portfolio_id, Type=kind,
            )  # fmt: skip
            there = next((one for one in listed if one["PrincipalId"].rpartition("/")[2] == unit), None)
            if there is None:
                client.create_portfolio_share(PortfolioId=portfolio_id, OrganizationNode=node, **with_it)
                new.append(unit)
            elif any(bool(there.get(name)) != value for name, value in with_it.items()):
                client.update_portfolio_share(PortfolioId=portfolio_id, OrganizationNode=node, **with_it)
                changed.append(unit)
    return new, changed


def _tokened(call: Any) -> Any:
    """Service Catalog takes PageToken and answers NextPageToken."""

    def listing(**arguments: Any) -> dict[str, Any]:
        page: dict[str, Any] = call(**arguments)
        return {**page, "PageToken": page.get("NextPageToken")}

    return listing


@dataclass(frozen=True, slots=True)
class Change:
    """A version that was retired or hidden; ``done``: just now rather than before."""

    product: str
    version: str
    what: str
    done: bool


def retire(
    aws: Aws,
    products: Mapping[str, str],
    wanted: Sequence[str],
    *,
    hide: bool = False,
    warn: Callable[[list[str]], Any] = lambda _: None,
) -> list[Change]:
    """Deprecate versions, or hide them; ``products``: name → id, ``wanted``: ``VERSION`` or ``PRODUCT:VERSION``.

    A deprecated version can be updated and ended, but not launched anew; a hidden one cannot be updated either
    ("UpdateProvisioningArtifact"). ``warn`` hears of a product that is left without a version. All are looked for
    before one is changed. Raises VersionUnknown.
    """
    client = aws.client("servicecatalog")
    found: list[tuple[str, dict[str, Any]]] = []
    listed: dict[str, list[dict[str, Any]]] = {}
    for text in wanted:
        product, _, version = text.rpartition(":")
        hits = []
        for name in [product] if product else list(products):
            if name not in products:
                raise VersionUnknown(f"{name}: no such product", hint=f"there are {', '.join(products)}")
            if name not in listed:
                with aws_errors(f"list the versions of {name}"):
                    answer = client.list_provisioning_artifacts(ProductId=products[name])
                listed[name] = answer["ProvisioningArtifactDetails"]
            hits += [(name, one) for one in listed[name] if _is(one["Name"], version)]
        if not hits:
            names = [f"{name}:{one['Name']}" for name, rows in listed.items() for one in rows]
            raise VersionUnknown(f"{text}: no such version", hint=f"there are {', '.join(names)}")
        if len(hits) > 1:
            several = ", ".join(f"{name}:{one['Name']}" for name, one in hits)
            raise VersionUnknown(f"{text}: more than one version is meant: {several}", hint="PRODUCT:VERSION")
        found += hits
    done = []
    for name, one in found:
        change = {"Active": False} if hide else {"Guidance": "DEPRECATED"}
        new = any(one.get(key) != value for key, value in change.items())
        if new:
            with aws_errors(f"{'hide' if hide else 'retire'} {one['Name']} of {name}"):
                client.update_provisioning_artifact(
                    ProductId=products[name], ProvisioningArtifactId=one["Id"], **change
                )
        one.update(change)
        done.append(Change(name, one["Name"], "hidden" if hide else "retired", new))
    for name in dict.fromkeys(name for name, _ in found):
        if not any(one.get("Active") and one.get("Guidance") != "DEPRECATED" for one in listed[name]):
            warn([f"{name} has no version left that can be launched"])
    return done


def _is(name: str, wanted: str) -> bool:
    """A version by its whole name, by what stands before the hash, or by the hash."""
    label, _, digest = name.rpartition("-")
    return wanted in (name, label, digest)


def allowed_of(given: Sequence[str]) -> dict[str, list[str]]:
    """``[PRODUCT:]PARAMETER=V1,V2`` → parameter → values. Raises MalformedOption."""
    found: dict[str, list[str]] = {}
    for text in given:
        name, equals, values = text.partition("=")
        if not equals or not name:
            raise MalformedOption(f"--allow {text}: not of the form PARAMETER=VALUE,…")
        found[name] = values.split(",")
    return found


def product_ids(outputs: Mapping[str, str], made: Portfolio) -> dict[str, str]:
    """Product → id, from the stack's outputs."""
    return {
        one.name: outputs[f"{one.id}ProductId"] for one in made.products if f"{one.id}ProductId" in outputs
    }
