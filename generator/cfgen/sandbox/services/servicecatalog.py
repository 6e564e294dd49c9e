"""Service Catalog's administration: portfolios, products and their versions.

moto keeps portfolios and products but none of their versions (provisioning artifacts), associations, constraints, tag
options and principals, and it checks no template, so the service is the sandbox's own. What is tied to what is
``servicecatalog_ties``' business, launching ``servicecatalog_launch``'s.
"""

from __future__ import annotations

import secrets
import string
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.exceptions import ClientError

from cfgen.sandbox.cfn.state import now
from cfgen.sandbox.clients import client
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import AwsError, Call

MAX_VERSIONS = 100
"""Versions of a product (Service Catalog quotas)."""
_ALPHABET = string.ascii_lowercase + "234567"


@dataclass
class Catalog:
    """One region's Service Catalog."""

    portfolios: dict[str, dict[str, Any]] = field(default_factory=dict)
    products: dict[str, dict[str, Any]] = field(default_factory=dict)
    constraints: dict[str, dict[str, Any]] = field(default_factory=dict)
    options: dict[str, dict[str, Any]] = field(default_factory=dict)
    # what is tied to what: (portfolio, product), (option, resource), (portfolio, principal) → type
    members: set[tuple[str, str]] = field(default_factory=set)
    tagged: set[tuple[str, str]] = field(default_factory=set)
    principals: dict[tuple[str, str], str] = field(default_factory=dict)
    shares: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    # what was launched: provisioned products, their stacks, and the records of what was done
    launched: dict[str, dict[str, Any]] = field(default_factory=dict)
    stacks: dict[str, str] = field(default_factory=dict)
    records: dict[str, dict[str, Any]] = field(default_factory=dict)


_regions: dict[str, Catalog] = {}


def catalog_of(region: str) -> Catalog:
    """The state of a region."""
    return _regions.setdefault(region, Catalog())


def new_id(prefix: str) -> str:
    """An id as Service Catalog makes them."""
    return f"{prefix}-{''.join(secrets.choice(_ALPHABET) for _ in range(13))}"


def get(store: dict[str, dict[str, Any]], kind: str, key: str) -> dict[str, Any]:
    """What a store holds, or Service Catalog's refusal."""
    if key not in store:
        raise AwsError("ResourceNotFoundException", f"{kind} {key} not found.")
    return store[key]


def invalid(message: str) -> AwsError:
    """The refusal of malformed parameters."""
    return AwsError("InvalidParametersException", message)


# Portfolios


def portfolio_of(call: Call, key: str = "Id") -> dict[str, Any]:
    """The portfolio that a call names in ``key``."""
    return get(catalog_of(call.region).portfolios, "Portfolio", call.params[key])


def _tags(given: Any) -> list[dict[str, str]]:
    return [dict(one) for one in given or ()]


@operation("servicecatalog")
def create_portfolio(call: Call) -> Any:
    p, made = call.params, new_id("port")
    detail = {
        "Id": made,
        "ARN": f"arn:{call.partition}:catalog:{call.region}:{call.account}:portfolio/{made}",
        "DisplayName": p["DisplayName"],
        "Description": p.get("Description") or "",
        "ProviderName": p["ProviderName"],
        "CreatedTime": now(),
    }
    catalog_of(call.region).portfolios[made] = {"detail": detail, "tags": _tags(p.get("Tags"))}
    return {"PortfolioDetail": detail, "Tags": _tags(p.get("Tags"))}


@operation("servicecatalog")
def update_portfolio(call: Call) -> Any:
    found, p = portfolio_of(call), call.params
    found["detail"].update({k: p[k] for k in ("DisplayName", "Description", "ProviderName") if k in p})
    found["tags"] = _retagged(found["tags"], p)
    return {"PortfolioDetail": found["detail"], "Tags": found["tags"]}


def _retagged(tags: list[dict[str, str]], p: dict[str, Any]) -> list[dict[str, str]]:
    gone = {*p.get("RemoveTags", ()), *(one["Key"] for one in p.get("AddTags", ()))}
    return [one for one in tags if one["Key"] not in gone] + _tags(p.get("AddTags"))


