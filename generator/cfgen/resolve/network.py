"""``vpc`` → the network plan."""

from __future__ import annotations

import ipaddress

from cfgen.resolve.collector import Collector
from cfgen.resolve.stack import VpcPlan
from cfgen.spec.sections import CreatedVpc, ExistingVpc

NO_VPC = VpcPlan("none", "", (), (), False, "", 0, 0, 0, False, ())


def plan_network(notes: Collector, *, reaches_hub: bool) -> VpcPlan:
    """The network; ``reaches_hub``: the container fetches from the internet when it starts."""
    vpc = notes.spec.data.vpc
    if isinstance(vpc, ExistingVpc):
        groups = tuple(vpc.security_group_ids or ())
        if groups and vpc.vpc_id:
            notes.warn(
                "vpc.vpcId", "is not used: your security groups already belong to a network", "leave it out"
            )
        if reaches_hub:
            notes.warn(
                "vpc.mode",
                "the container fetches the model from the hub: the subnets need a route to the internet (NAT)",
            )
        return VpcPlan(
            "existing",
            vpc.vpc_id or "",
            tuple(vpc.subnet_ids or ()),
            groups,
            not groups,
            "",
            0,
            0,
            0,
            False,
            (),
        )
    if not isinstance(vpc, CreatedVpc):
        return NO_VPC
    prefix = int(vpc.cidr.partition("/")[2])
    try:
        ipaddress.IPv4Network(vpc.cidr)
    except ValueError as error:
        host_bits = "host bits" in str(error)
        right = str(ipaddress.ip_network(vpc.cidr, strict=False)) if host_bits else "such as 10.0.0.0/20"
        notes.refuse("vpc.cidr", f"{vpc.cidr} is not a network address", right)
    services = tuple((name, _logical_id(name)) for name in dict.fromkeys(vpc.interface_endpoints))
    return VpcPlan(
        "create",
        "",
        (),
        (),
        True,
        vpc.cidr,
        prefix,
        32 - (prefix + 2),
        vpc.availability_zones,
        reaches_hub,
        services,
    )


def _logical_id(service: str) -> str:
    return "".join(word.capitalize() for word in service.split(".")) + "InterfaceEndpoint"
