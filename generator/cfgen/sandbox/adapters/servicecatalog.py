"""Service Catalog: portfolios, products with their versions, constraints, tag options, principals, shares."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, quietly, register, tag_pairs
from cfgen.sandbox.cfn.errors import ResourceFailure


def _tags(p: Props) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tag_pairs(p.get("Tags")).items()]


def _retag(old: Props, new: Props) -> dict[str, Any]:
    before, after = tag_pairs(old.get("Tags")), tag_pairs(new.get("Tags"))
    add = [{"Key": key, "Value": value} for key, value in after.items() if before.get(key) != value]
    return {
        **({"AddTags": add} if add else {}),
        **({"RemoveTags": gone} if (gone := [key for key in before if key not in after]) else {}),
    }


def _some(p: Props, *names: str) -> dict[str, Any]:
    return {name: p[name] for name in names if name in p}


class Portfolio(Adapter):
    """A portfolio; Ref is its id."""

    type = "AWS::ServiceCatalog::Portfolio"

    def create(self, ctx: Context, p: Props) -> Made:
        given = _some(p, "DisplayName", "ProviderName", "Description")
        answer = ctx.client("servicecatalog").create_portfolio(**given, Tags=_tags(p))
        made = answer["PortfolioDetail"]["Id"]
        return Made(made, {"Id": made, "PortfolioName": p["DisplayName"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        given = {"Description": "", **_some(new, "DisplayName", "ProviderName", "Description")}
        ctx.client("servicecatalog").update_portfolio(Id=made.id, **given, **_retag(old, new))
        return Made(made.id, {"Id": made.id, "PortfolioName": new["DisplayName"]})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        quietly(lambda: ctx.client("servicecatalog").delete_portfolio(Id=made.id))


_TEXTS = ("Name", "Owner", "Description", "Distributor", "SupportDescription", "SupportEmail", "SupportUrl")


class CloudFormationProduct(Adapter):
    """A product; Ref is its id. Versions are matched by template address and name; only what differs is touched."""

    type = "AWS::ServiceCatalog::CloudFormationProduct"

    def create(self, ctx: Context, p: Props) -> Made:
        versions = p.get("ProvisioningArtifactParameters") or []
        if not versions:
            raise ResourceFailure("ProvisioningArtifactParameters: a product needs a version")
        catalog = ctx.client("servicecatalog")
        answer = catalog.create_product(
            **_some(p, *_TEXTS),
            Tags=_tags(p),
            ProductType=p.get("ProductType", "CLOUD_FORMATION_TEMPLATE"),
            ProvisioningArtifactParameters=self._parameters(versions[0]),
        )
        made = answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        ctx.announce(made)
        for one in versions[1:]:
            catalog.create_provisioning_artifact(ProductId=made, Parameters=self._parameters(one))
        return self._made(catalog, made, p)

    def _parameters(self, one: Props) -> dict[str, Any]:
        info = one["Info"] if isinstance(one["Info"], dict) else json.loads(one["Info"])
        if set(info) != {"LoadTemplateFromURL"}:
            raise ResourceFailure("the cfgen sandbox takes versions by LoadTemplateFromURL only")
        return {
            **_some(one, "Name", "Description", "DisableTemplateValidation"),
            "Type": one.get("Type", "CLOUD_FORMATION_TEMPLATE"),
            "Info": info,
        }

    def _made(self, catalog: Any, made: str, p: Props) -> Made:
        found = catalog.list_provisioning_artifacts(ProductId=made)["ProvisioningArtifactDetails"]
        return Made(
            made,
            {
                "Id": made,
                "ProductName": p["Name"],
                "ProvisioningArtifactIds": ",".join(one["Id"] for one in found),
                "ProvisioningArtifactNames": ",".join(one["Name"] for one in found),
            },
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        catalog = ctx.client("servicecatalog")
        catalog.update_product(Id=made.id, **_some(new, *_TEXTS), **_retag(old, new))
        before = catalog.list_provisioning_artifacts(ProductId=made.id)["ProvisioningArtifactDetails"]
        ids = {one["Name"]: one["Id"] for one in before}
        kept = {self._key(one): one for one in old.get("ProvisioningArtifactParameters") or []}
        after = {self._key(one): one for one in new.get("ProvisioningArtifactParameters") or []}
        replace = bool(new.get("ReplaceProvisioningArtifacts"))
        for key, one in after.items():
            if key not in kept or replace:
                catalog.create_provisioning_artifact(ProductId=made.id, Parameters=self._parameters(one))
            elif one != kept[key]:
                catalog.update_provisioning_artifact(
                    ProductId=made.id, ProvisioningArtifactId=ids[key[1]], **_some(one, "Description")
                )
        for key in kept:
            if (key not in after or replace) and key[1] in ids:
                gone = ids[key[1]]
                quietly(
                    lambda gone=gone: catalog.delete_provisioning_artifact(  # type: ignore[misc]
                        ProductId=made.id, ProvisioningArtifactId=gone
                    )
                )
        return self._made(catalog, made.id, new)

    def _key(self, one: Props) -> tuple[str, str]:
        return self._parameters(one)["Info"]["LoadTemplateFromURL"], str(one.get("Name", ""))

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        quietly(lambda: ctx.client("servicecatalog").delete_product(Id=made.id))


class _Tie(Adapter):
    """Two things tied to each other: the physical id is the two, in this order."""

    ends: tuple[str, str]
    make = unmake = ""
    more: tuple[str, ...] = ()
    """What else it takes to make one."""

    def create(self, ctx: Context, p: Props) -> Made:
        given = {**_some(p, *self.ends, *self.more), **self.options(p)}
        getattr(ctx.client("servicecatalog"), self.make)(**given)
        return Made("|".join(str(p[end]) for end in self.ends))

    def options(self, p: Props) -> dict[str, Any]:
        """What the API takes in another form."""
        return {}

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        given = dict(zip(self.ends, made.id.split("|"), strict=True))
        quietly(lambda: getattr(ctx.client("servicecatalog"), self.unmake)(**given))


class PortfolioProductAssociation(_Tie):
    """A product's place in a portfolio."""

    type = "AWS::ServiceCatalog::PortfolioProductAssociation"
    ends = ("PortfolioId", "ProductId")
    make, unmake = "associate_product_with_portfolio", "disassociate_product_from_portfolio"


