"""The build's custom resource: the real file in a process of its own, against moto and loopback servers."""

from __future__ import annotations

import json
import time
from typing import Any

import boto3
import pytest

from tests.fixtures.hub import Hub
from tests.functions.conftest import Functions, event_of
from tests.functions.loopback import MACHINE, Answers, Control

FILES = {"config.json": b"{}", "model.safetensors": b"weights"}
CONFIG = json.dumps(
    {"models": [{"id": "org/model", "revision": "main"}], "allowPickle": False, "archive": "none"}
)
A, B = "aaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbb"
OURS = "models-of-demo/models/{}/"


def properties(answers: Answers, key: str = A, **more: str) -> dict[str, Any]:
    """ResourceProperties, which reach a function as strings."""
    return {
        "ServiceToken": "arn:aws:lambda:us-east-1:123456789012:function:build",
        "StateMachine": MACHINE,
        "Project": "project",
        "Bucket": "models-of-demo",
        "Key": key,
        "Handle": answers.at(f"handle-{key[0]}"),
        "TokenSecret": "",
        "Retain": "false",
        "Config": CONFIG,
        **more,
    }


def artifact(bucket: Any, key: str, whole: bool = True) -> None:
    files = {"config.json": b"{}", "model.safetensors": b"weights"}
    for path, data in files.items():
        bucket.put_object(Key=f"models/{key}/{path}", Body=data)
    if whole:
        objects = [{"path": path, "size": len(data)} for path, data in files.items()]
        models = [{"id": "org/model", "revision": "main", "commit": "c" * 40, "license": "mit"}]
        bucket.put_object(Key=f"models/{key}.json", Body=json.dumps({"objects": objects, "models": models}))


def left(bucket: Any) -> list[str]:
    versions = [f"{item.object_key}" for item in bucket.object_versions.all()]
    return versions + [item.object_key for item in bucket.multipart_uploads.all()]


@pytest.fixture
def hub(hub: Hub) -> Hub:
    hub.add("org/model", FILES)
    hub.add("meta/gated", FILES, gated=True)
    hub.add("meta/closed", FILES, gated=True)
    hub.add("acme/private", FILES, private=True)
    return hub


# Create


@pytest.mark.usefixtures("hub", "bucket")
def test_create_starts_one_build_and_answers_at_once(
    answers: Answers, control: Control, functions: Functions
) -> None:
    asked = properties(answers)
    started = time.monotonic()
    functions.call("handler.py", event_of("Create", answers.at("create"), asked))
    assert time.monotonic() - started < 10
    assert answers["create"]["Status"] == "SUCCESS"
    assert answers["create"]["PhysicalResourceId"] == OURS.format(A)
    assert answers["create"]["Data"] == {"Uri": f"s3://{OURS.format(A)}"}
    (execution,) = control.executions.values()
    given = json.loads(execution["input"])
    assert given["Properties"] == asked
    extra = {"bucket": "models-of-demo", "key": A, "tokenSecret": "", "codeUri": ""}
    assert json.loads(given["Build"]) == json.loads(CONFIG) | extra
    assert "handle-a" not in answers.received


@pytest.mark.usefixtures("hub", "bucket")
def test_rights_that_are_not_known_everywhere_yet(
    answers: Answers, control: Control, functions: Functions
) -> None:
    control.not_yet = {"StartExecution": 3}
    functions.call("handler.py", event_of("Create", answers.at("create"), properties(answers)))
    assert answers["create"]["Status"] == "SUCCESS"
    assert len(control.executions) == 1


@pytest.mark.usefixtures("hub", "bucket")
def test_an_event_delivered_twice_is_one_build(
    answers: Answers, control: Control, functions: Functions
) -> None:
    event = event_of("Create", answers.at("create"), properties(answers))
    functions.call("handler.py", event)
    functions.call("handler.py", event)
    assert len(control.executions) == 1
    next(iter(control.executions.values()))["status"] = "FAILED"
    functions.call("handler.py", event)
    assert len(control.executions) == 1
    assert [one["Status"] for one in answers.received["create"]] == ["SUCCESS"] * 3


