"""IAM: roles, policies, instance profiles."""

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
from cfgen.sandbox.cfn.errors import ResourceFailure


def _document(value: Any) -> str:
    document = json.loads(value) if isinstance(value, str) else value
    statements = document.get("Statement") or []
    for statement in statements if isinstance(statements, list) else [statements]:
        if not isinstance(statement, dict) or statement.get("Effect") not in ("Allow", "Deny"):
            raise ResourceFailure("Syntax errors in policy. (MalformedPolicyDocument)")
    if document.get("Version") in (None, "2008-10-17"):
        # IAM takes the old language, and documents that name none; moto does not
        document = {**document, "Version": "2012-10-17"}
    return json.dumps(document)


ROLE_POLICIES = 10_240
MANAGED_POLICY = 6_144
"""Characters that IAM takes, white space apart ("IAM and AWS STS quotas")."""


def _size(*documents: Any) -> int:
    return sum(len("".join(_document(document).split())) for document in documents)


def _fitting(document: Any) -> str:
    if _size(document) > MANAGED_POLICY:
        raise ResourceFailure(f"Cannot exceed quota for PolicySize: {MANAGED_POLICY} (LimitExceeded)")
    return _document(document)


def _tags(p: Props) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tag_pairs(p.get("Tags")).items()]


class Role(Adapter):
    """A role with its inline and attached policies."""

    type = "AWS::IAM::Role"

    def create(self, ctx: Context, p: Props) -> Made:
        iam = ctx.client("iam")
        name = p.get("RoleName") or ctx.name(64)
        arguments: dict[str, Any] = {
            "RoleName": name,
            "AssumeRolePolicyDocument": _document(p["AssumeRolePolicyDocument"]),
            "Path": p.get("Path") or "/",
            "Tags": _tags(p),
        }
        for key in ("Description", "MaxSessionDuration", "PermissionsBoundary"):
            if key in p:
                arguments[key] = p[key]
        role = iam.create_role(**arguments)["Role"]
        ctx.announce(name)
        self._policies(iam, name, {}, p)
        return Made(name, {"Arn": role["Arn"], "RoleId": role["RoleId"]})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        iam = ctx.client("iam")
        if old["AssumeRolePolicyDocument"] != new["AssumeRolePolicyDocument"]:
            iam.update_assume_role_policy(
                RoleName=made.id, PolicyDocument=_document(new["AssumeRolePolicyDocument"])
            )
        if old.get("PermissionsBoundary") != new.get("PermissionsBoundary"):
            if boundary := new.get("PermissionsBoundary"):
                iam.put_role_permissions_boundary(RoleName=made.id, PermissionsBoundary=boundary)
            else:
                iam.delete_role_permissions_boundary(RoleName=made.id)
        if (old.get("Description"), old.get("MaxSessionDuration")) != (
            new.get("Description"),
            new.get("MaxSessionDuration"),
        ):
            iam.update_role(
                RoleName=made.id,
                Description=new.get("Description", ""),
                MaxSessionDuration=new.get("MaxSessionDuration", 3600),
            )
        self._policies(iam, made.id, old, new)
        add, remove = changed_tags(old, new)
        if add:
            iam.tag_role(RoleName=made.id, Tags=[{"Key": key, "Value": value} for key, value in add.items()])
        if remove:
            iam.untag_role(RoleName=made.id, TagKeys=remove)
        return made

    def _policies(self, iam: Any, name: str, old: Props, new: Props) -> None:
        before = {item["PolicyName"]: item["PolicyDocument"] for item in old.get("Policies") or []}
        after = {item["PolicyName"]: item["PolicyDocument"] for item in new.get("Policies") or []}
        if _size(*after.values()) > ROLE_POLICIES:
            raise ResourceFailure(
                f"Maximum policy size of {ROLE_POLICIES} bytes exceeded for role {name} (LimitExceeded)"
            )
        for policy, document in after.items():
            if before.get(policy) != document:
                iam.put_role_policy(RoleName=name, PolicyName=policy, PolicyDocument=_document(document))
        for policy in before.keys() - after.keys():
            quietly(lambda policy=policy: iam.delete_role_policy(RoleName=name, PolicyName=policy))  # type: ignore[misc]
        held, wanted = set(old.get("ManagedPolicyArns") or []), set(new.get("ManagedPolicyArns") or [])
        for arn in sorted(wanted - held):
            iam.attach_role_policy(RoleName=name, PolicyArn=arn)
        for arn in sorted(held - wanted):
            quietly(lambda arn=arn: iam.detach_role_policy(RoleName=name, PolicyArn=arn))  # type: ignore[misc]

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        iam = ctx.client("iam")
        name = made.id

        def remove() -> None:
            # the role's own policies go with it; what others attached stands in the way, as on AWS
            for item in p.get("Policies") or []:
                policy = item["PolicyName"]
                quietly(lambda policy=policy: iam.delete_role_policy(RoleName=name, PolicyName=policy))  # type: ignore[misc]
            for arn in p.get("ManagedPolicyArns") or []:
                quietly(lambda arn=arn: iam.detach_role_policy(RoleName=name, PolicyArn=arn))  # type: ignore[misc]
            iam.delete_role(RoleName=name)

        quietly(remove)

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        iam = ctx.client("iam")
        role = iam.get_role(RoleName=made.id)["Role"]
        names = iam.list_role_policies(RoleName=made.id)["PolicyNames"]
        attached = iam.list_attached_role_policies(RoleName=made.id)["AttachedPolicies"]
        return {
            "AssumeRolePolicyDocument": role["AssumeRolePolicyDocument"],
            "ManagedPolicyArns": sorted(item["PolicyArn"] for item in attached),
            "Policies": sorted(names),
        }


