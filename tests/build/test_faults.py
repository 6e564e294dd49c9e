"""Everything that can go wrong while a model is built, in whole stacks: the real handlers and the real script run.

Of each fault: what the stack ends as, after how many seconds, what a user reads, and what is left behind. The
table of all is written to the file that CFGEN_FAULT_TABLE names.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.build.conftest import End, World, files

Row = Callable[..., None]
ROLLED_BACK, CREATED = "ROLLBACK_COMPLETE", "CREATE_COMPLETE"
SECONDS = 45
"""No fault takes longer than this on a busy machine, where an undisturbed stack takes 4 to 8."""


def failed(world: World, row: Row, fault: str, end: End, *words: str) -> None:
    """A create that failed: rolled back, in time, with a reason that says why, and nothing is left."""
    assert end.status == ROLLED_BACK, end
    assert end.seconds < SECONDS
    assert [one for one in words if one not in end.reason] == [], end
    row(fault, end, world.nothing_left())


def succeeded(world: World, row: Row, fault: str, end: End) -> None:
    """A create that got over its fault: the artifact is whole and served, and goes with the stack."""
    assert end.status == CREATED, end
    assert end.seconds < SECONDS
    assert world.objects() == artifact(world)
    assert world.ask({"inputs": "x"}) == {"inputs": "x"}
    gone = world.delete()
    assert gone.status == "DELETE_COMPLETE", gone
    world.nothing_left()
    row(fault, end, "the stack, whole")


def artifact(world: World) -> list[str]:
    prefix = world.prefix()
    names = ("README.md", "code/inference.py", "config.json", "model.safetensors")
    return sorted([f"{prefix.rstrip('/')}.json", *(f"{prefix}{one}" for one in names)])


# the build ------------------------------------------------------------------------------------------------


def test_a_file_that_the_build_refuses(world: World, row: Row) -> None:
    world.commit("org/one", {"config.json": b"{}", "pytorch_model.bin": b"a pickle"})
    end = world.deploy(world.unasked())
    failed(world, row, "build fails: the model is a pickle", end, "org/one: pickles may run code when loaded")


def test_a_build_stopped_by_hand(world: World, row: Row) -> None:
    gate = world.hold("org/one")
    world.create(world.unasked())
    world.client("codebuild").stop_build(id=world.building(gate))
    failed(world, row, "build stopped by hand", world.follow(), "ended as STOPPED")


def test_an_execution_stopped_by_hand(world: World, row: Row) -> None:
    """Nobody signals then: the wait condition's own time limit is what ends it, here shortened from 30 minutes."""
    gate = world.hold("org/one")
    world.create(world.unasked(shorter={"Timeout: 1800": "Timeout: 12"}))
    world.building(gate)
    states = world.client("stepfunctions")
    (run,) = states.list_executions(stateMachineArn=world.resource("BuildMachine"))["executions"]
    states.stop_execution(executionArn=run["executionArn"])
    end = world.follow()
    failed(
        world, row, "state machine stopped by hand (wait shortened to 12 s)", end, "WaitCondition timed out"
    )


def test_a_build_that_times_out(world: World, row: Row) -> None:
    world.sandbox.configure(build_minute=0.8)
    world.hold("org/one")
    end = world.deploy(world.unasked())
    failed(
        world,
        row,
        "build times out (5 minutes shortened to 4 s)",
        end,
        "ended as TIMED_OUT",
        "Build has timed out",
    )


def test_a_build_that_gets_no_machine(world: World, row: Row) -> None:
    world.sandbox.configure(build_minute=0.8)
    world.sandbox.fault("kill-build", action="queue")
    end = world.deploy(world.unasked())
    failed(world, row, "no machine for the build (5 minutes shortened to 4 s)", end, "ended as TIMED_OUT")


def test_a_build_that_is_silent_beyond_its_time(world: World, row: Row) -> None:
    """CodeBuild says nothing, not even that time is over: the state machine's time limit, shortened from 15 minutes."""
    world.hold("org/one")
    end = world.deploy(world.unasked(shorter={"TimeoutSeconds: 900": "TimeoutSeconds: 5"}))
    failed(world, row, "CodeBuild never says an end (task shortened to 5 s)", end, "States.Timeout")


def test_a_machine_that_dies(world: World, row: Row) -> None:
    world.hold("org/one")
    world.sandbox.fault("kill-build", action="build", seconds=2)
    end = world.deploy(world.unasked())
    failed(world, row, "builder's machine dies", end, "ended as FAULT", "container found dead")


