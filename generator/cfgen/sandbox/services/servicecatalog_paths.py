"""Service Catalog's end users: who may launch what, by which path, with which values."""

from __future__ import annotations

import re
from typing import Any

from cfgen.sandbox.cfn import loader
from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services.servicecatalog import Catalog, catalog_of, invalid
from cfgen.sandbox.wire import AwsError, Call


def _matches(pattern: str, arn: str) -> bool:
    """An IAM_PATTERN: ``?`` is one character or none, ``*`` any (AssociatePrincipalWithPortfolio)."""
    regex = "".join(".?" if one == "?" else ".*" if one == "*" else re.escape(one) for one in pattern)
    return re.fullmatch(regex, arn) is not None


def _may(catalog: Catalog, portfolio: str, call: Call) -> bool:
    caller = principals.resolve(call.access_key, call.region)
    if caller.operator:
        return True
    own = caller.role_arn or caller.arn
    bare = own.replace(f"::{call.account}:", ":::")
    return any(
        arn == own if kind == "IAM" else _matches(arn, bare)
        for (of, arn), kind in catalog.principals.items()
        if of == portfolio
    )


def paths(call: Call, product: str) -> dict[str, str]:
    """Launch path → portfolio, for the caller."""
    catalog = catalog_of(call.region)
    return {
        portfolio.replace("port-", "lpv3-"): portfolio
        for portfolio, member in sorted(catalog.members)
        if member == product and _may(catalog, portfolio, call)
    }


def portfolio_for(call: Call, product: str) -> str:
    """The portfolio that the caller launches from. Only one path need not be named."""
    found, p = paths(call, product), call.params
    if not found:
        raise AwsError("ResourceNotFoundException", f"No launch paths found for resource: {product}.")
    names = catalog_of(call.region).portfolios
    for path, portfolio in found.items():
        if path == p.get("PathId") or names[portfolio]["detail"]["DisplayName"] == p.get("PathName"):
            return portfolio
    if p.get("PathId") or p.get("PathName"):
        raise AwsError("ResourceNotFoundException", "The launch path was not found.")
    if len(found) > 1:
        raise invalid(f"The product has several launch paths, so PathId is needed: {', '.join(found)}.")
    return next(iter(found.values()))


def constraints_of(call: Call, portfolio: str, product: str) -> list[dict[str, Any]]:
    """The constraints of a product in a portfolio."""
    return [
        one
        for one in catalog_of(call.region).constraints.values()
        if (one["PortfolioId"], one["ProductId"]) == (portfolio, product)
    ]


def product_meant(call: Call) -> tuple[str, dict[str, Any]]:
    """The product that a call names by id or name, with its id."""
    p, products = call.params, catalog_of(call.region).products
    for key, one in products.items():
        if key == p.get("ProductId") or one["view"]["ProductViewSummary"]["Name"] == p.get("ProductName"):
            return key, one
    raise AwsError("ResourceNotFoundException", "The product was not found.")


def version_meant(
    call: Call, product: dict[str, Any], launched: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The version meant, if it may be used: a deprecated one only by what was launched from it."""
    p = call.params
    wanted = (p.get("ProvisioningArtifactId"), p.get("ProvisioningArtifactName"))
    if not any(wanted) and launched is not None:
        wanted = (launched["ProvisioningArtifactId"], None)
    for key, one in product["artifacts"].items():
        detail = one["detail"]
        if wanted[0] == key or wanted[1] == detail["Name"]:
            same = launched is not None and launched["ProvisioningArtifactId"] == key
            if not detail["Active"] or (detail["Guidance"] == "DEPRECATED" and not same):
                state = "deprecated" if detail["Active"] else "not active"
                raise invalid(f"The provisioning artifact {detail['Name']} is {state}.")
            return dict(one)
    raise AwsError("ResourceNotFoundException", "The provisioning artifact was not found.")


def options_of(call: Call, *resources: str) -> dict[str, list[str]]:
    """Tag options of a portfolio and a product: key → values."""
    catalog, found = catalog_of(call.region), dict[str, list[str]]()
    for option, resource in sorted(catalog.tagged):
        one = catalog.options[option]
        if resource in resources and one["Active"]:
            found.setdefault(one["Key"], []).append(one["Value"])
    return {key: sorted(values) for key, values in found.items()}


@operation("servicecatalog")
def list_launch_paths(call: Call) -> Any:
    product, _ = product_meant(call)
    names = catalog_of(call.region).portfolios
    return {
        "LaunchPathSummaries": [
            {
                "Id": path,
                "Name": names[portfolio]["detail"]["DisplayName"],
                "ConstraintSummaries": [
                    {"Type": one["Type"], "Description": one["Description"]}
                    for one in constraints_of(call, portfolio, product)
                ],
                "Tags": names[portfolio]["tags"],
            }
            for path, portfolio in paths(call, product).items()
        ]
    }


@operation("servicecatalog")
def describe_provisioning_parameters(call: Call) -> Any:
    key, product = product_meant(call)
    portfolio = portfolio_for(call, key)
    data = loader.load(version_meant(call, product)["text"])
    return {
        "ProvisioningArtifactParameters": [
            {
                "ParameterKey": name,
                "ParameterType": body["Type"],
                "DefaultValue": str(body.get("Default", "")),
                "Description": str(body.get("Description", "")),
                "IsNoEcho": str(body.get("NoEcho", "")).lower() == "true",
                "ParameterConstraints": {"AllowedValues": [str(v) for v in body.get("AllowedValues", ())]},
            }
            for name, body in (data.get("Parameters") or {}).items()
        ],
        "ConstraintSummaries": [
            {"Type": one["Type"], "Description": one["Description"]}
            for one in constraints_of(call, portfolio, key)
        ],
        "TagOptions": [
            {"Key": k, "Values": values} for k, values in options_of(call, portfolio, key).items()
        ],
    }