@pytest.mark.parametrize(
    ("name", "secret_of", "why"),
    [
        ("org/mistyped", "none", "org/mistyped at main: the hub answers 401 RepoNotFound"),
        ("org/mistyped", "good", "the hub answers 404 RepoNotFound"),
        ("meta/gated", "none", "the hub answers 401 GatedRepo"),
        ("meta/closed", "good", "the hub answers 403 GatedRepo"),
        ("acme/private", "none", "the hub answers 401 RepoNotFound"),
        ("org/model", "missing", "cannot read the token's secret nowhere"),
    ],
)
@pytest.mark.usefixtures("hub", "bucket")
def test_create_refuses_in_seconds(
    answers: Answers, control: Control, functions: Functions, secret: str, name: str, secret_of: str, why: str
) -> None:
    config = json.dumps({"models": [{"id": name, "revision": "main"}]})
    secrets = {"none": "", "good": secret, "missing": "nowhere"}
    asked = properties(answers, Config=config, TokenSecret=secrets[secret_of])
    started = time.monotonic()
    functions.call("handler.py", event_of("Create", answers.at("create"), asked))
    assert time.monotonic() - started < 10
    assert answers["create"]["Status"] == "FAILED"
    assert why in answers["create"]["Reason"]
    assert answers["create"]["PhysicalResourceId"] == OURS.format(A)
    assert control.executions == {}


@pytest.mark.usefixtures("bucket")
def test_access_given_by_the_token_is_enough(
    answers: Answers, control: Control, functions: Functions, secret: str, hub: Hub
) -> None:
    config = json.dumps({"models": [{"id": "meta/gated", "revision": "main"}]})
    asked = properties(answers, Config=config, TokenSecret=secret)
    functions.call("handler.py", event_of("Create", answers.at("create"), asked))
    assert answers["create"]["Status"] == "SUCCESS"
    assert len(control.executions) == 1
    assert not hub.asked("cdn")


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 429}, {"reset": True}])
@pytest.mark.usefixtures("bucket")
def test_a_hub_that_is_down_refuses_nothing(
    answers: Answers, control: Control, functions: Functions, hub: Hub, fault: dict[str, Any]
) -> None:
    hub.fault("/api/", times=9, **fault)
    functions.call("handler.py", event_of("Create", answers.at("create"), properties(answers)))
    assert answers["create"]["Status"] == "SUCCESS"
    assert len(control.executions) == 1


@pytest.mark.usefixtures("hub", "bucket")
def test_what_may_not_be_called_is_said(answers: Answers, control: Control, functions: Functions) -> None:
    control.denied = {"StartExecution"}
    functions.call("handler.py", event_of("Create", answers.at("create"), properties(answers)))
    assert answers["create"]["Status"] == "FAILED"
    assert "not authorized to perform StartExecution" in answers["create"]["Reason"]


# The answer


@pytest.mark.usefixtures("hub", "bucket", "control")
def test_an_answer_is_tried_again(answers: Answers, functions: Functions) -> None:
    answers.failures["create"] = [503, 500, 503]
    functions.call("handler.py", event_of("Create", answers.at("create"), properties(answers)))
    assert answers["create"]["Status"] == "SUCCESS"


@pytest.mark.usefixtures("hub", "bucket")
def test_an_answer_that_cannot_be_given_fails_the_call(
    answers: Answers, control: Control, functions: Functions
) -> None:
    """Lambda then delivers the event twice more; the execution started is the same one."""
    event = event_of("Create", "http://127.0.0.1:9/nobody", properties(answers))
    assert functions.call("handler.py", event).code == 1
    assert functions.call("handler.py", event).code == 1
    assert len(control.executions) == 1


@pytest.mark.usefixtures("hub", "bucket")
def test_reasons_are_short_enough(answers: Answers, functions: Functions, control: Control) -> None:
    config = json.dumps({"models": [{"id": "org/" + "m" * 5000, "revision": "main"}]})
    functions.call("handler.py", event_of("Create", answers.at("create"), properties(answers, Config=config)))
    assert len(answers["create"]["Reason"]) <= 1000
    assert control.executions == {}


# Update


