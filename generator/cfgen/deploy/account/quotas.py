"""The values of quotas, from Service Quotas; IAM's from IAM itself.

A quota whose code no source gives is looked for by name, once: codes are remembered in the cache folder.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from cfgen.deploy.account.reasons import attempt, why
from cfgen.deploy.session import Aws, code_of, pages
from cfgen.files import WriteError, write_atomically
from cfgen.paths import cache_dir
from cfgen.plan.account import Reading
from cfgen.plan.model import QuotaNeed


def begin(aws: Aws, needs: Sequence[QuotaNeed], pool: ThreadPoolExecutor) -> dict[str, Future[Reading]]:
    """Start reading the value of every quota; by the needs' keys."""
    found: dict[str, Future[Reading]] = {}
    known = _remembered()
    for need in needs:
        if need.service == "iam":
            found[need.key] = pool.submit(_roles, aws.client("iam"))
        else:
            code = need.code or known.get(f"{need.service}/{need.name}", "")
            found[need.key] = pool.submit(_value, aws.client("service-quotas"), need, code)
    return found


def _value(client: Any, need: QuotaNeed, code: str) -> Reading:
    if not code:
        listed, reason = attempt(lambda: _by_name(client, need))
        if listed is None:
            return Reading(why=reason or "Service Quotas does not know it here")
        _remember(f"{need.service}/{need.name}", listed.code)
        return listed
    try:
        return _reading(client.get_service_quota(ServiceCode=need.service, QuotaCode=code)["Quota"])
    except Exception as error:
        if code_of(error) != "NoSuchResourceException":
            return Reading(code=code, why=why(error))
    # a quota that nobody ever asked for may have no value of the account's own, only the default
    found, reason = attempt(
        lambda: client.get_aws_default_service_quota(ServiceCode=need.service, QuotaCode=code)["Quota"]
    )
    if found is None:
        return Reading(code=code, why=f"Service Quotas does not know it here ({reason})")
    return _reading(found)


def _by_name(client: Any, need: QuotaNeed) -> Reading | None:
    listed = pages(client.list_service_quotas, "Quotas", ServiceCode=need.service, MaxResults=100)
    for quota in listed:
        if quota.get("QuotaName") == need.name:
            return _reading(quota)
    return None


def _reading(quota: dict[str, Any]) -> Reading:
    return Reading(
        float(quota["Value"]), None, quota.get("QuotaCode", ""), bool(quota.get("Adjustable", True))
    )


def _roles(client: Any) -> Reading:
    """IAM's own count: it is not asked in every region, and it tells use and limit at once."""
    found, reason = attempt(lambda: client.get_account_summary()["SummaryMap"])
    if found is None or "RolesQuota" not in found:
        return Reading(why=reason or "IAM does not say")
    return Reading(float(found["RolesQuota"]), float(found.get("Roles", 0)))


def _remembered() -> dict[str, str]:
    try:
        found = json.loads((cache_dir() / "quotas.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _remember(name: str, code: str) -> None:
    try:
        write_atomically(cache_dir() / "quotas.json", json.dumps({**_remembered(), name: code}, indent=1))
    except (WriteError, OSError):
        return