class TagOptionAssociation(_Tie):
    """A tag option of a portfolio or product."""

    type = "AWS::ServiceCatalog::TagOptionAssociation"
    ends = ("TagOptionId", "ResourceId")
    make, unmake = "associate_tag_option_with_resource", "disassociate_tag_option_from_resource"


class PortfolioPrincipalAssociation(_Tie):
    """Who may launch from a portfolio."""

    type = "AWS::ServiceCatalog::PortfolioPrincipalAssociation"
    ends, more = ("PortfolioId", "PrincipalARN"), ("PrincipalType",)
    make, unmake = "associate_principal_with_portfolio", "disassociate_principal_from_portfolio"


class PortfolioShare(_Tie):
    """A portfolio that another account may import. CloudFormation knows no shares with organisations."""

    type = "AWS::ServiceCatalog::PortfolioShare"
    ends = ("PortfolioId", "AccountId")
    make, unmake = "create_portfolio_share", "delete_portfolio_share"

    def options(self, p: Props) -> dict[str, Any]:
        return {"ShareTagOptions": p.get("ShareTagOptions") in (True, "true")}

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("servicecatalog").update_portfolio_share(**_some(new, *self.ends), **self.options(new))
        return made


class _Constraint(Adapter):
    kind = ""

    def parameters(self, p: Props) -> str:
        """The constraint's own JSON."""
        raise NotImplementedError

    def create(self, ctx: Context, p: Props) -> Made:
        answer = ctx.client("servicecatalog").create_constraint(
            **_some(p, "PortfolioId", "ProductId", "Description"),
            Type=self.kind,
            Parameters=self.parameters(p),
        )
        made = answer["ConstraintDetail"]["ConstraintId"]
        return Made(made, {"Id": made})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("servicecatalog").update_constraint(
            Id=made.id, Description=new.get("Description", ""), Parameters=self.parameters(new)
        )
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        quietly(lambda: ctx.client("servicecatalog").delete_constraint(Id=made.id))


class LaunchRoleConstraint(_Constraint):
    """The role a product is launched with."""

    type, kind = "AWS::ServiceCatalog::LaunchRoleConstraint", "LAUNCH"

    def parameters(self, p: Props) -> str:
        return json.dumps(_some(p, "RoleArn", "LocalRoleName"))


class LaunchTemplateConstraint(_Constraint):
    """Rules for the values a launcher may choose."""

    type, kind = "AWS::ServiceCatalog::LaunchTemplateConstraint", "TEMPLATE"

    def parameters(self, p: Props) -> str:
        try:
            return json.dumps({"Rules": json.loads(p["Rules"])})
        except ValueError:
            raise ResourceFailure("Rules: not JSON") from None


class TagOption(Adapter):
    """A tag a launcher may choose; Ref is its id."""

    type = "AWS::ServiceCatalog::TagOption"

    def create(self, ctx: Context, p: Props) -> Made:
        catalog = ctx.client("servicecatalog")
        made = catalog.create_tag_option(Key=p["Key"], Value=p["Value"])["TagOptionDetail"]["Id"]
        ctx.announce(made)
        if p.get("Active") in (False, "false"):
            catalog.update_tag_option(Id=made, Active=False)
        return Made(made, {"Id": made})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        active = new.get("Active") not in (False, "false")
        ctx.client("servicecatalog").update_tag_option(Id=made.id, Active=active)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        quietly(lambda: ctx.client("servicecatalog").delete_tag_option(Id=made.id))


register(
    Portfolio,
    CloudFormationProduct,
    PortfolioProductAssociation,
    LaunchRoleConstraint,
    LaunchTemplateConstraint,
    TagOption,
    TagOptionAssociation,
    PortfolioPrincipalAssociation,
    PortfolioShare,
)
