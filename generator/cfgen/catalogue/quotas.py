"""Names and codes of Service Quotas that an endpoint touches.

A code is here only where a source gives it; any other is asked of the API by the quota's name. Codes are the same
in every region, values are not. Defaults are those of a new account; for instance types there is none to rely on
(AWS General Reference, "Amazon SageMaker AI endpoints and quotas": often 0 for accelerators).
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class QuotaName:
    """A quota as Service Quotas calls it; ``code`` is empty where no source gives it."""

    service: str
    name: str
    code: str
    default: float | None


KNOWN: Mapping[str, QuotaName] = {
    "endpoint-instances": QuotaName(
        "sagemaker", "Number of instances across active endpoints", "L-7A3DF611", 20
    ),
    "serverless-endpoints": QuotaName(
        "sagemaker", "Maximum number of serverless endpoints", "L-99AD19BF", 50
    ),
    "serverless-concurrency": QuotaName(
        "sagemaker",
        "Maximum total concurrency that can be allocated across all serverless endpoints",
        "L-96300102",
        None,
    ),
    "scalable-targets": QuotaName(
        "application-autoscaling", "Scalable targets for SageMaker", "L-1AAF0700", 500
    ),
    "roles": QuotaName("iam", "Roles per account", "", 1000),
    "vpcs": QuotaName("vpc", "VPCs per Region", "L-F678F1CE", 5),
    "internet-gateways": QuotaName("vpc", "Internet gateways per Region", "L-A4707A72", 5),
    "nat-gateways": QuotaName("vpc", "NAT gateways per Availability Zone", "L-FE5A380F", 5),
    "elastic-ips": QuotaName("ec2", "EC2-VPC Elastic IPs", "L-0263D0A3", 5),
    "interface-endpoints": QuotaName("vpc", "Interface VPC endpoints per VPC", "L-29B6F2EB", 50),
    "gateway-endpoints": QuotaName("vpc", "Gateway VPC endpoints per Region", "L-1B52E74A", 20),
    "build-arm-small": QuotaName(
        "codebuild", "Concurrently running builds for ARM/Small environment", "L-5ED1D25B", None
    ),
    "build-x86-small": QuotaName(
        "codebuild", "Concurrently running builds for Linux/Small environment", "L-9D07B6EF", None
    ),
    "build-x86-medium": QuotaName(
        "codebuild", "Concurrently running builds for Linux/Medium environment", "L-2DC20C30", None
    ),
    "build-x86-large": QuotaName(
        "codebuild", "Concurrently running builds for Linux/Large environment", "L-4DDC4A99", None
    ),
}


@functools.cache
def _codes() -> Mapping[str, str]:
    path = Path(__file__).parent / "data" / "quotas.json"
    try:
        codes: Mapping[str, str] = json.loads(path.read_bytes())["endpoint_usage"]
        return codes
    except (OSError, ValueError, KeyError) as error:
        from cfgen.catalogue.errors import DataError

        raise DataError(f"cfgen's own quotas cannot be read: {error}", hint="Install cfgen again.") from error


def endpoint_usage(instance_type: str) -> QuotaName:
    """The quota of an instance type on endpoints. Raises DataError for a damaged installation."""
    return QuotaName(
        "sagemaker", f"{instance_type} for endpoint usage", _codes().get(instance_type, ""), None
    )