class InlinePolicy(Adapter):
    """AWS::IAM::Policy: one document on several roles, users or groups."""

    type = "AWS::IAM::Policy"

    def create(self, ctx: Context, p: Props) -> Made:
        self._put(ctx, p, _holders(p))
        # the type predates the registry: its id is a name of CloudFormation's own making
        physical_id = ctx.name(64)
        return Made(physical_id, {"Id": physical_id}, ref=physical_id)

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new, _holders(new))
        before, after = _holders(old), _holders(new)
        renamed = old["PolicyName"] != new["PolicyName"]
        for holder in before:
            if renamed or holder not in after:
                self._drop(ctx, old["PolicyName"], holder)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        for holder in _holders(p):
            self._drop(ctx, p["PolicyName"], holder)

    def _put(self, ctx: Context, p: Props, holders: list[tuple[str, str]]) -> None:
        iam = ctx.client("iam")
        for kind, name in holders:
            getattr(iam, f"put_{kind}_policy")(
                **{f"{kind.capitalize()}Name": name},
                PolicyName=p["PolicyName"],
                PolicyDocument=_document(p["PolicyDocument"]),
            )

    def _drop(self, ctx: Context, policy: str, holder: tuple[str, str]) -> None:
        kind, name = holder
        call = getattr(ctx.client("iam"), f"delete_{kind}_policy")
        quietly(lambda: call(**{f"{kind.capitalize()}Name": name}, PolicyName=policy))


def _holders(p: Props) -> list[tuple[str, str]]:
    pairs = [("role", name) for name in p.get("Roles") or []]
    pairs += [("user", name) for name in p.get("Users") or []]
    return pairs + [("group", name) for name in p.get("Groups") or []]


class RolePolicy(Adapter):
    """AWS::IAM::RolePolicy: one inline policy of one role."""

    type = "AWS::IAM::RolePolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        self._put(ctx, p)
        return Made(f"{p['PolicyName']}|{p['RoleName']}")

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def _put(self, ctx: Context, p: Props) -> None:
        ctx.client("iam").put_role_policy(
            RoleName=p["RoleName"],
            PolicyName=p["PolicyName"],
            PolicyDocument=_document(p.get("PolicyDocument") or {}),
        )

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        iam = ctx.client("iam")
        quietly(lambda: iam.delete_role_policy(RoleName=p["RoleName"], PolicyName=p["PolicyName"]))


