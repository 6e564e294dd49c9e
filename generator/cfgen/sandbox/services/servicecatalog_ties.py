"""Service Catalog: what is tied to portfolios and products: constraints, tag options, principals, shares."""

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.iam import principals
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services.servicecatalog import catalog_of, get, invalid, new_id, portfolio_of, product_of
from cfgen.sandbox.wire import AwsError, Call

# Products in portfolios


@operation("servicecatalog")
def associate_product_with_portfolio(call: Call) -> Any:
    p = call.params
    portfolio_of(call, "PortfolioId")
    product_of(call)
    catalog_of(call.region).members.add((p["PortfolioId"], p["ProductId"]))
    return {}


@operation("servicecatalog")
def disassociate_product_from_portfolio(call: Call) -> Any:
    catalog, pair = catalog_of(call.region), (call.params["PortfolioId"], call.params["ProductId"])
    if any((one["PortfolioId"], one["ProductId"]) == pair for one in catalog.constraints.values()):
        raise AwsError("ResourceInUseException", "The product has constraints in the portfolio.")
    if pair not in catalog.members:
        raise AwsError("ResourceNotFoundException", "The product is not in the portfolio.")
    catalog.members.discard(pair)
    return {}


# Constraints


@operation("servicecatalog")
def create_constraint(call: Call) -> Any:
    catalog, p = catalog_of(call.region), call.params
    pair = (p["PortfolioId"], p["ProductId"])
    if pair not in catalog.members:
        raise AwsError("ResourceNotFoundException", "The product is not in the portfolio.")
    _check_constraint(call, p["Type"], p["Parameters"])
    if p["Type"] == "LAUNCH" and any(
        (one["PortfolioId"], one["ProductId"], one["Type"]) == (*pair, "LAUNCH")
        for one in catalog.constraints.values()
    ):
        raise AwsError("DuplicateResourceException", "The product has a LAUNCH constraint in the portfolio.")
    made = new_id("cons")
    catalog.constraints[made] = {
        "ConstraintId": made,
        "Type": p["Type"],
        "Description": p.get("Description") or "",
        "Owner": call.account,
        "PortfolioId": p["PortfolioId"],
        "ProductId": p["ProductId"],
        "parameters": p["Parameters"],
    }
    return _constraint(catalog.constraints[made])


def _check_constraint(call: Call, kind: str, text: str) -> None:
    try:
        given = json.loads(text)
    except ValueError:
        raise invalid("The constraint's parameters are not JSON.") from None
    if kind == "TEMPLATE":
        if not isinstance(given.get("Rules"), dict) or not given["Rules"]:
            raise invalid("A TEMPLATE constraint takes Rules.")
    elif kind == "LAUNCH":
        if len({"RoleArn", "LocalRoleName"} & set(given)) != 1:
            raise invalid("A LAUNCH constraint takes either RoleArn or LocalRoleName.")
        role = (
            given.get("RoleArn") or f"arn:{call.partition}:iam::{call.account}:role/{given['LocalRoleName']}"
        )
        if principals.role_of(role) is None:
            raise invalid(f"The role {role} does not exist.")
        if not principals.trusts(role, {"Service": ["servicecatalog.amazonaws.com"]}, {}):
            raise invalid(f"Service Catalog may not assume the role {role}.")
    else:
        raise AwsError(
            "UnsupportedOperation", f"constraints of type {kind} are not imitated by the cfgen sandbox"
        )


def _constraint(one: dict[str, Any]) -> dict[str, Any]:
    detail = {key: value for key, value in one.items() if key != "parameters"}
    return {"ConstraintDetail": detail, "ConstraintParameters": one["parameters"], "Status": "AVAILABLE"}


@operation("servicecatalog")
def update_constraint(call: Call) -> Any:
    one, p = get(catalog_of(call.region).constraints, "Constraint", call.params["Id"]), call.params
    if "Parameters" in p:
        _check_constraint(call, one["Type"], p["Parameters"])
        one["parameters"] = p["Parameters"]
    one["Description"] = p.get("Description", one["Description"])
    return _constraint(one)


@operation("servicecatalog")
def describe_constraint(call: Call) -> Any:
    return _constraint(get(catalog_of(call.region).constraints, "Constraint", call.params["Id"]))


@operation("servicecatalog")
def list_constraints_for_portfolio(call: Call) -> Any:
    p = call.params
    return {
        "ConstraintDetails": [
            _constraint(one)["ConstraintDetail"]
            for one in catalog_of(call.region).constraints.values()
            if one["PortfolioId"] == p["PortfolioId"] and p.get("ProductId") in (None, one["ProductId"])
        ]
    }


@operation("servicecatalog")
def delete_constraint(call: Call) -> Any:
    get(catalog_of(call.region).constraints, "Constraint", call.params["Id"])
    del catalog_of(call.region).constraints[call.params["Id"]]
    return {}


# Tag options


@operation("servicecatalog")
def create_tag_option(call: Call) -> Any:
    catalog, p = catalog_of(call.region), call.params
    if any((one["Key"], one["Value"]) == (p["Key"], p["Value"]) for one in catalog.options.values()):
        raise AwsError("DuplicateResourceException", f"TagOption {p['Key']}={p['Value']} exists already.")
    made = new_id("tag")
    catalog.options[made] = {
        "Id": made,
        "Key": p["Key"],
        "Value": p["Value"],
        "Active": True,
        "Owner": call.account,
    }
    return {"TagOptionDetail": catalog.options[made]}


@operation("servicecatalog")
def update_tag_option(call: Call) -> Any:
    one, p = get(catalog_of(call.region).options, "TagOption", call.params["Id"]), call.params
    one.update({key: p[key] for key in ("Value", "Active") if key in p})
    return {"TagOptionDetail": one}


