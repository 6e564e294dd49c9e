"""Quotas judged: what a launch needs beside what the account has left."""

from __future__ import annotations

from cfgen.plan.account import Account, Reading
from cfgen.plan.model import Quota, QuotaNeed, Status

NOBODY = "not read"
"""Why nothing is known when no account was asked."""


def judge(needs: tuple[QuotaNeed, ...], region: str, account: Account | None) -> tuple[Quota, ...]:
    """Each need as the account can meet it. Without an account all are unknown."""
    return tuple(_judge(need, region, account) for need in needs)


def _judge(need: QuotaNeed, region: str, account: Account | None) -> Quota:
    if account is None:
        return Quota(need, region, None, None, "unknown", NOBODY, _advice(need, region, need.code))
    reading = account.quotas.get(need.key) or Reading(why=account.problem or "not asked for")
    code = reading.code or need.code
    if reading.value is None:
        why = reading.why or "could not be read"
        return Quota(need, region, None, reading.used, "unknown", why, _advice(need, region, code))
    # the endpoint of a stack that exists counts in what is used: an update that replaces it is told, not stopped
    used = reading.used or 0.0
    left = reading.value - used
    asked = request(need, region, code, int(used) + need.need) if reading.adjustable else ""
    status: Status = "ok" if left >= need.need else "warning" if account.stack or need.optional else "failed"
    if status == "ok" and reading.used is None:
        return Quota(need, region, reading.value, None, "ok", "how much is in use could not be read", "")
    return Quota(need, region, reading.value, reading.used, status, "", "" if status == "ok" else asked)


def _advice(need: QuotaNeed, region: str, code: str) -> str:
    """The request where nobody knows the value: only for quotas that are often too small in a new account."""
    return request(need, region, code, need.need) if need.critical and need.default is None else ""


def request(need: QuotaNeed, region: str, code: str, value: int) -> str:
    """The command that asks for more; without a code, the one that finds it."""
    if not code:
        return (
            f"aws service-quotas list-service-quotas --service-code {need.service} --region {region}"
            f" --query \"Quotas[?QuotaName=='{need.name}'].[QuotaCode,Value]\""
        )
    return (
        f"aws service-quotas request-service-quota-increase --service-code {need.service} --quota-code {code}"
        f" --desired-value {value} --region {region}"
    )


def words(quota: Quota) -> str:
    """One line: what is needed, of how many, how many in use."""
    need = quota.need
    if quota.value is None:
        usual = f"; {need.default:g} is usual" if need.default is not None else ""
        return f"{need.name}: {need.need} needed{usual}"
    used = "" if quota.used is None else f", {quota.used:g} in use"
    return f"{need.name}: {need.need} needed of {quota.value:g}{used}"