@operation("servicecatalog")
def describe_portfolio(call: Call) -> Any:
    catalog, found = catalog_of(call.region), portfolio_of(call)
    options = [catalog.options[o] for o, r in sorted(catalog.tagged) if r == call.params["Id"]]
    return {"PortfolioDetail": found["detail"], "Tags": found["tags"], "TagOptions": options}


@operation("servicecatalog")
def list_portfolios(call: Call) -> Any:
    return {"PortfolioDetails": [one["detail"] for one in catalog_of(call.region).portfolios.values()]}


@operation("servicecatalog")
def delete_portfolio(call: Call) -> Any:
    catalog, key = catalog_of(call.region), call.params["Id"]
    portfolio_of(call)
    used = [
        *(pair for pair in (*catalog.members, *catalog.principals, *catalog.shares) if pair[0] == key),
        *(pair for pair in catalog.tagged if pair[1] == key),
    ]
    if used:
        raise AwsError("ResourceInUseException", f"Portfolio {key} has products, principals, tags or shares.")
    del catalog.portfolios[key]
    return {}


# Products and their versions


@operation("servicecatalog")
def create_product(call: Call) -> Any:
    p, made = call.params, new_id("prod")
    summary = {
        "Id": new_id("prodview"),
        "ProductId": made,
        "Name": p["Name"],
        "Owner": p["Owner"],
        "ShortDescription": p.get("Description") or "",
        "Type": p.get("ProductType") or "CLOUD_FORMATION_TEMPLATE",
        **{k: p[k] for k in ("Distributor", "SupportEmail", "SupportDescription", "SupportUrl") if p.get(k)},
    }
    product: dict[str, Any] = {
        "view": {
            "ProductViewSummary": summary,
            "Status": "AVAILABLE",
            "ProductARN": f"arn:{call.partition}:catalog:{call.region}:{call.account}:product/{made}",
            "CreatedTime": now(),
        },
        "tags": _tags(p.get("Tags")),
        "artifacts": {},
    }
    answer = {"ProductViewDetail": product["view"], "Tags": product["tags"]}
    if given := p.get("ProvisioningArtifactParameters"):
        answer["ProvisioningArtifactDetail"] = _artifact(call, product, given)["detail"]
    catalog_of(call.region).products[made] = product
    return answer


def product_of(call: Call, key: str = "ProductId") -> dict[str, Any]:
    """The product that a call names in ``key``."""
    return get(catalog_of(call.region).products, "Product", call.params[key])


@operation("servicecatalog")
def update_product(call: Call) -> Any:
    found, p = product_of(call, "Id"), call.params
    names = {"Description": "ShortDescription"}
    for key in (
        "Name",
        "Owner",
        "Description",
        "Distributor",
        "SupportEmail",
        "SupportDescription",
        "SupportUrl",
    ):
        if key in p:
            found["view"]["ProductViewSummary"][names.get(key, key)] = p[key]
    found["tags"] = _retagged(found["tags"], p)
    return {"ProductViewDetail": found["view"], "Tags": found["tags"]}


@operation("servicecatalog")
def describe_product_as_admin(call: Call) -> Any:
    catalog, p = catalog_of(call.region), call.params
    found = next(
        (
            one
            for key, one in catalog.products.items()
            if key == p.get("Id") or one["view"]["ProductViewSummary"]["Name"] == p.get("Name")
        ),
        None,
    )
    if found is None:
        raise AwsError("ResourceNotFoundException", f"Product {p.get('Id') or p.get('Name')} not found.")
    key = found["view"]["ProductViewSummary"]["ProductId"]
    return {
        "ProductViewDetail": found["view"],
        "ProvisioningArtifactSummaries": [one["detail"] for one in found["artifacts"].values()],
        "Tags": found["tags"],
        "TagOptions": [catalog.options[o] for o, r in sorted(catalog.tagged) if r == key],
    }


@operation("servicecatalog")
def search_products_as_admin(call: Call) -> Any:
    catalog, wanted = catalog_of(call.region), call.params.get("PortfolioId")
    return {
        "ProductViewDetails": [
            one["view"]
            for key, one in catalog.products.items()
            if wanted is None or (wanted, key) in catalog.members
        ]
    }