def test_a_machine_that_dies_without_a_word(world: World, row: Row) -> None:
    """CodeBuild itself finds out at the build's time limit only."""
    world.hold("org/one")
    world.sandbox.configure(build_minute=0.8)
    world.sandbox.fault("kill-build", action="build", seconds=1, code="silent")
    end = world.deploy(world.unasked())
    failed(world, row, "builder dies without a word (5 minutes shortened to 4 s)", end, "ended as TIMED_OUT")


def test_a_script_that_is_killed(world: World, row: Row) -> None:
    gate = world.hold("org/one")
    world.create(world.unasked())
    world.building(gate)
    os.kill(script(world), signal.SIGKILL)
    failed(world, row, "script killed (SIGKILL, as by lack of memory)", world.follow(), "exit status 137")


def script(world: World) -> int:
    """The process id of the build's python3."""
    place = str(world.sandbox.folder / "builds")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str((process / "cwd").readlink()).startswith(place) and b"build.py" in (
                process / "cmdline"
            ).read_bytes().split(b"\0"):
                return int(process.name)
        except OSError:
            continue
    raise AssertionError("no build.py is running")


def test_an_end_that_nobody_hears_of(world: World, row: Row) -> None:
    """EventBridge delivers at best effort: Step Functions polls too."""
    world.sandbox.fault("lose-event", times=0)
    succeeded(world, row, "event of the build's end is lost", world.deploy(world.unasked()))


FULL = "base64 -d > build.tar.bz2"


def test_a_full_disk_before_the_script_is_unpacked(world: World, row: Row) -> None:
    """`ulimit -f 0`: whatever is written to a file fails, as on a full disk or in a folder that is read-only."""
    end = world.deploy(world.unasked(shorter={FULL: f"ulimit -f 0; {FULL}"}))
    failed(world, row, "disk full from the start", end, "Error while executing command")


def test_a_full_disk_while_the_files_are_copied(world: World, row: Row) -> None:
    """What is copied touches no disk."""
    world.commit("org/one", files(os.urandom(20_000_000)))
    end = world.deploy(world.unasked(shorter={"python3 build.py": "ulimit -f 0; python3 build.py"}))
    succeeded(world, row, "disk full while files are copied", end)


# the hub --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "what", "words"),
    [
        (401, "gated, no token", "the hub answers 401 GatedRepo"),
        (403, "no access", "the hub answers 403"),
        (404, "no such revision", "the hub answers 404 RevisionNotFound"),
        (401, "no such model", "the hub answers 401 RepoNotFound"),
    ],
    ids=["401", "403", "404", "missing"],
)
def test_what_the_hub_refuses(world: World, row: Row, status: int, what: str, words: str) -> None:
    """Refused in seconds, before any build."""
    if what == "gated, no token":
        world.commit("org/one", gated=True)
    text = world.unasked(
        model__modelId=[{"id": "org/none", "revision": "main"}]
        if what == "no such model"
        else [{"id": "org/one", "revision": "none" if what == "no such revision" else "main"}]
    )
    if status == 403:
        world.hub.fault("/api/models/", status=403, times=9)
    end = world.deploy(text)
    assert world.builds() == []
    assert end.seconds < 20
    failed(world, row, f"hub answers {status} ({what})", end, words)


def test_what_the_hub_refuses_later(world: World, row: Row) -> None:
    """What the function asks for before is open, the weights are not."""
    world.hub.fault(
        "/resolve/.*/model.safetensors", status=403, headers={"X-Error-Code": "GatedRepo"}, times=99
    )
    end = world.deploy(world.unasked())
    failed(world, row, "hub answers 403 in the middle of the build", end, "the hub answers 403", "GatedRepo")


@pytest.mark.parametrize("status", [429, 500])
def test_a_hub_that_is_busy_for_a_while(world: World, row: Row, status: int) -> None:
    headers = {"Retry-After": "1"} if status == 429 else {}
    world.hub.fault("", status=status, headers=headers, times=4)
    world.hub.fault("", origin="cdn", status=status, times=3)
    succeeded(world, row, f"hub answers {status} a few times", world.deploy(world.unasked()))


@pytest.mark.parametrize("status", [429, 500])
def test_a_hub_that_is_busy_for_good(world: World, row: Row, status: int) -> None:
    world.hub.fault("", status=status, times=999)
    text = world.unasked(shorter={'\\"pause\\":0.05': '\\"pause\\":0.005'})
    end = world.deploy(text)
    failed(
        world,
        row,
        f"hub answers {status} for good (pauses shortened)",
        end,
        f"too many {status} error responses",
    )