@pytest.mark.usefixtures("hub")
def test_update_with_new_content_builds_beside_the_old(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    control.status, control.identity = "UPDATE_IN_PROGRESS", OURS.format(A)
    old, new = properties(answers, A), properties(answers, B)
    event = event_of("Update", answers.at("update"), new, OURS.format(A), OldResourceProperties=old)
    functions.call("handler.py", event)
    assert answers["update"]["PhysicalResourceId"] == OURS.format(B)
    assert [one["name"][:20] for one in control.executions.values()] == [B]
    assert len(left(bucket)) == 3


@pytest.mark.usefixtures("hub")
def test_update_with_the_same_content_builds_nothing(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    control.status, control.identity = "UPDATE_IN_PROGRESS", OURS.format(A)
    old, new = properties(answers, A), properties(answers, A, TokenSecret="")
    event = event_of("Update", answers.at("update"), new, OURS.format(A), OldResourceProperties=old)
    functions.call("handler.py", event)
    assert answers["update"]["PhysicalResourceId"] == OURS.format(A)
    assert control.executions == {}


def test_rollback_to_whole_content_builds_nothing_and_needs_no_hub(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    control.status, control.identity = "UPDATE_IN_PROGRESS", OURS.format(B)
    control.build(B)
    answers.failures["handle-a"] = [403]  # its wait ended long ago
    old, new = properties(answers, B), properties(answers, A)
    event = event_of("Update", answers.at("update"), new, OURS.format(B), OldResourceProperties=old)
    done = functions.call("handler.py", event, HF_ENDPOINT="http://127.0.0.1:9")
    assert done.code == 0, done.out
    assert answers["update"]["Status"] == "SUCCESS"
    assert answers["update"]["PhysicalResourceId"] == OURS.format(A)
    assert control.executions == {}


def test_content_that_came_back_need_not_wait(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    control.status, control.identity = "UPDATE_IN_PROGRESS", OURS.format(B)
    old, new = properties(answers, B), properties(answers, A)
    functions.call(
        "handler.py", event_of("Update", answers.at("update"), new, OURS.format(B), OldResourceProperties=old)
    )
    assert answers["handle-a"]["Status"] == "SUCCESS"


def test_rollback_of_an_update_that_never_got_an_answer(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    """CloudFormation does not know B's id, so no Delete of it will come."""
    artifact(bucket, A)
    artifact(bucket, B, whole=False)
    control.status, control.identity = "UPDATE_IN_PROGRESS", OURS.format(A)
    execution = {"name": f"{B}-1", "status": "RUNNING", "input": "{}", "startDate": 1.0}
    control.executions[f"{MACHINE}:{B}-1"] = execution
    build = control.build(B)
    old, new = properties(answers, B), properties(answers, A)
    functions.call(
        "handler.py", event_of("Update", answers.at("update"), new, OURS.format(A), OldResourceProperties=old)
    )
    assert answers["update"]["Status"] == "SUCCESS"
    assert execution["status"] == "ABORTED"
    assert control.builds[build]["buildStatus"] == "STOPPED"
    assert all(f"models/{A}" in name for name in left(bucket))
    assert len(left(bucket)) == 3


@pytest.mark.usefixtures("hub")
def test_a_failed_update_keeps_the_id_it_had(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    control.status, control.identity = "UPDATE_IN_PROGRESS", OURS.format(A)
    config = json.dumps({"models": [{"id": "org/mistyped", "revision": "main"}]})
    old, new = properties(answers, A), properties(answers, B, Config=config)
    functions.call(
        "handler.py", event_of("Update", answers.at("update"), new, OURS.format(A), OldResourceProperties=old)
    )
    assert answers["update"]["Status"] == "FAILED"
    assert answers["update"]["PhysicalResourceId"] == OURS.format(A)


# Delete


def delete(answers: Answers, identity: str, asked: dict[str, Any]) -> dict[str, Any]:
    return event_of("Delete", answers.at("delete"), asked, identity)


def test_delete_of_a_replaced_id_takes_its_content_only(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    artifact(bucket, B)
    bucket.Object(f"models/{A}/half").initiate_multipart_upload()
    control.status, control.identity = "UPDATE_COMPLETE", OURS.format(B)
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers, B)))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert answers["delete"]["PhysicalResourceId"] == OURS.format(A)
    assert len(left(bucket)) == 3
    assert all(f"models/{B}" in name for name in left(bucket))


def test_delete_of_the_resource_takes_everything_versions_too(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    boto3.client("s3").put_bucket_versioning(
        Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"}
    )
    artifact(bucket, A)
    artifact(bucket, A)
    bucket.Object(f"models/{A}/config.json").delete()
    artifact(bucket, B, whole=False)  # left by an update whose clean-up was lost
    bucket.Object(f"models/{B}/half").initiate_multipart_upload()
    control.status, control.identity = "DELETE_IN_PROGRESS", OURS.format(A)
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers)))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert left(bucket) == []
    bucket.delete()


def test_delete_while_a_build_runs_stops_it_and_waits_until_it_has(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    execution = {"name": f"{A}-1", "status": "RUNNING", "input": "{}", "startDate": 1.0}
    control.executions[f"{MACHINE}:{A}-1"] = execution
    build, control.stops_after = control.build(A), 4
    writes: list[int] = []

    def still_writing() -> None:
        writes.append(1)
        bucket.put_object(Key=f"models/{A}/part-{len(writes)}", Body=b"x")

    control.while_stopping = still_writing
    control.status, control.identity = "DELETE_IN_PROGRESS", OURS.format(A)
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers)))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert execution["status"] == "ABORTED"
    assert control.builds[build]["buildStatus"] == "STOPPED"
    assert len(writes) >= 4
    assert left(bucket) == []