@operation("servicecatalog")
def delete_product(call: Call) -> Any:
    catalog, key = catalog_of(call.region), call.params["Id"]
    product_of(call, "Id")
    if any(key in pair for pair in (*catalog.members, *catalog.tagged)):
        raise AwsError("ResourceInUseException", f"Product {key} is in a portfolio or has tag options.")
    del catalog.products[key]
    return {}


def _artifact(call: Call, product: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    if len(product["artifacts"]) >= MAX_VERSIONS:
        raise AwsError("LimitExceededException", f"A product has at most {MAX_VERSIONS} versions.")
    if " " in (given.get("Name") or ""):
        raise invalid("The name of a provisioning artifact takes no spaces.")
    url = (given.get("Info") or {}).get("LoadTemplateFromURL", "")
    text = _fetch(call, url)
    if not given.get("DisableTemplateValidation"):
        try:
            client("cloudformation", call.region).validate_template(TemplateBody=text)
        except ClientError as error:
            raise invalid(f"Invalid templateBody. {error.response['Error']['Message']}") from None
    made = new_id("pa")
    detail = {
        "Id": made,
        "Name": given.get("Name") or made,
        "Description": given.get("Description") or "",
        "Type": given.get("Type") or "CLOUD_FORMATION_TEMPLATE",
        "CreatedTime": now(),
        "Active": True,
        "Guidance": "DEFAULT",
    }
    product["artifacts"][made] = {"detail": detail, "info": {"TemplateUrl": url}, "text": text}
    return dict(product["artifacts"][made])


def _fetch(call: Call, url: str) -> str:
    """The template behind an S3 address, as Service Catalog copies it when the version is made."""
    parts = urlsplit(url)
    host, path = parts.netloc, parts.path.lstrip("/")
    if parts.scheme != "https" or ".s3" not in f".{host}":
        raise invalid(f"Invalid TemplateUrl: {url}")
    if host.startswith("s3."):
        bucket, _, key = path.partition("/")
    else:
        bucket, key = host.partition(".s3.")[0], path
    try:
        body = client("s3", call.region).get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        raise invalid(
            f"Unable to fetch the template from {url}: {error.response['Error']['Message']}"
        ) from None
    return str(body.decode())


@operation("servicecatalog")
def create_provisioning_artifact(call: Call) -> Any:
    made = _artifact(call, product_of(call), call.params["Parameters"])
    return {"ProvisioningArtifactDetail": made["detail"], "Info": made["info"], "Status": "AVAILABLE"}


def _version(call: Call) -> dict[str, Any]:
    p, catalog = call.params, catalog_of(call.region)
    products = (
        [product_of(call)]
        if p.get("ProductId")
        else [
            one
            for one in catalog.products.values()
            if one["view"]["ProductViewSummary"]["Name"] == p.get("ProductName")
        ]
    )
    for product in products:
        for key, one in product["artifacts"].items():
            if key == p.get("ProvisioningArtifactId") or one["detail"]["Name"] == p.get(
                "ProvisioningArtifactName"
            ):
                return dict(one)
    raise AwsError("ResourceNotFoundException", "Provisioning artifact not found.")


@operation("servicecatalog")
def describe_provisioning_artifact(call: Call) -> Any:
    one = _version(call)
    info = (
        {**one["info"], "CloudFormationTemplate": one["text"]} if call.params.get("Verbose") else one["info"]
    )
    return {"ProvisioningArtifactDetail": one["detail"], "Info": info, "Status": "AVAILABLE"}


@operation("servicecatalog")
def update_provisioning_artifact(call: Call) -> Any:
    one, p = _version(call), call.params
    one["detail"].update({k: p[k] for k in ("Description", "Active", "Guidance") if k in p})
    return {"ProvisioningArtifactDetail": one["detail"], "Info": one["info"], "Status": "AVAILABLE"}


@operation("servicecatalog")
def delete_provisioning_artifact(call: Call) -> Any:
    product, key = product_of(call), call.params["ProvisioningArtifactId"]
    _version(call)
    if len(product["artifacts"]) == 1:
        raise AwsError("ResourceInUseException", "A product keeps at least one version.")
    del product["artifacts"][key]
    return {}


@operation("servicecatalog")
def list_provisioning_artifacts(call: Call) -> Any:
    found = product_of(call)["artifacts"].values()
    return {"ProvisioningArtifactDetails": [one["detail"] for one in found]}
