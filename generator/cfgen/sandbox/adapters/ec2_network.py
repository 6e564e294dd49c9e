"""EC2: VPCs, subnets, route tables and routes."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

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


def tags_of(kind: str, p: Props) -> list[dict[str, Any]]:
    """TagSpecifications from a resource's tags."""
    tags = [{"Key": key, "Value": value} for key, value in tag_pairs(p.get("Tags")).items()]
    return [{"ResourceType": kind, "Tags": tags}] if tags else []


def retag(ctx: Context, identifier: str, old: Props, new: Props) -> None:
    """Changed tags of an EC2 resource."""
    add, remove = changed_tags(old, new)
    ec2 = ctx.client("ec2")
    if add:
        ec2.create_tags(
            Resources=[identifier], Tags=[{"Key": key, "Value": value} for key, value in add.items()]
        )
    if remove:
        ec2.delete_tags(Resources=[identifier], Tags=[{"Key": key} for key in remove])


class Vpc(Adapter):
    """A VPC."""

    type = "AWS::EC2::VPC"

    def create(self, ctx: Context, p: Props) -> Made:
        ec2 = ctx.client("ec2")
        arguments: dict[str, Any] = {"CidrBlock": p["CidrBlock"], "TagSpecifications": tags_of("vpc", p)}
        if "InstanceTenancy" in p:
            arguments["InstanceTenancy"] = p["InstanceTenancy"]
        vpc = ec2.create_vpc(**arguments)["Vpc"]
        identifier = vpc["VpcId"]
        ctx.announce(identifier)
        self._dns(ec2, identifier, p)
        groups = ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [identifier]}])[
            "SecurityGroups"
        ]
        acls = ec2.describe_network_acls(Filters=[{"Name": "vpc-id", "Values": [identifier]}])["NetworkAcls"]
        return Made(
            identifier,
            {
                "VpcId": identifier,
                "CidrBlock": p["CidrBlock"],
                "CidrBlockAssociations": [
                    item["AssociationId"] for item in vpc.get("CidrBlockAssociationSet", [])
                ],
                "DefaultSecurityGroup": next(g["GroupId"] for g in groups if g["GroupName"] == "default"),
                "DefaultNetworkAcl": acls[0]["NetworkAclId"] if acls else "",
                "Ipv6CidrBlocks": [],
            },
        )

    def _dns(self, ec2: Any, identifier: str, p: Props) -> None:
        ec2.modify_vpc_attribute(
            VpcId=identifier, EnableDnsSupport={"Value": bool(p.get("EnableDnsSupport", True))}
        )
        ec2.modify_vpc_attribute(
            VpcId=identifier, EnableDnsHostnames={"Value": bool(p.get("EnableDnsHostnames", False))}
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._dns(ctx.client("ec2"), made.id, new)
        retag(ctx, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_vpc(VpcId=made.id))


class Subnet(Adapter):
    """A subnet."""

    type = "AWS::EC2::Subnet"

    def create(self, ctx: Context, p: Props) -> Made:
        ec2 = ctx.client("ec2")
        arguments = {
            key: p[key] for key in ("VpcId", "CidrBlock", "AvailabilityZone", "Ipv6CidrBlock") if key in p
        }
        subnet = ec2.create_subnet(**arguments, TagSpecifications=tags_of("subnet", p))["Subnet"]
        identifier = subnet["SubnetId"]
        ctx.announce(identifier)
        if p.get("MapPublicIpOnLaunch"):
            ec2.modify_subnet_attribute(SubnetId=identifier, MapPublicIpOnLaunch={"Value": True})
        acls = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [identifier]}])
        associations = [
            a for acl in acls["NetworkAcls"] for a in acl["Associations"] if a["SubnetId"] == identifier
        ]
        return Made(
            identifier,
            {
                "SubnetId": identifier,
                "AvailabilityZone": subnet["AvailabilityZone"],
                "AvailabilityZoneId": subnet.get("AvailabilityZoneId", ""),
                "CidrBlock": subnet["CidrBlock"],
                "VpcId": p["VpcId"],
                "Ipv6CidrBlocks": [],
                "NetworkAclAssociationId": associations[0]["NetworkAclAssociationId"] if associations else "",
            },
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("ec2").modify_subnet_attribute(
            SubnetId=made.id, MapPublicIpOnLaunch={"Value": bool(new.get("MapPublicIpOnLaunch", False))}
        )
        retag(ctx, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_subnet(SubnetId=made.id))


class RouteTable(Adapter):
    """A route table."""

    type = "AWS::EC2::RouteTable"

    def create(self, ctx: Context, p: Props) -> Made:
        table = ctx.client("ec2").create_route_table(
            VpcId=p["VpcId"], TagSpecifications=tags_of("route-table", p)
        )
        identifier = table["RouteTable"]["RouteTableId"]
        return Made(identifier, {"RouteTableId": identifier})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        retag(ctx, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_route_table(RouteTableId=made.id))


_ROUTE_KEYS = (
    "RouteTableId",
    "DestinationCidrBlock",
    "DestinationIpv6CidrBlock",
    "DestinationPrefixListId",
    "GatewayId",
    "NatGatewayId",
    "EgressOnlyInternetGatewayId",
    "InstanceId",
    "NetworkInterfaceId",
    "TransitGatewayId",
    "VpcEndpointId",
    "VpcPeeringConnectionId",
)


class Route(Adapter):
    """A route."""

    type = "AWS::EC2::Route"

    def create(self, ctx: Context, p: Props) -> Made:
        ctx.client("ec2").create_route(**{key: p[key] for key in _ROUTE_KEYS if key in p})
        destination = p.get("DestinationCidrBlock") or p.get("DestinationIpv6CidrBlock") or ""
        return Made(f"{p['RouteTableId']}|{destination}", {"CidrBlock": destination})

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ctx.client("ec2").replace_route(**{key: new[key] for key in _ROUTE_KEYS if key in new})
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        keys = ("RouteTableId", "DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
        quietly(lambda: ec2.delete_route(**{key: p[key] for key in keys if key in p}))


class RouteTableAssociation(Adapter):
    """A subnet's association with a route table."""

    type = "AWS::EC2::SubnetRouteTableAssociation"

    def create(self, ctx: Context, p: Props) -> Made:
        answer = ctx.client("ec2").associate_route_table(
            RouteTableId=p["RouteTableId"], SubnetId=p["SubnetId"]
        )
        return Made(answer["AssociationId"], {"Id": answer["AssociationId"]})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.disassociate_route_table(AssociationId=made.id))


register(Vpc, Subnet, RouteTable, Route, RouteTableAssociation)