def test_a_hub_that_is_gone(world: World, row: Row) -> None:
    for server in world.hub.servers:
        server.server_close()
    text = world.unasked(shorter={'\\"pause\\":0.05': '\\"pause\\":0.005'})
    end = world.deploy(text)
    failed(world, row, "hub cannot be reached (pauses shortened)", end, "Connection refused")


def test_a_connection_cut_in_the_middle(world: World, row: Row) -> None:
    world.commit("org/one", files(os.urandom(20_000_000)))
    for at in (0, 1_000, 2_000_000, 5_000_000):
        world.hub.fault("", origin="cdn", cut_after=at)
    world.hub.fault("config.json", origin="hub", cut_after=1)
    world.hub.fault("", origin="cdn", reset=True)
    succeeded(world, row, "hub cuts connections in the middle", world.deploy(world.unasked()))


def test_connections_cut_for_good(world: World, row: Row) -> None:
    world.hub.fault("", origin="cdn", cut_after=1_000, times=9_999)
    text = world.unasked(shorter={'\\"pause\\":0.05': '\\"pause\\":0.005'})
    end = world.deploy(text)
    failed(world, row, "hub cuts every connection (pauses shortened)", end, "model.safetensors")


def test_wrong_bytes(world: World, row: Row) -> None:
    world.hub.fault("", origin="cdn", corrupt=True, times=9)
    end = world.deploy(world.unasked())
    failed(world, row, "hub sends wrong bytes", end, "model.safetensors: wrong bytes, sha256 is")


# AWS's services -------------------------------------------------------------------------------------------


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
    failed(world, row, "S3 refuses to write", end, "exit status 1")


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


# events and answers ---------------------------------------------------------------------------------------


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
    """The stack is deleted while the function still asks the hub whether a build makes sense."""
    world.hub.fault("/api/models/", delay=5)
    world.create(world.unasked())
    world.waited(lambda: world.hub.asked("hub"))
    end = world.delete()
    assert end.status == "DELETE_COMPLETE", end
    assert world.running() == []
    row("Delete is delivered before Create has finished", end, world.nothing_left())
    assert {one["buildStatus"] for one in world.builds()} <= {"STOPPED"}


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


# the model ------------------------------------------------------------------------------------------------


@pytest.fixture
def broken(world: World) -> Iterator[Any]:
    """A container whose model raises at the first request; `status` and `body` are what it answers."""
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
    from threading import Thread

    class Handler(BaseHTTPRequestHandler):
        answer = (
            400,
            b'{"code": 400, "type": "InternalServerException", "message": "name \'torch\' is not defined"}',
        )

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            status, body = self.answer
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    world.sandbox.configure(responders={"*": f"http://127.0.0.1:{server.server_address[1]}/invocations"})
    yield Handler
    world.sandbox.configure(responders={"*": None})
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [400, 500])
def test_a_model_that_raises_at_its_first_request(world: World, row: Row, broken: Any, status: int) -> None:
    """Its endpoint is in service and healthy: nothing but a request shows it."""
    broken.answer = (status, broken.answer[1])
    end = world.deploy(world.text())
    failed(
        world,
        row,
        f"model raises at its first request ({status}; smoke test shortened to 6 s)",
        end,
        "smoke test of demo-",
        "is not defined",
        "log group /aws/sagemaker/Endpoints/demo-",
    )


def test_a_container_that_never_gets_healthy(world: World, row: Row) -> None:
    world.sandbox.fault("endpoint", seconds=0.5)
    end = world.deploy(world.text())
    failed(world, row, "container never answers its health check", end, "did not pass the ping health check")


# other operations meanwhile -------------------------------------------------------------------------------


def test_delete_while_a_build_runs(world: World, row: Row) -> None:
    gate = world.hold("org/one")
    world.create(world.text())
    build = world.building(gate)
    end = world.delete()
    assert end.status == "DELETE_COMPLETE", end
    (found,) = world.client("codebuild").batch_get_builds(ids=[build])["builds"]
    assert found["buildStatus"] == "STOPPED"
    row("Delete while a build runs", end, world.nothing_left())


def test_update_while_a_build_runs(world: World, row: Row) -> None:
    """CloudFormation takes no second operation; the first one ends as if nothing had been."""
    from botocore.exceptions import ClientError

    gate = world.hold("org/one")
    world.create(world.text())
    world.building(gate)
    text = world.text()
    began = world.started
    with pytest.raises(ClientError, match="is in CREATE_IN_PROGRESS state and can not be updated"):
        world.update(text)
    world.started = began
    gate.open.set()
    succeeded(world, row, "Update while the build of a create runs: refused", world.follow())


