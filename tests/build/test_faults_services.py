"""What can go wrong with AWS's services, with events and with answers."""

from __future__ import annotations

import os
import threading

from tests.build.judge import CREATED, Row, artifact, failed, succeeded
from tests.build.world import World, files


def test_s3_throttles(world: World, row: Row) -> None:
    world.commit("org/one", files(os.urandom(20_000_000)))
    for operation in (
        "PutObject",
        "UploadPart",
        "CreateMultipartUpload",
        "ListObjects*",
        "CompleteMultipartUpload",
    ):
        world.sandbox.fault("throttle", service="s3", operation=operation, principal="BuildRole", times=2)
    world.sandbox.fault("throttle", service="s3", principal="BuildFunctionRole", times=3)
    succeeded(world, row, "S3 throttles", world.deploy(world.unasked()))


def test_s3_refuses(world: World, row: Row) -> None:
    world.sandbox.fault("deny", service="s3", operation="PutObject", principal="BuildRole", times=0)
    end = world.deploy(world.unasked())
    failed(world, row, "S3 refuses to write", end, "AccessDenied")


def test_other_services_throttle(world: World, row: Row) -> None:
    for service, operation, principal in (
        ("stepfunctions", "StartExecution", "BuildFunctionRole"),
        ("cloudformation", "DescribeStackResource", "BuildFunctionRole"),
        ("codebuild", "BatchGetBuilds", "BuildMachineRole"),
        ("sagemaker-runtime", "InvokeEndpoint", "SmokeTestRole"),
    ):
        world.sandbox.fault("throttle", service=service, operation=operation, principal=principal, times=2)
    end = world.deploy(world.text())
    assert all(one["hits"] for one in world.sandbox.faults()), world.sandbox.faults()
    succeeded(world, row, "Step Functions, CloudFormation, CodeBuild, SageMaker throttle", end)


def test_no_build_can_be_started(world: World, row: Row) -> None:
    """Too many builds at once in the account: tried again, in the end said."""
    error = {"code": "AccountLimitExceededException", "message": "Cannot have more than 0 builds in queue"}
    world.sandbox.fault("error", service="codebuild", operation="StartBuild", times=2, **error)
    succeeded(world, row, "account's limit of builds, for a while", world.deploy(world.unasked()))
    world.sandbox.clear_faults()
    world.sandbox.fault("error", service="codebuild", operation="StartBuild", times=0, **error)
    world.name += "-again"
    end = world.deploy(world.unasked())
    failed(
        world,
        row,
        "account's limit of builds, for good (pauses 20 times shorter)",
        end,
        "no build was started",
        "AccountLimitExceeded",
    )


def test_a_throttled_function(world: World, row: Row) -> None:
    world.sandbox.fault("lambda", code="TooManyRequestsException", times=3)
    succeeded(world, row, "function throttled at CloudFormation's event", world.deploy(world.unasked()))


def test_a_function_throttled_at_the_signal(world: World, row: Row) -> None:
    world.sandbox.fault(
        "lambda", resource="*BuildFunction*", code="TooManyRequestsException", times=3, skip=1
    )
    end = world.deploy(world.unasked())
    assert [one["hits"] for one in world.sandbox.faults()] == [3]
    succeeded(world, row, "function throttled at the build's end", end)


def test_every_event_comes_twice(world: World, row: Row) -> None:
    world.control(twice=1)
    end = world.deploy(world.unasked())
    assert len(world.builds()) == 1, "one build for both"
    old = world.prefix()
    world.commit("org/one", files(b"other weights"))
    updated = world.deploy(world.unasked())
    assert updated.status == "UPDATE_COMPLETE", updated
    assert world.prefix() != old
    assert world.objects() == artifact(world)
    assert len(world.builds()) == 2
    succeeded(world, row, "every event is delivered twice", end)


def test_a_create_that_comes_late(world: World, row: Row) -> None:
    """The event for Create is lost for a while, CloudFormation gives up, and it comes while the stack rolls back."""
    world.control(withhold_Create=1)
    world.sandbox.fault("delay", service="stepfunctions", operation="DeleteStateMachine", seconds=5)
    world.create(world.unasked(shorter={"ServiceTimeout: 900": "ServiceTimeout: 4"}))
    world.waited(lambda: any(one.startswith("Build DELETE_COMPLETE") for one in world.events()))
    (event,) = world.delivered("Create")
    world.deliver(event)
    end = world.follow()
    assert world.builds() == []
    failed(
        world,
        row,
        "Create is delivered after Delete (wait shortened to 4 s)",
        end,
        "did not receive a response",
    )


def test_a_delete_that_overtakes_create(world: World, row: Row) -> None:
    """CloudFormation gives up while the function still asks the hub whether a build makes sense: none is started."""
    world.control(withhold_Create=1)
    world.hub.fault("/api/models/", delay=6)
    world.sandbox.fault("delay", service="stepfunctions", operation="DeleteStateMachine", seconds=8)
    world.create(world.unasked(shorter={"ServiceTimeout: 900": "ServiceTimeout: 4"}))
    (event,) = world.waited(lambda: world.delivered("Create"))
    late = threading.Thread(target=world.deliver, args=[event])
    late.start()
    end = world.follow()
    late.join()
    assert world.builds() == []
    failed(world, row, "Delete overtakes Create (wait shortened to 4 s)", end, "did not receive a response")


def test_an_old_event_that_comes_again(world: World, row: Row) -> None:
    """Lambda may deliver again after hours: what has been replaced is not built again."""
    first = world.deploy(world.unasked())
    world.commit("org/one", files(b"other weights"))
    end = world.deploy(world.unasked())
    assert (first.status, end.status) == (CREATED, "UPDATE_COMPLETE")
    objects = world.objects()
    (created,), (deleted,) = world.delivered("Create"), world.delivered("Delete")
    for event in (created, {**created, "RequestId": "another"}, deleted, *world.delivered("Update")):
        world.deliver(event)
    world.waited(lambda: not world.running())
    assert world.objects() == objects == artifact(world)
    assert len(world.builds()) == 2
    assert world.ask({"inputs": "x"}) == {"inputs": "x"}
    row("old events are delivered again after an update", end, "the stack, whole")


def test_answers_that_do_not_arrive_for_a_while(world: World, row: Row) -> None:
    world.control(response=4, handle=4)
    end = world.deploy(world.unasked())
    refused = (world.sandbox.folder / "refused.jsonl").read_text()
    assert refused.count('"response"') >= 4
    assert refused.count('"handle"') >= 4
    succeeded(world, row, "answer addresses unreachable for a while", end)


def test_an_answer_that_needs_another_try_of_lambda(world: World, row: Row) -> None:
    """The address is down for longer than the function tries: Lambda delivers the event again."""
    world.control(response=9)
    succeeded(world, row, "answer address down until Lambda tries again", world.deploy(world.unasked()))


def test_signals_that_never_arrive(world: World, row: Row) -> None:
    world.control(handle=9_999)
    end = world.deploy(world.unasked(shorter={"Timeout: 1800": "Timeout: 10"}))
    failed(
        world, row, "signal address down for good (wait shortened to 10 s)", end, "WaitCondition timed out"
    )


def test_answers_that_never_arrive(world: World, row: Row) -> None:
    world.control(response=9_999)
    world.create(world.unasked(shorter={"ServiceTimeout: 900": "ServiceTimeout: 6"}))
    world.waited(lambda: any(one.startswith("Build CREATE_FAILED") for one in world.events()))
    world.control()
    end = world.follow()
    failed(
        world, row, "answer address down for good (wait shortened to 6 s)", end, "did not receive a response"
    )
