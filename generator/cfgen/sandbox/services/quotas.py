"""Service Quotas: an account with room for everything, but for the codes that ``settings.quotas`` names.

Values are all there is to it: nothing here is refused for a quota, as little as an account is billed.
"""

from __future__ import annotations

from typing import Any

from cfgen.sandbox.registry import operation
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, Call, partition_of

ROOM = 100.0


@operation("service-quotas")
def get_service_quota(call: Call) -> dict[str, Any]:
    """A quota by its code."""
    return {"Quota": _quota(call, str(call.params["QuotaCode"]))}


@operation("service-quotas", "GetAWSDefaultServiceQuota")
def get_default(call: Call) -> dict[str, Any]:
    """The same: nobody has asked for more."""
    return {"Quota": _quota(call, str(call.params["QuotaCode"]))}


@operation("service-quotas")
def list_service_quotas(call: Call) -> dict[str, Any]:
    """Those with a value of their own; what they are called is not known here."""
    return {"Quotas": [_quota(call, code) for code in sorted(settings.quotas)]}


def _quota(call: Call, code: str) -> dict[str, Any]:
    service = str(call.params["ServiceCode"])
    return {
        "ServiceCode": service,
        "ServiceName": service,
        "QuotaArn": f"arn:{partition_of(call.region)}:servicequotas:{call.region}:{ACCOUNT}:{service}/{code}",
        "QuotaCode": code,
        "QuotaName": code,
        "Value": float(settings.quotas.get(code, ROOM)),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }
