"""The fault table, as whole stacks in the sandbox: what each ends as, says, and leaves behind. IAM is enforced."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cfgen.sandbox import Sandbox
from tests.fixtures.hub import Hub
from tests.functions.conftest import TOKEN
from tests.functions.loopback import Loopback
from tests.functions.reference import make

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.6.0-cpu-py312"
FILES = {"config.json": b"{}", "model.safetensors": os.urandom(3 << 20)}
NUMBERS = itertools.count(1)


def text(*models: str, endpoint: bool = False, **config: Any) -> str:
    """The reference template for some models; without the endpoint, which few of these faults need."""
    whole = make.render(list(models) or ["org/one"], **config)
    if endpoint:
        return whole
    rest = whole.partition("  Artifact:\n")[2]
    return whole.partition("  ExecutionRole:\n")[0] + "Outputs:\n  Artifact:\n" + rest


class World:
    """A sandbox, a hub, and what happens to stacks in them."""

    def __init__(self, sandbox: Sandbox, hub: Hub) -> None:
        self.sandbox, self.hub = sandbox, hub
        self.client: Callable[[str], Any] = sandbox.client
        self.stacks = sandbox.client("cloudformation")
        self.name = f"demo-{next(NUMBERS)}"

    def create(self, template: str, wait: bool = True, **parameters: str) -> str:
        given = {"Image": IMAGE, **parameters}
        self.stacks.create_stack(
            StackName=self.name,
            TemplateBody=template,
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        )
        return self.status() if wait else ""

    def update(self, template: str, wait: bool = True) -> str:
        kept = [{"ParameterKey": "Image", "UsePreviousValue": True}]
        self.stacks.update_stack(
            StackName=self.name, TemplateBody=template, Capabilities=["CAPABILITY_IAM"], Parameters=kept
        )
        return self.status() if wait else ""

    def delete(self) -> None:
        """The stack goes, and with it everything it made."""
        identity = self.stacks.describe_stacks(StackName=self.name)["Stacks"][0]["StackId"]
        self.stacks.delete_stack(StackName=self.name)
        end, status = time.monotonic() + 60, ""
        while status not in ("DELETE_COMPLETE", "DELETE_FAILED") and time.monotonic() < end:
            status = self.stacks.describe_stacks(StackName=identity)["Stacks"][0]["StackStatus"]
            time.sleep(0.1)
        assert status == "DELETE_COMPLETE", self.reasons()
        self.nothing_left()

    def status(self, name: str = "", seconds: float = 90) -> str:
        end, status = time.monotonic() + seconds, ""
        while time.monotonic() < end:
            status = str(self.stacks.describe_stacks(StackName=name or self.name)["Stacks"][0]["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.1)
        raise AssertionError(f"still {status}: {self.reasons()}")

    def reasons(self) -> str:
        """All that failed, first to last."""
        events = self.stacks.describe_stack_events(StackName=self.name)["StackEvents"]
        found = [
            f"{one['LogicalResourceId']}: {one.get('ResourceStatusReason')}"
            for one in reversed(events)
            if one["ResourceStatus"].endswith("FAILED")
        ]
        return "\n".join(found)

    def resource(self, name: str) -> str:
        shown = self.stacks.describe_stack_resource(StackName=self.name, LogicalResourceId=name)
        return str(shown["StackResourceDetail"]["PhysicalResourceId"])

    def objects(self) -> list[str]:
        bucket = self.resource("ModelBucket")
        listed = self.client("s3").list_object_versions(Bucket=bucket)
        return [one["Key"] for one in listed.get("Versions", []) + listed.get("DeleteMarkers", [])]

    def building(self) -> str:
        """Wait until a build downloads."""
        before, end = len(self.hub.asked("cdn")), time.monotonic() + 60
        while len(self.hub.asked("cdn")) == before:
            assert time.monotonic() < end, self.reasons()
            time.sleep(0.05)
        builds = self.client("codebuild").list_builds_for_project(projectName=self.resource("BuildProject"))
        return str(builds["ids"][0])

    def running(self) -> list[str]:
        api = self.client("codebuild")
        ids = api.list_builds()["ids"]
        found = api.batch_get_builds(ids=ids)["builds"] if ids else []
        return [one["id"] for one in found if one["buildStatus"] == "IN_PROGRESS"]

    def nothing_left(self) -> None:
        assert self.running() == []
        assert self.client("s3").list_buckets()["Buckets"] == []
        assert self.client("lambda").list_functions()["Functions"] == []
        assert self.client("stepfunctions").list_state_machines()["stateMachines"] == []

    def logs(self) -> str:
        api, lines = self.client("logs"), []
        for group in api.describe_log_groups()["logGroups"]:
            for stream in api.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
                events = api.get_log_events(
                    logGroupName=group["logGroupName"], logStreamName=stream["logStreamName"]
                )
                lines += [one["message"] for one in events["events"]]
        return "\n".join(lines)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(settings={"speed": 20}) as sandbox:
        yield sandbox


@pytest.fixture
def world(sandbox: Sandbox) -> Iterator[World]:
    with Hub(tokens={TOKEN: {"meta/gated"}}) as hub:
        for name in ("org/one", "org/two"):
            hub.add(name, FILES)
        hub.add("meta/gated", FILES, gated=True)
        sandbox.configure(environment={"HF_ENDPOINT": hub.url, "CFGEN_PAUSE": "0.2"}, build_minute=60.0)
        world = World(sandbox, hub)
        yield world
        sandbox.clear_faults()
        for stack in world.stacks.describe_stacks()["Stacks"]:
            world.stacks.delete_stack(StackName=stack["StackId"])
            world.status(stack["StackId"])


def hold(world: World, seconds: float = 30) -> None:
    """Let the next download take long."""
    world.hub.fault("", origin="cdn", delay=seconds)


def test_content_comes_changes_comes_back_and_goes(world: World) -> None:
    assert world.create(text()) == "CREATE_COMPLETE", world.reasons()
    first, objects = world.resource("Build"), world.objects()
    assert any(one.endswith("model.safetensors") for one in objects)
    with pytest.raises(ClientError, match="No updates"):
        world.update(text())
    assert world.update(text("org/two")) == "UPDATE_COMPLETE", world.reasons()
    assert world.resource("Build") != first
    assert not [one for one in world.objects() if one in objects], "the old artifact is gone"
    assert world.update(text()) == "UPDATE_COMPLETE", world.reasons()
    assert world.resource("Build") == first
    assert sorted(world.objects()) == sorted(objects)
    world.delete()


def test_a_gated_model_with_its_token(world: World) -> None:
    secrets = world.client("secretsmanager")
    arn = secrets.create_secret(Name=world.name, SecretString=TOKEN)["ARN"]
    assert world.create(text("meta/gated"), TokenSecret=arn) == "CREATE_COMPLETE", world.reasons()
    assert TOKEN not in world.logs()
    world.delete()


def test_a_refusal_takes_seconds(world: World) -> None:
    started = time.monotonic()
    assert world.create(text("meta/gated")) == "ROLLBACK_COMPLETE"
    assert "the hub answers 401 GatedRepo" in world.reasons()
    assert time.monotonic() - started < 20
    world.nothing_left()


def test_a_build_that_fails_says_why(world: World) -> None:
    world.hub.fault("", origin="cdn", corrupt=True, times=9)
    assert world.create(text()) == "ROLLBACK_COMPLETE"
    assert "wrong bytes" in world.reasons()
    world.nothing_left()


def test_a_build_stopped_by_hand(world: World) -> None:
    hold(world)
    world.create(text(), wait=False)
    world.client("codebuild").stop_build(id=world.building())
    assert world.status() == "ROLLBACK_COMPLETE"
    assert "ended as STOPPED" in world.reasons()
    world.nothing_left()


def test_a_build_that_times_out(world: World) -> None:
    world.sandbox.configure(build_minute=0.02)  # 180 minutes in 3.6 seconds
    hold(world)
    assert world.create(text()) == "ROLLBACK_COMPLETE"
    assert "ended as TIMED_OUT" in world.reasons()
    world.nothing_left()


@pytest.mark.parametrize(
    ("phase", "code", "why"),
    [
        ("queue", "", "ended as TIMED_OUT"),
        ("build", "", "ended as FAULT: Build container found dead"),
        ("build", "silent", "ended as TIMED_OUT"),
    ],
    ids=["never provisioned", "killed", "killed, and CodeBuild does not notice"],
)
def test_a_builder_that_dies(world: World, phase: str, code: str, why: str) -> None:
    world.sandbox.configure(build_minute=0.05)  # 60 minutes of queue in 3 seconds, 180 of build in 9
    world.sandbox.fault("kill-build", action=phase, code=code, seconds=0.2)
    assert world.create(text()) == "ROLLBACK_COMPLETE"
    assert why in world.reasons()
    world.nothing_left()


def test_the_event_of_the_builds_end_is_lost(world: World) -> None:
    world.sandbox.fault("lose-event", times=0)
    assert world.create(text()) == "CREATE_COMPLETE", world.reasons()
    world.delete()


def test_delete_while_a_build_runs(world: World) -> None:
    hold(world)
    world.create(text(), wait=False)
    world.building()
    world.delete()


@pytest.mark.parametrize("how", ["cancelled", "build fails"])
def test_an_update_that_does_not_succeed_leaves_all_as_it_was(world: World, how: str) -> None:
    assert world.create(text()) == "CREATE_COMPLETE", world.reasons()
    before, objects = world.resource("Build"), world.objects()
    if how == "cancelled":
        hold(world)
        world.update(text("org/two"), wait=False)
        world.building()
        world.stacks.cancel_update_stack(StackName=world.name)
    else:
        world.hub.fault("", origin="cdn", corrupt=True, times=9)
        world.update(text("org/two"), wait=False)
    assert world.status() == "UPDATE_ROLLBACK_COMPLETE", world.reasons()
    assert world.resource("Build") == before
    assert world.objects() == objects
    assert world.running() == []
    world.delete()


def test_a_throttled_function_is_called_again(world: World) -> None:
    world.sandbox.fault("lambda", code="TooManyRequestsException", times=2)
    assert world.create(text()) == "CREATE_COMPLETE", world.reasons()
    world.delete()


def test_two_stacks_of_one_spec(world: World) -> None:
    second = World(world.sandbox, world.hub)
    for one in (world, second):
        one.create(text(), wait=False)
    assert (world.status(), second.status()) == ("CREATE_COMPLETE", "CREATE_COMPLETE")
    objects, identity = (
        second.objects(),
        world.stacks.describe_stacks(StackName=world.name)["Stacks"][0]["StackId"],
    )
    world.stacks.delete_stack(StackName=world.name)
    assert world.status(identity) == "DELETE_COMPLETE"
    assert second.objects() == objects
    second.delete()


class Model(Loopback):
    """A container whose code raises at the first request, or does not."""

    status = 400

    def serve(self, _: str, __: str, ___: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        content = body if self.status == 200 else b'{"message": "name \'torch\' is not defined"}'
        return self.status, {"Content-Type": "application/json"}, content


def test_a_model_that_fails_at_its_first_request(world: World) -> None:
    with Model() as model:
        world.sandbox.configure(responders={"*": model.url})
        try:
            template = text(endpoint=True).replace("Timeout: '600'", "Timeout: '5'")
            assert world.create(template) == "ROLLBACK_COMPLETE"
            assert "is not defined" in world.reasons()
            world.nothing_left()
            model.status = 200
            world.name += "-good"
            assert world.create(template) == "CREATE_COMPLETE", world.reasons()
            world.delete()
        finally:
            world.sandbox.configure(responders={"*": None})
