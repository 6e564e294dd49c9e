"""KMS: keys and aliases."""

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


class Key(Adapter):
    """A key; deletion schedules it, as on AWS."""

    type = "AWS::KMS::Key"

    def create(self, ctx: Context, p: Props) -> Made:
        kms = ctx.client("kms")
        arguments: dict[str, Any] = {
            "Description": p.get("Description", ""),
            "KeyUsage": p.get("KeyUsage", "ENCRYPT_DECRYPT"),
            "KeySpec": p.get("KeySpec", "SYMMETRIC_DEFAULT"),
            "MultiRegion": bool(p.get("MultiRegion", False)),
            "Tags": [{"TagKey": key, "TagValue": value} for key, value in tag_pairs(p.get("Tags")).items()],
        }
        if "KeyPolicy" in p:
            arguments["Policy"] = json.dumps(p["KeyPolicy"])
        key = kms.create_key(**arguments)["KeyMetadata"]
        ctx.announce(key["KeyId"])
        self._switches(kms, key["KeyId"], p)
        return Made(key["KeyId"], {"Arn": key["Arn"], "KeyId": key["KeyId"]})

    def _switches(self, kms: Any, key: str, p: Props) -> None:
        if p.get("EnableKeyRotation"):
            kms.enable_key_rotation(KeyId=key)
        if p.get("Enabled") is False:
            kms.disable_key(KeyId=key)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        kms = ctx.client("kms")
        if old.get("KeyPolicy") != new.get("KeyPolicy") and "KeyPolicy" in new:
            kms.put_key_policy(KeyId=made.id, PolicyName="default", Policy=json.dumps(new["KeyPolicy"]))
        if old.get("Description") != new.get("Description"):
            kms.update_key_description(KeyId=made.id, Description=new.get("Description", ""))
        if bool(old.get("EnableKeyRotation")) and not new.get("EnableKeyRotation"):
            kms.disable_key_rotation(KeyId=made.id)
        if old.get("Enabled") is False and new.get("Enabled", True):
            kms.enable_key(KeyId=made.id)
        self._switches(kms, made.id, new)
        add, remove = changed_tags(old, new)
        if add:
            kms.tag_resource(KeyId=made.id, Tags=[{"TagKey": k, "TagValue": v} for k, v in add.items()])
        if remove:
            kms.untag_resource(KeyId=made.id, TagKeys=remove)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        kms = ctx.client("kms")
        days = int(p.get("PendingWindowInDays", 30))
        if kms.describe_key(KeyId=made.id)["KeyMetadata"]["KeyState"] != "PendingDeletion":
            quietly(lambda: kms.schedule_key_deletion(KeyId=made.id, PendingWindowInDays=days))


class Alias(Adapter):
    """A key's alias."""

    type = "AWS::KMS::Alias"

    def create(self, ctx: Context, p: Props) -> Made:
        ctx.client("kms").create_alias(AliasName=p["AliasName"], TargetKeyId=p["TargetKeyId"])
        return Made(p["AliasName"])

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("kms").update_alias(AliasName=made.id, TargetKeyId=new["TargetKeyId"])
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        kms = ctx.client("kms")
        quietly(lambda: kms.delete_alias(AliasName=made.id))


register(Key, Alias)