@pytest.fixture
def served(world: World) -> dict[str, Any]:
    """A stack that serves, which an update is about to disturb; what there is of it."""
    end = world.deploy(world.text())
    assert end.status == CREATED, end
    kept = {
        "objects": world.objects(),
        "prefix": world.prefix(),
        "config": world.resource("EndpointConfig"),
        "model": world.resource("Model"),
        "outputs": world.outputs(),
    }
    world.commit("org/one", files(b"other weights"))
    return kept


def undone(world: World, row: Row, fault: str, end: End, served: dict[str, Any], *words: str) -> None:
    """An update that failed: all is as it was and serves, and nothing of the new remains."""
    assert end.status == "UPDATE_ROLLBACK_COMPLETE", end
    assert end.seconds < SECONDS
    assert [one for one in words if one not in end.reason] == [], end
    found = {
        "objects": world.objects(),
        "prefix": world.prefix(),
        "config": world.resource("EndpointConfig"),
        "model": world.resource("Model"),
        "outputs": world.outputs(),
    }
    assert found == served
    assert world.running() == []
    assert world.ask({"inputs": "x"}) == {"inputs": "x"}
    row(fault, end, "what was there before, which serves")
    # and it can be updated all the same
    world.hub.faults.clear()
    good = world.deploy(world.text())
    assert good.status == "UPDATE_COMPLETE", good
    assert world.objects() == artifact(world) != served["objects"]
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()


def test_an_update_cancelled_while_its_build_runs(world: World, row: Row, served: dict[str, Any]) -> None:
    gate = world.hold("org/one")
    world.update(world.text())
    build = world.building(gate)
    world.client("cloudformation").cancel_update_stack(StackName=world.name)
    end = world.follow()
    (found,) = world.client("codebuild").batch_get_builds(ids=[build])["builds"]
    assert found["buildStatus"] == "STOPPED"
    gate.open.set()
    undone(world, row, "update cancelled while its build runs", end, served)


def test_an_update_whose_build_fails(world: World, row: Row, served: dict[str, Any]) -> None:
    world.hub.fault("", origin="cdn", corrupt=True, times=2)
    world.update(world.text())
    undone(world, row, "build of an update fails", world.follow(), served, "wrong bytes")


def test_an_update_that_is_refused_at_once(world: World, row: Row, served: dict[str, Any]) -> None:
    world.hub.fault("/api/models/", status=404, headers={"X-Error-Code": "RevisionNotFound"})
    world.update(world.text())
    undone(world, row, "hub refuses the model of an update", world.follow(), served, "404 RevisionNotFound")


def test_an_update_whose_endpoint_fails(world: World, row: Row, served: dict[str, Any]) -> None:
    world.sandbox.fault("endpoint", seconds=0.3)
    world.update(world.text())
    end = world.follow()
    undone(world, row, "endpoint of an update never gets healthy", end, served, "ping health check")


@pytest.mark.usefixtures("broken")
def test_an_update_whose_model_raises(world: World, row: Row, served: dict[str, Any]) -> None:
    world.update(world.text())
    end = world.follow()
    world.sandbox.configure(responders={"*": None})
    undone(world, row, "model of an update raises at its first request", end, served, "smoke test of demo-")


def test_an_update_that_cloudformation_gives_up(world: World, row: Row, served: dict[str, Any]) -> None:
    """The event comes, the build starts, the answer does not arrive: rollback tells the handler to go back."""
    world.control(response=9_999)
    world.update(world.text(shorter={"ServiceTimeout: 900": "ServiceTimeout: 6"}))
    world.waited(lambda: any(one.startswith("Build UPDATE_FAILED") for one in world.events()))
    world.control()
    end = world.follow()
    undone(
        world,
        row,
        "answer to an update is lost (wait shortened to 6 s)",
        end,
        served,
        "did not receive a response",
    )


def test_delete_after_a_failed_rollback_of_nothing(world: World, row: Row) -> None:
    """The bucket holds what is not ours: the stack says so, and goes when that has gone."""
    assert world.deploy(world.text()).status == CREATED
    bucket = world.resource("ModelBucket")
    world.client("s3").put_object(Bucket=bucket, Key="notes.txt", Body=b"mine")
    end = world.delete()
    assert end.status == "DELETE_FAILED", end
    assert "not empty" in end.reason, end
    assert world.objects(bucket) == ["notes.txt"]
    row(
        "somebody's own file in the bucket",
        end,
        "bucket and that file, until the file is removed and the stack deleted",
    )
    world.client("s3").delete_object(Bucket=bucket, Key="notes.txt")
    assert world.delete().status == "DELETE_COMPLETE"
    world.nothing_left()