class ManagedPolicy(Adapter):
    """A customer managed policy and what it is attached to."""

    type = "AWS::IAM::ManagedPolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        arguments: dict[str, Any] = {
            "PolicyName": p.get("ManagedPolicyName") or ctx.name(128),
            "PolicyDocument": _fitting(p["PolicyDocument"]),
            "Path": p.get("Path") or "/",
        }
        if "Description" in p:
            arguments["Description"] = p["Description"]
        policy = ctx.client("iam").create_policy(**arguments)["Policy"]
        ctx.announce(policy["Arn"])
        self._attach(ctx, policy["Arn"], [], _holders(p))
        return Made(
            policy["Arn"],
            {"PolicyArn": policy["Arn"], "PolicyId": policy["PolicyId"], "DefaultVersionId": "v1"},
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        iam = ctx.client("iam")
        if old["PolicyDocument"] != new["PolicyDocument"]:
            for version in iam.list_policy_versions(PolicyArn=made.id)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=made.id, VersionId=version["VersionId"])
            iam.create_policy_version(
                PolicyArn=made.id, PolicyDocument=_fitting(new["PolicyDocument"]), SetAsDefault=True
            )
        self._attach(ctx, made.id, _holders(old), _holders(new))
        return made

    def _attach(
        self, ctx: Context, arn: str, before: list[tuple[str, str]], after: list[tuple[str, str]]
    ) -> None:
        iam = ctx.client("iam")
        for kind, name in after:
            if (kind, name) not in before:
                getattr(iam, f"attach_{kind}_policy")(**{f"{kind.capitalize()}Name": name}, PolicyArn=arn)
        for kind, name in before:
            if (kind, name) not in after:
                detach = getattr(iam, f"detach_{kind}_policy")
                quietly(lambda d=detach, k=kind, n=name: d(**{f"{k.capitalize()}Name": n}, PolicyArn=arn))  # type: ignore[misc]

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        iam = ctx.client("iam")
        self._attach(ctx, made.id, _holders(p), [])

        def remove() -> None:
            for version in iam.list_policy_versions(PolicyArn=made.id)["Versions"]:
                if not version["IsDefaultVersion"]:
                    iam.delete_policy_version(PolicyArn=made.id, VersionId=version["VersionId"])
            iam.delete_policy(PolicyArn=made.id)

        quietly(remove)


class InstanceProfile(Adapter):
    """An instance profile."""

    type = "AWS::IAM::InstanceProfile"

    def create(self, ctx: Context, p: Props) -> Made:
        iam = ctx.client("iam")
        name = p.get("InstanceProfileName") or ctx.name(128)
        made = iam.create_instance_profile(InstanceProfileName=name, Path=p.get("Path") or "/")[
            "InstanceProfile"
        ]
        ctx.announce(name)
        for role in p.get("Roles") or []:
            iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=role)
        return Made(name, {"Arn": made["Arn"]})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        iam = ctx.client("iam")

        def remove() -> None:
            for role in p.get("Roles") or []:
                iam.remove_role_from_instance_profile(InstanceProfileName=made.id, RoleName=role)
            iam.delete_instance_profile(InstanceProfileName=made.id)

        quietly(remove)


class User(Adapter):
    """A user with policies."""

    type = "AWS::IAM::User"

    def create(self, ctx: Context, p: Props) -> Made:
        iam = ctx.client("iam")
        name = p.get("UserName") or ctx.name(64)
        user = iam.create_user(UserName=name, Path=p.get("Path") or "/", Tags=_tags(p))["User"]
        ctx.announce(name)
        for item in p.get("Policies") or []:
            iam.put_user_policy(
                UserName=name, PolicyName=item["PolicyName"], PolicyDocument=_document(item["PolicyDocument"])
            )
        for arn in p.get("ManagedPolicyArns") or []:
            iam.attach_user_policy(UserName=name, PolicyArn=arn)
        return Made(name, {"Arn": user["Arn"]})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        iam = ctx.client("iam")

        def remove() -> None:
            for item in p.get("Policies") or []:
                iam.delete_user_policy(UserName=made.id, PolicyName=item["PolicyName"])
            for arn in p.get("ManagedPolicyArns") or []:
                iam.detach_user_policy(UserName=made.id, PolicyArn=arn)
            iam.delete_user(UserName=made.id)

        quietly(remove)


register(Role, InlinePolicy, RolePolicy, ManagedPolicy, InstanceProfile, User)
