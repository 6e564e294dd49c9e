"""How stack set operations go: accounts and regions in order, so many at a time, up to so many failures.

There is one account behind it all. The stacks of other accounts stand in it too, each under its own name.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.cfn.errors import ValidationError
from cfgen.sandbox.cfn.state import now, store
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call

Place = tuple[str, str]
"""Account and region."""
Work = Callable[[str, str], str]
"""Does something for (account, region); why it failed, else an empty text."""


@dataclass
class StackSet:
    """A stack set, its instances by account and region, and its operations."""

    name: str
    region: str
    id: str
    body: str
    request: dict[str, Any]
    instances: dict[Place, dict[str, Any]] = field(default_factory=dict)
    operations: dict[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "ACTIVE"
    created: datetime = field(default_factory=now)
    drift: dict[str, Any] = field(default_factory=dict)
    # held while an operation is begun, stopped or ended
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def service_managed(self) -> bool:
        """Whether it goes by organizational units, without roles of the user's."""
        return self.request.get("PermissionModel") == "SERVICE_MANAGED"


def organization() -> dict[str, list[str]]:
    """Organizational unit → its accounts, as the settings have it."""
    return {
        unit: [account.strip() for account in accounts.split(",") if account.strip()]
        for unit, accounts in settings.organization.items()
    }


def targets(call: Call, stack_set: StackSet) -> list[Place]:
    """The (account, region) pairs a request names, each account with its unit remembered."""
    p = call.params
    wanted = p.get("DeploymentTargets") or {}
    accounts: Sequence[str] = p.get("Accounts") or wanted.get("Accounts") or []
    units: Sequence[str] = wanted.get("OrganizationalUnitIds") or []
    if not stack_set.service_managed:
        if units:
            raise ValidationError(
                "StackSets with SELF_MANAGED permission model can only have accounts as target"
            )
        if not accounts:
            raise ValidationError("Either Accounts or DeploymentTargets is required")
        return [(account, region) for region in p["Regions"] for account in accounts]
    if not units:
        raise ValidationError("StackSets with SERVICE_MANAGED permission model can only have OU as target")
    known = organization()
    for unit in units:
        if unit not in known:
            raise ValidationError(
                f"OrganizationalUnit {unit} does not exist (the sandbox has {sorted(known)})"
            )
    listed = list(dict.fromkeys(account for unit in units for account in known[unit]))
    kind = wanted.get("AccountFilterType") or "NONE"
    if kind == "INTERSECTION":
        listed = [account for account in listed if account in accounts]
    elif kind == "DIFFERENCE":
        listed = [account for account in listed if account not in accounts]
    elif kind == "UNION":
        listed = list(dict.fromkeys([*listed, *accounts]))
    # the management account is never deployed to ("Considerations when creating a stack set", service-managed)
    return [(account, region) for region in p["Regions"] for account in listed if account != ACCOUNT]


def unit_of(account: str) -> str:
    """The organizational unit an account is in, empty outside of all."""
    return next((unit for unit, accounts in organization().items() if account in accounts), "")


def check_idle(stack_set: StackSet) -> None:
    """One operation at a time."""
    if any(item["Status"] in {"RUNNING", "STOPPING"} for item in list(stack_set.operations.values())):
        raise AwsError(
            "OperationInProgressException",
            f"Another Operation on StackSet {stack_set.id} is in progress",
            409,
        )


def begin(
    call: Call, stack_set: StackSet, action: str, places: Sequence[Place], work: Work
) -> dict[str, Any]:
    """Start an operation in the background; its id."""
    identifier = call.params.get("OperationId") or str(uuid.uuid4())
    record: dict[str, Any] = {
        "OperationId": identifier,
        "StackSetId": stack_set.id,
        "Action": action,
        "Status": "RUNNING",
        "CreationTimestamp": now(),
        "OperationPreferences": call.params.get("OperationPreferences") or {},
        "Results": dict.fromkeys(places, ("PENDING", "")),
    }
    with stack_set.lock:
        check_idle(stack_set)
        stack_set.operations[identifier] = record
    name = f"stackset-{stack_set.name}"
    threading.Thread(target=_run, args=[stack_set, record, work], daemon=True, name=name).start()
    return {"OperationId": identifier}