def test_delete_of_a_replaced_id_leaves_the_other_build_running(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, B, whole=False)
    for key in (A, B):
        control.executions[f"{MACHINE}:{key}-1"] = {
            "name": f"{key}-1",
            "status": "RUNNING",
            "input": "{}",
            "startDate": 1.0,
        }
    builds = {key: control.build(key) for key in (A, B)}
    control.status, control.identity = "UPDATE_COMPLETE", OURS.format(A)
    functions.call("handler.py", delete(answers, OURS.format(B), properties(answers, B)))
    assert left(bucket) == []
    assert [one["status"] for one in control.executions.values()] == ["RUNNING", "ABORTED"]
    assert control.builds[builds[A]]["buildStatus"] == "IN_PROGRESS"


def test_delete_that_cannot_stop_the_build_says_so(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    artifact(bucket, A)
    control.build(A)
    control.stops_after = 10**6
    control.status, control.identity = "DELETE_IN_PROGRESS", OURS.format(A)
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers)), seconds=22)
    assert answers["delete"]["Status"] == "FAILED"
    assert "still stopping" in answers["delete"]["Reason"]


def test_delete_for_a_create_that_never_answered(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    """The physical id is CloudFormation's own; the properties say what may have been started."""
    artifact(bucket, A, whole=False)
    build = control.build(A)
    control.status, control.identity = "DELETE_IN_PROGRESS", "demo-Build-1ABCDEFGHIJKL"
    functions.call("handler.py", delete(answers, "demo-Build-1ABCDEFGHIJKL", properties(answers)))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert answers["delete"]["PhysicalResourceId"] == "demo-Build-1ABCDEFGHIJKL"
    assert control.builds[build]["buildStatus"] == "STOPPED"
    assert left(bucket) == []


@pytest.mark.usefixtures("aws")
def test_delete_without_a_bucket(answers: Answers, control: Control, functions: Functions) -> None:
    control.status = "DELETE_IN_PROGRESS"
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers)))
    assert answers["delete"]["Status"] == "SUCCESS"


@pytest.mark.parametrize(("whole", "kept"), [(True, 3), (False, 0)])
@pytest.mark.parametrize("status", ["DELETE_IN_PROGRESS", "UPDATE_COMPLETE"])
def test_retained_artifacts_stay_when_they_are_whole(
    answers: Answers, control: Control, functions: Functions, bucket: Any, whole: bool, kept: int, status: str
) -> None:
    artifact(bucket, A, whole)
    control.status, control.identity = status, OURS.format(A if status.startswith("D") else B)
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers, Retain="true")))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert len(left(bucket)) == kept


@pytest.mark.parametrize("stack", ["ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"])
def test_what_a_rollback_undoes_is_not_retained(
    answers: Answers, control: Control, functions: Functions, bucket: Any, stack: str
) -> None:
    artifact(bucket, A)
    control.status, control.identity, control.stack_status = "DELETE_IN_PROGRESS", OURS.format(A), stack
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers, Retain="true")))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert left(bucket) == []