@operation("servicecatalog")
def describe_tag_option(call: Call) -> Any:
    return {"TagOptionDetail": get(catalog_of(call.region).options, "TagOption", call.params["Id"])}


@operation("servicecatalog")
def list_tag_options(call: Call) -> Any:
    return {"TagOptionDetails": list(catalog_of(call.region).options.values())}


@operation("servicecatalog")
def delete_tag_option(call: Call) -> Any:
    catalog, key = catalog_of(call.region), call.params["Id"]
    get(catalog.options, "TagOption", key)
    if any(option == key for option, _ in catalog.tagged):
        raise AwsError("ResourceInUseException", f"TagOption {key} is associated with a resource.")
    del catalog.options[key]
    return {}


@operation("servicecatalog")
def associate_tag_option_with_resource(call: Call) -> Any:
    catalog, p = catalog_of(call.region), call.params
    get(catalog.options, "TagOption", p["TagOptionId"])
    get(catalog.portfolios | catalog.products, "Resource", p["ResourceId"])
    pair = (p["TagOptionId"], p["ResourceId"])
    if pair in catalog.tagged:
        raise AwsError("DuplicateResourceException", "The TagOption is associated already.")
    catalog.tagged.add(pair)
    return {}


@operation("servicecatalog")
def disassociate_tag_option_from_resource(call: Call) -> Any:
    pair = (call.params["TagOptionId"], call.params["ResourceId"])
    if pair not in catalog_of(call.region).tagged:
        raise AwsError("ResourceNotFoundException", "The TagOption is not associated.")
    catalog_of(call.region).tagged.discard(pair)
    return {}


# Principals


@operation("servicecatalog")
def associate_principal_with_portfolio(call: Call) -> Any:
    p = call.params
    portfolio_of(call, "PortfolioId")
    arn, kind = p["PrincipalARN"], p["PrincipalType"]
    account = arn.split(":")[4]
    if (kind == "IAM") != bool(account):
        raise invalid("IAM takes an ARN with an account, IAM_PATTERN one without.")
    if account and account != call.account:
        raise invalid(f"The principal {arn} is not of this account.")
    if kind == "IAM" and ":role/" in arn and principals.role_of(arn) is None:
        raise invalid(f"The principal {arn} does not exist.")
    catalog_of(call.region).principals[p["PortfolioId"], arn] = kind
    return {}


@operation("servicecatalog")
def disassociate_principal_from_portfolio(call: Call) -> Any:
    p = call.params
    if catalog_of(call.region).principals.pop((p["PortfolioId"], p["PrincipalARN"]), None) is None:
        raise AwsError("ResourceNotFoundException", "The principal is not associated.")
    return {}


@operation("servicecatalog")
def list_principals_for_portfolio(call: Call) -> Any:
    portfolio_of(call, "PortfolioId")
    return {
        "Principals": [
            {"PrincipalARN": arn, "PrincipalType": kind}
            for (portfolio, arn), kind in catalog_of(call.region).principals.items()
            if portfolio == call.params["PortfolioId"]
        ]
    }


# Shares


def _target(p: dict[str, Any]) -> tuple[str, str]:
    node = p.get("OrganizationNode")
    if bool(node) == bool(p.get("AccountId")):
        raise invalid("Either AccountId or OrganizationNode must be given.")
    return (node["Type"], node["Value"]) if node else ("ACCOUNT", p["AccountId"])


@operation("servicecatalog")
def create_portfolio_share(call: Call) -> Any:
    catalog, p = catalog_of(call.region), call.params
    portfolio_of(call, "PortfolioId")
    kind, target = _target(p)
    if kind == "ACCOUNT" and target == call.account:
        raise invalid("A portfolio cannot be shared with its own account.")
    catalog.shares.setdefault(
        (p["PortfolioId"], target),
        {
            "PrincipalId": target,
            "Type": kind,
            "Accepted": kind != "ACCOUNT",
            "ShareTagOptions": bool(p.get("ShareTagOptions")),
            "SharePrincipals": bool(p.get("SharePrincipals")),
        },
    )
    return {} if kind == "ACCOUNT" else {"PortfolioShareToken": new_id("share")}


@operation("servicecatalog")
def update_portfolio_share(call: Call) -> Any:
    p = call.params
    _, target = _target(p)
    found = catalog_of(call.region).shares.get((p["PortfolioId"], target))
    if found is None:
        raise AwsError("ResourceNotFoundException", "The portfolio is not shared with it.")
    found.update({key: p[key] for key in ("ShareTagOptions", "SharePrincipals") if key in p})
    return {"Status": "COMPLETED"}


@operation("servicecatalog")
def delete_portfolio_share(call: Call) -> Any:
    p = call.params
    kind, target = _target(p)
    if catalog_of(call.region).shares.pop((p["PortfolioId"], target), None) is None:
        raise AwsError("ResourceNotFoundException", "The portfolio is not shared with it.")
    return {} if kind == "ACCOUNT" else {"PortfolioShareToken": new_id("share")}


@operation("servicecatalog")
def describe_portfolio_shares(call: Call) -> Any:
    p = call.params
    portfolio_of(call, "PortfolioId")
    return {
        "PortfolioShareDetails": [
            one
            for (portfolio, _), one in catalog_of(call.region).shares.items()
            if portfolio == p["PortfolioId"] and one["Type"] == p["Type"]
        ]
    }


@operation("servicecatalog")
def list_portfolio_access(call: Call) -> Any:
    portfolio_of(call, "PortfolioId")
    return {
        "AccountIds": [
            target
            for (portfolio, target), one in catalog_of(call.region).shares.items()
            if portfolio == call.params["PortfolioId"] and one["Type"] == "ACCOUNT"
        ]
    }
