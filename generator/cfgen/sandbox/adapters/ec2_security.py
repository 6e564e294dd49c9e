"""EC2: security groups and their rules."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

from typing import Any

from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, quietly, register
from cfgen.sandbox.adapters.ec2_network import retag, tags_of

_ALL = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]


def permission(rule: Props, *, egress: bool) -> dict[str, Any]:
    """A rule as the API's IpPermission."""
    made: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
    for key in ("FromPort", "ToPort"):
        if key in rule:
            made[key] = int(rule[key])
    described = {"Description": rule["Description"]} if "Description" in rule else {}
    group = rule.get("DestinationSecurityGroupId" if egress else "SourceSecurityGroupId")
    prefixes = rule.get("DestinationPrefixListId" if egress else "SourcePrefixListId")
    if "CidrIp" in rule:
        made["IpRanges"] = [{"CidrIp": rule["CidrIp"], **described}]
    elif "CidrIpv6" in rule:
        made["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"], **described}]
    elif group:
        made["UserIdGroupPairs"] = [{"GroupId": group, **described}]
    elif prefixes:
        made["PrefixListIds"] = [{"PrefixListId": prefixes, **described}]
    return made


class SecurityGroup(Adapter):
    """A security group with its inline rules."""

    type = "AWS::EC2::SecurityGroup"

    def create(self, ctx: Context, p: Props) -> Made:
        ec2 = ctx.client("ec2")
        name = p.get("GroupName") or ctx.name(255)
        arguments = {"VpcId": p["VpcId"]} if "VpcId" in p else {}
        answer = ec2.create_security_group(
            GroupName=name,
            Description=p["GroupDescription"],
            TagSpecifications=tags_of("security-group", p),
            **arguments,
        )
        identifier = answer["GroupId"]
        ctx.announce(identifier)
        self._rules(ec2, identifier, {}, p)
        return Made(identifier, {"GroupId": identifier, "Id": identifier, "VpcId": p.get("VpcId", "")})

    def _rules(self, ec2: Any, group: str, old: Props, new: Props) -> None:
        if "SecurityGroupEgress" in new and "SecurityGroupEgress" not in old:
            quietly(lambda: ec2.revoke_security_group_egress(GroupId=group, IpPermissions=_ALL))
        for key, way in (("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")):
            before, after = old.get(key) or [], new.get(key) or []
            for rule in before:
                if rule not in after:
                    revoke = getattr(ec2, f"revoke_security_group_{way}")
                    wanted = [permission(rule, egress=way == "egress")]
                    quietly(lambda r=revoke, w=wanted: r(GroupId=group, IpPermissions=w))  # type: ignore[misc]
            for rule in after:
                if rule not in before:
                    authorize = getattr(ec2, f"authorize_security_group_{way}")
                    authorize(GroupId=group, IpPermissions=[permission(rule, egress=way == "egress")])

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._rules(ctx.client("ec2"), made.id, old, new)
        retag(ctx, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_security_group(GroupId=made.id))


class _Rule(Adapter):
    """A rule as a resource of its own."""

    way = ""

    def _authorize(self, ctx: Context, p: Props) -> str:
        authorize = getattr(ctx.client("ec2"), f"authorize_security_group_{self.way}")
        answer = authorize(GroupId=p["GroupId"], IpPermissions=[permission(p, egress=self.way == "egress")])
        rules = answer.get("SecurityGroupRules") or [{}]
        return str(rules[0].get("SecurityGroupRuleId") or f"{p['GroupId']}-{ctx.logical_id}")

    def create(self, ctx: Context, p: Props) -> Made:
        identifier = self._authorize(ctx, p)
        return Made(identifier, {"Id": identifier})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._revoke(ctx, old)
        return Made(self._authorize(ctx, new), made.attributes)

    def _revoke(self, ctx: Context, p: Props) -> None:
        revoke = getattr(ctx.client("ec2"), f"revoke_security_group_{self.way}")
        quietly(
            lambda: revoke(GroupId=p["GroupId"], IpPermissions=[permission(p, egress=self.way == "egress")])
        )

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        self._revoke(ctx, p)


class Ingress(_Rule):
    """An inbound rule."""

    type = "AWS::EC2::SecurityGroupIngress"
    way = "ingress"


class Egress(_Rule):
    """An outbound rule."""

    type = "AWS::EC2::SecurityGroupEgress"
    way = "egress"


register(SecurityGroup, Ingress, Egress)
