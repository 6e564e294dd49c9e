"""EC2: internet and NAT gateways, elastic addresses, VPC endpoints, flow logs."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
from functools import partial
from typing import Any

from cfgen.sandbox.adapters.base import Adapter, Context, Made, Props, quietly, register, shaped
from cfgen.sandbox.adapters.ec2_network import retag, tags_of
from cfgen.sandbox.cfn.errors import ResourceFailure
from cfgen.sandbox.clients import client


class _Tagged(Adapter):
    """Types whose only change in place is of tags."""

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        retag(ctx, made.id, old, new)
        return made


class InternetGateway(_Tagged):
    """An internet gateway."""

    type = "AWS::EC2::InternetGateway"

    def create(self, ctx: Context, p: Props) -> Made:
        answer = ctx.client("ec2").create_internet_gateway(TagSpecifications=tags_of("internet-gateway", p))
        identifier = answer["InternetGateway"]["InternetGatewayId"]
        return Made(identifier, {"InternetGatewayId": identifier})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_internet_gateway(InternetGatewayId=made.id))


class GatewayAttachment(Adapter):
    """A gateway's attachment to a VPC."""

    type = "AWS::EC2::VPCGatewayAttachment"

    def create(self, ctx: Context, p: Props) -> Made:
        if "InternetGatewayId" not in p:
            raise ResourceFailure("the cfgen sandbox attaches internet gateways only")
        ctx.client("ec2").attach_internet_gateway(InternetGatewayId=p["InternetGatewayId"], VpcId=p["VpcId"])
        return Made(f"IGW|{p['VpcId']}", {"AttachmentType": "IGW"})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(
            lambda: ec2.detach_internet_gateway(InternetGatewayId=p["InternetGatewayId"], VpcId=p["VpcId"])
        )


class Address(_Tagged):
    """An elastic IP address; Ref is the address itself."""

    type = "AWS::EC2::EIP"

    def create(self, ctx: Context, p: Props) -> Made:
        answer = ctx.client("ec2").allocate_address(
            Domain=p.get("Domain", "vpc"), TagSpecifications=tags_of("elastic-ip", p)
        )
        return Made(
            answer["PublicIp"],
            {"AllocationId": answer["AllocationId"], "PublicIp": answer["PublicIp"]},
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        retag(ctx, made.attributes["AllocationId"], old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.release_address(AllocationId=made.attributes["AllocationId"]))


class NatGateway(_Tagged):
    """A NAT gateway."""

    type = "AWS::EC2::NatGateway"

    def create(self, ctx: Context, p: Props) -> Made:
        ec2 = ctx.client("ec2")
        arguments: dict[str, Any] = {
            key: p[key] for key in ("SubnetId", "AllocationId", "ConnectivityType") if key in p
        }
        answer = ec2.create_nat_gateway(**arguments, TagSpecifications=tags_of("natgateway", p))
        identifier = answer["NatGateway"]["NatGatewayId"]
        ctx.announce(identifier)

        def available() -> bool:
            found = ec2.describe_nat_gateways(NatGatewayIds=[identifier])["NatGateways"]
            return bool(found and found[0]["State"] == "available")

        ctx.wait(available, 300, f"NAT gateway {identifier}")
        return Made(identifier, {"NatGatewayId": identifier})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        found = ec2.describe_nat_gateways(NatGatewayIds=[made.id])["NatGateways"]
        quietly(lambda: ec2.delete_nat_gateway(NatGatewayId=made.id))
        # EC2 takes the interface along, moto keeps it
        own = client("ec2", ctx.region)
        for gateway in found:
            for address in gateway["NatGatewayAddresses"]:
                quietly(
                    partial(own.delete_network_interface, NetworkInterfaceId=address["NetworkInterfaceId"])
                )


class VpcEndpoint(Adapter):
    """A gateway or interface endpoint."""

    type = "AWS::EC2::VPCEndpoint"

    def create(self, ctx: Context, p: Props) -> Made:
        ec2 = ctx.client("ec2")
        arguments = shaped(
            "ec2", "CreateVpcEndpoint", {k: v for k, v in p.items() if k not in ("PolicyDocument", "Tags")}
        )
        if "PolicyDocument" in p:
            document = p["PolicyDocument"]
            arguments["PolicyDocument"] = document if isinstance(document, str) else json.dumps(document)
        answer = ec2.create_vpc_endpoint(**arguments, TagSpecifications=tags_of("vpc-endpoint", p))[
            "VpcEndpoint"
        ]
        identifier = answer["VpcEndpointId"]
        return Made(
            identifier,
            {
                "Id": identifier,
                "CreationTimestamp": str(answer.get("CreationTimestamp", "")),
                "DnsEntries": [
                    f"{e.get('HostedZoneId', '')}:{e['DnsName']}" for e in answer.get("DnsEntries") or []
                ],
                "NetworkInterfaceIds": answer.get("NetworkInterfaceIds") or [],
            },
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        ec2 = ctx.client("ec2")
        arguments: dict[str, Any] = {"VpcEndpointId": made.id}
        for key, short in (
            ("RouteTableIds", "RouteTableIds"),
            ("SubnetIds", "SubnetIds"),
            ("SecurityGroupIds", "SecurityGroupIds"),
        ):
            before, after = set(old.get(key) or []), set(new.get(key) or [])
            if after - before:
                arguments[f"Add{short}"] = sorted(after - before)
            if before - after:
                arguments[f"Remove{short}"] = sorted(before - after)
        if old.get("PolicyDocument") != new.get("PolicyDocument"):
            document = new.get("PolicyDocument")
            arguments["PolicyDocument"] = document if isinstance(document, str) else json.dumps(document)
        if len(arguments) > 1:
            ec2.modify_vpc_endpoint(**arguments)
        retag(ctx, made.id, old, new)
        return made

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_vpc_endpoints(VpcEndpointIds=[made.id]))


class FlowLog(_Tagged):
    """A flow log of a VPC, subnet or interface."""

    type = "AWS::EC2::FlowLog"

    def create(self, ctx: Context, p: Props) -> Made:
        arguments = shaped(
            "ec2",
            "CreateFlowLogs",
            {key: value for key, value in p.items() if key not in ("ResourceId", "Tags")},
            ResourceIds=[p["ResourceId"]],
        )
        answer = ctx.client("ec2").create_flow_logs(**arguments, TagSpecifications=tags_of("vpc-flow-log", p))
        if answer.get("Unsuccessful"):
            raise ResourceFailure(answer["Unsuccessful"][0]["Error"]["Message"])
        identifier = answer["FlowLogIds"][0]
        return Made(identifier, {"Id": identifier})

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        ec2 = ctx.client("ec2")
        quietly(lambda: ec2.delete_flow_logs(FlowLogIds=[made.id]))


register(InternetGateway, GatewayAttachment, Address, NatGateway, VpcEndpoint, FlowLog)
