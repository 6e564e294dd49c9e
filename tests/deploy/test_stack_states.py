"""Every state a stack can be in, and what may be done with it ("Stack status codes")."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.deploy import destroy, errors
from cfgen.deploy import stack as stacks
from tests.deploy.fakes import Client, FakeAws, failure, stack

DEPLOYABLE = [
    "CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "UPDATE_FAILED", "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS",
]  # fmt: skip
BUSY = [
    "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "DELETE_IN_PROGRESS", "UPDATE_IN_PROGRESS",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "IMPORT_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "IMPORT_ROLLBACK_IN_PROGRESS",
]  # fmt: skip
STUCK = ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"]


def of(status: str, **raw: Any) -> stacks.StackView:
    return stack(Client(), StackStatus=status, **raw)


@pytest.mark.parametrize("status", DEPLOYABLE)
def test_these_take_an_update(status: str) -> None:
    stacks.check_deployable(of(status))


def test_a_creation_that_failed_and_was_kept_is_gone_on_with() -> None:
    stacks.check_deployable(of("CREATE_FAILED", DisableRollback=True))


@pytest.mark.parametrize("status", BUSY)
def test_these_are_busy(status: str) -> None:
    with pytest.raises(errors.StackBusy) as caught:
        stacks.check_deployable(of(status))
    assert caught.value.hint == "cfgen status s --region us-east-1 --follow"


@pytest.mark.parametrize("status", STUCK)
def test_these_are_stuck_and_one_is_told_the_way_out(status: str) -> None:
    with pytest.raises(errors.StackStuck) as caught:
        stacks.check_deployable(of(status))
    expected = "continue-update-rollback" if status == "UPDATE_ROLLBACK_FAILED" else "cfgen destroy s"
    assert expected in caught.value.hint


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_no_deletion_during_an_update(status: str) -> None:
    with pytest.raises(errors.StackBusy):
        destroy.plan(of(status))


def test_resources_are_let_go_only_after_a_failed_deletion() -> None:
    with pytest.raises(errors.MalformedOption, match="DELETE_FAILED"):
        destroy.plan(of("CREATE_COMPLETE"), ["Endpoint"])
    with pytest.raises(errors.MalformedOption, match="no resource Nothing"):
        destroy.plan(of("DELETE_FAILED"), ["Nothing"])
    plan = destroy.plan(of("DELETE_FAILED"), ["Endpoint"])
    assert [one.logical_id for one in plan.retained] == ["Endpoint"]
    assert plan.groups == ("/aws/sagemaker/Endpoints/e",)


def test_a_missing_stack_is_none_and_other_refusals_are_errors() -> None:
    missing = failure("ValidationError", "Stack with id x does not exist")
    assert stacks.find(FakeAws(cloudformation=Client(describe_stacks=missing)), "x") is None
    with pytest.raises(errors.StackNotFound, match="no stack x in us-east-1"):
        stacks.get(FakeAws(cloudformation=Client(describe_stacks=missing)), "x")
    denied = failure("AccessDenied", "is not authorized to perform: cloudformation:DescribeStacks")
    with pytest.raises(errors.AccessDenied):
        stacks.find(FakeAws(cloudformation=Client(describe_stacks=denied)), "x")


@pytest.mark.parametrize("name", ["", " ", "a b", "-x", "é", "1a", "a" * 129], ids=ascii)
def test_what_no_stack_is_called_is_not_asked_for(name: str) -> None:
    """An empty name would be any stack: `cfgen destroy "$STACK"` without the variable."""
    with pytest.raises(errors.MalformedOption, match="is no name for a stack") as caught:
        stacks.get(FakeAws(cloudformation=Client()), name)
    assert caught.value.exit_code == 2


def test_a_log_does_not_begin_before_time_did() -> None:
    from cfgen.deploy import logs

    assert logs.milliseconds(1e15) == 0
