"""Secrets Manager: secrets and resource policies."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    changed_tags,
    quietly,
    register,
    tag_pairs,
)


def _value(ctx: Context, p: Props) -> str | None:
    if "SecretString" in p:
        return str(p["SecretString"])
    generate = p.get("GenerateSecretString")
    if generate is None:
        return None
    keys = (
        "PasswordLength",
        "ExcludeCharacters",
        "ExcludeNumbers",
        "ExcludePunctuation",
        "ExcludeUppercase",
        "ExcludeLowercase",
        "IncludeSpace",
        "RequireEachIncludedType",
    )
    arguments = {key: generate[key] for key in keys if key in generate}
    password = ctx.client("secretsmanager").get_random_password(**arguments)["RandomPassword"]
    if "GenerateStringKey" in generate:
        return json.dumps(
            {**json.loads(generate["SecretStringTemplate"]), generate["GenerateStringKey"]: password}
        )
    return str(password)


class Secret(Adapter):
    """A secret; Ref is its ARN."""

    type = "AWS::SecretsManager::Secret"

    def create(self, ctx: Context, p: Props) -> Made:
        arguments: dict[str, Any] = {"Name": p.get("Name") or ctx.name(64)}
        for key in ("Description", "KmsKeyId"):
            if key in p:
                arguments[key] = p[key]
        value = _value(ctx, p)
        if value is not None:
            arguments["SecretString"] = value
        arguments["Tags"] = [{"Key": key, "Value": item} for key, item in tag_pairs(p.get("Tags")).items()]
        arn = ctx.client("secretsmanager").create_secret(**arguments)["ARN"]
        return Made(arn, {"Id": arn})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        manager = ctx.client("secretsmanager")
        changes: Props = {
            key: new[key]
            for key in ("Description", "KmsKeyId")
            if old.get(key) != new.get(key) and key in new
        }
        if old.get("SecretString") != new.get("SecretString") and "SecretString" in new:
            changes["SecretString"] = new["SecretString"]
        elif old.get("GenerateSecretString") != new.get("GenerateSecretString"):
            changes["SecretString"] = _value(ctx, new) or ""
        if changes:
            manager.update_secret(SecretId=made.id, **changes)
        add, remove = changed_tags(old, new)
        if add:
            manager.tag_resource(SecretId=made.id, Tags=[{"Key": k, "Value": v} for k, v in add.items()])
        if remove:
            manager.untag_resource(SecretId=made.id, TagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        manager = ctx.client("secretsmanager")
        quietly(lambda: manager.delete_secret(SecretId=made.id, ForceDeleteWithoutRecovery=True))


class ResourcePolicy(Adapter):
    """A secret's resource policy."""

    type = "AWS::SecretsManager::ResourcePolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        self._put(ctx, p)
        return Made(p["SecretId"], {"Id": p["SecretId"]})

    def _put(self, ctx: Context, p: Props) -> None:
        ctx.client("secretsmanager").put_resource_policy(
            SecretId=p["SecretId"], ResourcePolicy=json.dumps(p["ResourcePolicy"])
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        manager = ctx.client("secretsmanager")
        quietly(lambda: manager.delete_resource_policy(SecretId=p["SecretId"]))


register(Secret, ResourcePolicy)