def _run(stack_set: StackSet, record: dict[str, Any], work: Work) -> None:
    failed = True
    try:
        failed = _all_regions(record, work)
    finally:
        # whatever happens it ends: a set whose operation runs for ever would take no other
        with stack_set.lock:
            if record["Status"] == "STOPPING":
                record["Status"] = "STOPPED"
            else:
                record["Status"] = "FAILED" if failed else "SUCCEEDED"
            record["EndTimestamp"] = now()


def _all_regions(record: dict[str, Any], work: Work) -> bool:
    """One region after the other, or all at once; whether one failed."""
    preferences = record["OperationPreferences"]
    regions = list(dict.fromkeys(region for _, region in record["Results"]))
    order = [region for region in preferences.get("RegionOrder") or [] if region in regions]
    regions = [*order, *(region for region in regions if region not in order)]
    failed: list[str] = []

    def one_region(region: str) -> None:
        accounts = [account for account, where in record["Results"] if where == region]
        if not _region(record, region, accounts, work):
            failed.append(region)

    if preferences.get("RegionConcurrencyType") == "PARALLEL":
        with ThreadPoolExecutor(max_workers=max(1, len(regions))) as pool:
            list(pool.map(one_region, regions))
    else:
        for region in regions:
            if failed:
                for account in [account for account, where in record["Results"] if where == region]:
                    _cancel(record, (account, region))
            else:
                one_region(region)
    return bool(failed)


def _cancel(record: dict[str, Any], place: Place) -> None:
    stopped = record["Status"] == "STOPPING"
    why = "Cancelled by user" if stopped else "Cancelled since failure tolerance has exceeded"
    record["Results"][place] = ("CANCELLED", why)


def _region(record: dict[str, Any], region: str, accounts: list[str], work: Work) -> bool:
    """One region; whether its failures stayed within the tolerance."""
    preferences = record["OperationPreferences"]
    share = int(preferences.get("FailureTolerancePercentage") or 0)
    tolerance = int(preferences.get("FailureToleranceCount") or len(accounts) * share // 100)
    percent = int(preferences.get("MaxConcurrentPercentage") or 0)
    at_once = int(preferences.get("MaxConcurrentCount") or max(1, len(accounts) * percent // 100))
    if preferences.get("ConcurrencyMode") != "SOFT_FAILURE_TOLERANCE":
        # "MaxConcurrentCount is at most one more than the FailureToleranceCount"
        at_once = min(at_once, tolerance + 1)
    failures = 0
    lock = threading.Lock()

    def one(account: str) -> None:
        nonlocal failures
        place = (account, region)
        with lock:
            if failures > tolerance or record["Status"] == "STOPPING":
                _cancel(record, place)
                return
            record["Results"][place] = ("RUNNING", "")
        try:
            reason = work(account, region)
        except (AwsError, ClientError) as error:
            reason = getattr(error, "message", "") or str(error)
        except Exception as error:
            reason = f"Internal failure of the cfgen sandbox: {type(error).__name__}: {error}"
        with lock:
            record["Results"][place] = ("FAILED" if reason else "SUCCEEDED", reason)
            failures += bool(reason)

    with ThreadPoolExecutor(max_workers=max(1, at_once)) as pool:
        list(pool.map(one, accounts))
    return failures <= tolerance


def wait(stack_id: str, region: str) -> tuple[str, str]:
    """The stack's status and reason once nothing is in progress."""
    while True:
        stack = store.find(stack_id, region)
        assert stack is not None
        if not stack.in_progress:
            return stack.status, stack.reason
        time.sleep(0.1)


def judge(instance: dict[str, Any], region: str, good: str) -> str:
    """Wait for the instance's stack; why it is not ``good``, else an empty text."""
    status, reason = wait(instance["StackId"], region)
    instance["Status"] = "CURRENT" if status == good else "OUTDATED"
    if status == "DELETE_FAILED":
        instance["Status"] = "INOPERABLE"
    instance["StatusReason"] = "" if status == good else _why(instance["StackId"], region, status, reason)
    return str(instance["StatusReason"])


def _why(stack_id: str, region: str, status: str, reason: str) -> str:
    """The first resource that failed, in the words of a stack set's status reason."""
    stack = store.find(stack_id, region)
    for event in stack.events if stack is not None else ():
        if event.status.endswith("_FAILED") and event.type != "AWS::CloudFormation::Stack":
            return (
                f"ResourceLogicalId:{event.logical_id}, ResourceType:{event.type}, "
                f"ResourceStatusReason:{event.reason}."
            )
    return f"Stack is in {status}: {reason}"