def test_a_late_delete_does_not_touch_content_that_came_back(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    """A→B→A: the Delete of the first A, delivered again, finds A in use."""
    artifact(bucket, A)
    control.status, control.identity = "UPDATE_COMPLETE", OURS.format(A)
    functions.call("handler.py", delete(answers, OURS.format(A), properties(answers)))
    assert answers["delete"]["Status"] == "SUCCESS"
    assert len(left(bucket)) == 3


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.usefixtures("hub", "bucket")
def test_a_create_that_arrives_after_its_delete_starts_nothing(
    answers: Answers, control: Control, functions: Functions, gone: bool
) -> None:
    control.status, control.gone = "DELETE_COMPLETE", gone
    functions.call("handler.py", event_of("Create", answers.at("create"), properties(answers)))
    assert answers["create"]["Status"] == "FAILED"
    assert "out of date" in answers["create"]["Reason"]
    assert control.executions == {}


# Signal


def signal(answers: Answers, error: dict[str, str] | None = None) -> dict[str, Any]:
    """What the state machine sends."""
    inputs: dict[str, Any] = {"Properties": properties(answers), "Build": "{}"}
    return {"Action": "signal", "Input": inputs | ({"Error": error} if error else {})}


FAILED = {"Error": "States.TaskFailed", "Cause": '{"Build": {"BuildStatus": "FAILED"}}'}


@pytest.mark.usefixtures("control")
def test_success_is_told_when_all_of_it_is_there(answers: Answers, functions: Functions, bucket: Any) -> None:
    artifact(bucket, A)
    functions.call("handler.py", signal(answers))
    told = answers["handle-a"]
    assert (told["Status"], told["UniqueId"], told["Reason"]) == ("SUCCESS", A, "")
    assert json.loads(told["Data"])[0]["commit"] == "c" * 40


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        ("manifest", "no manifest"),
        ("file", "model.safetensors"),
        ("size", "config.json"),
        ("stray", "stray"),
        ("empty", "S3 and manifest differ"),
    ],
)
@pytest.mark.usefixtures("control")
def test_a_build_that_ended_well_is_not_believed(
    answers: Answers, functions: Functions, bucket: Any, damage: str, why: str
) -> None:
    artifact(bucket, A)
    if damage in ("manifest", "file"):
        bucket.Object(f"models/{A}" + (".json" if damage == "manifest" else "/model.safetensors")).delete()
    elif damage == "empty":
        bucket.objects.filter(Prefix=f"models/{A}").delete()
        bucket.put_object(Key=f"models/{A}.json", Body=b'{"objects": []}')
    else:
        bucket.put_object(Key=f"models/{A}/{'config.json' if damage == 'size' else 'stray'}", Body=b"other")
    functions.call("handler.py", signal(answers))
    assert answers["handle-a"]["Status"] == "FAILURE"
    assert why in answers["handle-a"]["Reason"]


@pytest.mark.parametrize(
    ("status", "phases", "why"),
    [
        ("STOPPED", [], "ended as STOPPED: States.TaskFailed"),
        ("TIMED_OUT", [], "ended as TIMED_OUT"),
        ("FAULT", [{"contexts": [{"message": "no capacity"}]}], "ended as FAULT: no capacity"),
        (
            "FAILED",
            [{"contexts": [{"message": "exit status 1"}, {"statusCode": ""}]}],
            "FAILED: exit status 1",
        ),
        ("IN_PROGRESS", [], "ended as IN_PROGRESS: States.TaskFailed"),
    ],
)
@pytest.mark.usefixtures("bucket")
def test_how_a_build_ended_is_told(
    answers: Answers, control: Control, functions: Functions, status: str, phases: Any, why: str
) -> None:
    control.build(B, "FAILED")
    build = control.build(A, status, phases=phases)
    functions.call("handler.py", signal(answers, FAILED))
    assert answers["handle-a"]["Status"] == "FAILURE"
    assert build in answers["handle-a"]["Reason"]
    assert why in answers["handle-a"]["Reason"]


def test_the_scripts_own_words_reach_the_stack(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    said = {"build": control.build(A, "FAILED"), "reason": "org/model: pickles may run code"}
    bucket.put_object(Key=f"models/{A}.failure.json", Body=json.dumps(said))
    functions.call("handler.py", signal(answers, FAILED))
    assert answers["handle-a"]["Reason"] == "org/model: pickles may run code"
    control.build(A, "TIMED_OUT")  # a later build; the words are the earlier one's
    functions.call("handler.py", signal(answers, FAILED))
    assert "ended as TIMED_OUT" in answers["handle-a"]["Reason"]


@pytest.mark.usefixtures("control", "bucket")
def test_a_build_that_never_started(answers: Answers, functions: Functions) -> None:
    error = {
        "Error": "CodeBuild.AccountLimitExceededException",
        "Cause": "Cannot have more than 0 builds " * 500,
    }
    functions.call("handler.py", signal(answers, error))
    assert "no build was started: CodeBuild.AccountLimit" in answers["handle-a"]["Reason"]
    assert len(answers["handle-a"]["Reason"]) < 500


@pytest.mark.usefixtures("control")
def test_a_signal_that_cannot_be_given_fails_the_step(
    answers: Answers, functions: Functions, bucket: Any
) -> None:
    """The state machine tries the step again, ten times over 40 minutes."""
    artifact(bucket, A)
    answers.failures["handle-a"] = [503] * 99
    assert functions.call("handler.py", signal(answers)).code == 1
    answers.failures["handle-a"] = []
    assert functions.call("handler.py", signal(answers)).code == 0
    assert answers["handle-a"]["Status"] == "SUCCESS"
