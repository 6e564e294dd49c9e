"""Systems Manager: parameters."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from typing import Any

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    quietly,
    refuse_existing,
    register,
    tag_pairs,
)

_KEYS = ("AllowedPattern", "DataType", "Description", "Tier", "Type", "Value")


class Parameter(Adapter):
    """A parameter."""

    type = "AWS::SSM::Parameter"

    def create(self, ctx: Context, p: Props) -> Made:
        ssm = ctx.client("ssm")
        name = p.get("Name") or f"CFN-{ctx.logical_id}-{ctx.name(40)[-12:]}"
        refuse_existing(ctx, name, lambda: ssm.get_parameter(Name=name))
        tags = [{"Key": key, "Value": value} for key, value in tag_pairs(p.get("Tags")).items()]
        ssm.put_parameter(
            Name=name, **{key: p[key] for key in _KEYS if key in p}, **({"Tags": tags} if tags else {})
        )
        return self._made(name, p)

    def _made(self, name: str, p: Props) -> Made:
        return Made(name, {"Type": p["Type"], "Value": p["Value"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        arguments: dict[str, Any] = {key: new[key] for key in _KEYS if key in new}
        ctx.client("ssm").put_parameter(Name=made.id, Overwrite=True, **arguments)
        return self._made(made.id, new)

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ssm = ctx.client("ssm")
        quietly(lambda: ssm.delete_parameter(Name=made.id))

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        return {"Value": ctx.client("ssm").get_parameter(Name=made.id)["Parameter"]["Value"]}


register(Parameter)
