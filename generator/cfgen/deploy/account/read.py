"""One account in one region, read side by side: the calls wait for the network, not for each other."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cfgen.deploy import errors
from cfgen.deploy.account import quotas, usage
from cfgen.deploy.account.reasons import attempt, why
from cfgen.deploy.session import Aws, aws_errors, code_of
from cfgen.plan.account import MISSING, Account, Reading
from cfgen.plan.model import QuotaNeed

_AT_ONCE = 8


def read(
    region: str,
    profile: str | None,
    needs: Sequence[QuotaNeed],
    secrets: Sequence[str] = (),
    stack_name: str = "",
    *,
    opt_in: bool = False,
) -> Account:
    """The account behind ``profile`` in ``region``, as far as the caller may look.

    ``opt_in``: the region is one that must be enabled, so that is asked too. Raises nothing of AWS's: without
    credentials, or when nothing answers, ``problem`` says so. Raises ToolMissing without boto3.
    """
    with Aws(region, profile, attempts=3, patience=20) as aws, ThreadPoolExecutor(_AT_ONCE) as pool:
        try:
            identity = _identity(aws)
        except errors.AwsError as error:
            return Account(region, problem=why(error), enabled=_enabled(region, profile) if opt_in else None)
        # clients are made here: a session is not to be shared between threads, clients are
        stack = pool.submit(_stack, aws.client("cloudformation"), stack_name) if stack_name else None
        told = {name: pool.submit(_secret, aws.client("secretsmanager"), name) for name in secrets}
        enabled = pool.submit(_enabled, region, profile) if opt_in else None
        values = quotas.begin(aws, needs, pool)
        used = usage.begin(aws, needs, pool)
        return Account(
            region,
            identity,
            {need.key: _joined(values[need.key].result(), used.get(need.key)) for need in needs},
            {name: job.result() for name, job in told.items()},
            stack.result() if stack else "",
            enabled.result() if enabled else None,
        )


def _joined(value: Reading, used: Any) -> Reading:
    if used is None:
        return value
    amount, reason = used.result()
    return Reading(value.value, amount, value.code, value.adjustable, value.why or reason)


def _identity(aws: Aws) -> str:
    """The account's number. Raises AwsError: without credentials nothing else is worth asking."""
    with aws_errors("ask who is calling"):
        return str(aws.client("sts").get_caller_identity()["Account"])


def _stack(client: Any, name: str) -> str:
    """The status of a stack; empty when there is none, or when it could not be read."""
    found, _ = attempt(lambda: client.describe_stacks(StackName=name)["Stacks"])
    status = str(found[0]["StackStatus"]) if found else ""
    return "" if status in {"DELETE_COMPLETE", "REVIEW_IN_PROGRESS"} else status


def _secret(client: Any, name: str) -> str:
    """Empty when the secret is there; ``missing``; else why it could not be read. Its value is not asked for."""
    try:
        found = client.describe_secret(SecretId=name)
    except Exception as error:
        return MISSING if code_of(error) == "ResourceNotFoundException" else why(error)
    return MISSING if found.get("DeletedDate") else ""


def _enabled(region: str, profile: str | None) -> bool | None:
    """Whether the region is enabled in the account; asked in one that always is. None when that cannot be read."""
    with Aws("us-east-1", profile, attempts=2, patience=10) as aws:
        found, _ = attempt(
            lambda: aws.client("ec2").describe_regions(RegionNames=[region], AllRegions=True)["Regions"]
        )
    return found[0].get("OptInStatus") != "not-opted-in" if found else None
