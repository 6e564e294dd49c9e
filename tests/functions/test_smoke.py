"""The smoke test's custom resource, against a loopback SageMaker runtime."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.functions.conftest import Functions, event_of
from tests.functions.loopback import Answers, Control, Endpoint

BODY = '{"inputs": "Is anyone there?"}'
ASKED = {
    "EndpointName": "demo-Endpoint-1",
    "EndpointConfig": "configuration-1",
    "Body": BODY,
    "ContentType": "application/json",
    "Timeout": "3",
}


def model_error(status: int, message: str) -> tuple[int, str, dict[str, Any]]:
    content = {"Message": "Received an error", "OriginalStatusCode": status, "OriginalMessage": message}
    return 424, "ModelError", content


def smoke(
    functions: Functions, answers: Answers, endpoint: Endpoint, kind: str = "Create", **more: Any
) -> dict[str, Any]:
    event = event_of(kind, answers.at("smoke"), {**ASKED, **more})
    environment = {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": endpoint.url, "CFGEN_PAUSE": "0.1"}
    done = functions.call("smoke.py", event, seconds=120, **environment)
    assert done.code == 0, done.out
    return answers["smoke"]


@pytest.mark.usefixtures("control")
def test_an_endpoint_that_answers(answers: Answers, functions: Functions) -> None:
    with Endpoint((200, "", {"embedding": [0.1]})) as endpoint:
        told = smoke(functions, answers, endpoint)
        assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", "smoke-test/demo-Endpoint-1")
        assert endpoint.bodies == [BODY.encode()]


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("status", [400, 500])
def test_a_model_whose_code_raises(answers: Answers, functions: Functions, status: int) -> None:
    started = time.monotonic()
    with Endpoint(model_error(status, "name 'torch' is not defined")) as endpoint:
        told = smoke(functions, answers, endpoint)
        assert told["Status"] == "FAILED"
        assert "name 'torch' is not defined" in told["Reason"]
        assert "/aws/sagemaker/Endpoints/demo-Endpoint-1" in told["Reason"]
        assert len(endpoint.bodies) == 3 if status == 400 else len(endpoint.bodies) > 3
    assert time.monotonic() - started < 8


@pytest.mark.parametrize(("times", "status"), [(3, "SUCCESS"), (60, "FAILED")])
def test_rights_that_are_not_known_everywhere_yet(
    answers: Answers, control: Control, functions: Functions, times: int, status: str
) -> None:
    control.not_yet = {"DescribeEndpoint": times}
    with Endpoint((200, "", {"embedding": [0.1]})) as endpoint:
        assert smoke(functions, answers, endpoint)["Status"] == status


@pytest.mark.usefixtures("control")
@pytest.mark.parametrize("letter", ["x", "ü", "模"])
def test_a_long_answer_of_any_script_fits_into_the_response(
    answers: Answers, functions: Functions, letter: str
) -> None:
    with Endpoint(model_error(400, letter * 2000)) as endpoint:
        told = smoke(functions, answers, endpoint)
    assert letter * 500 in told["Reason"]
    assert answers.problems == []  # CloudFormation takes 4,096 bytes


@pytest.mark.usefixtures("control")
def test_a_slow_first_load_is_waited_for(answers: Answers, functions: Functions) -> None:
    replies = [
        model_error(500, "timed out"),
        (503, "ServiceUnavailable", {}),
        (400, "ThrottlingException", {}),
    ]
    with Endpoint(*replies, model_error(400, "x"), model_error(400, "x"), (200, "", {})) as endpoint:
        assert smoke(functions, answers, endpoint)["Status"] == "SUCCESS"


@pytest.mark.usefixtures("control")
def test_what_may_not_be_called_is_said(answers: Answers, functions: Functions) -> None:
    with Endpoint((403, "AccessDeniedException", {"Message": "not authorized"})) as endpoint:
        told = smoke(functions, answers, endpoint)
        assert "AccessDeniedException" in told["Reason"]
        assert len(endpoint.bodies) == 3


@pytest.mark.usefixtures("control")
def test_a_component_at_zero_copies_is_not_asked_for_ever(answers: Answers, functions: Functions) -> None:
    asleep = "Inference Component chat-1 has no capacity to process this request."
    with Endpoint((400, "ValidationError", {"Message": asleep})) as endpoint:
        assert smoke(functions, answers, endpoint, InferenceComponentName="chat-1")["Status"] == "SUCCESS"
        assert len(endpoint.bodies) == 3
    with Endpoint(model_error(400, "x")) as endpoint:
        told = smoke(functions, answers, endpoint, InferenceComponentName="chat-1")
        assert "/aws/sagemaker/InferenceComponents/chat-1" in told["Reason"]


def test_update_asks_again_but_a_rollback_does_not(
    answers: Answers, control: Control, functions: Functions
) -> None:
    with Endpoint(model_error(400, "broken")) as endpoint:
        control.stack_status = "UPDATE_IN_PROGRESS"
        assert smoke(functions, answers, endpoint, "Update")["Status"] == "FAILED"
        control.stack_status = "UPDATE_ROLLBACK_IN_PROGRESS"
        assert smoke(functions, answers, endpoint, "Update")["Status"] == "SUCCESS"
        assert smoke(functions, answers, endpoint, "Delete")["Status"] == "SUCCESS"
        assert len(endpoint.bodies) == 3


def test_an_update_that_sagemaker_took_back_is_no_success(
    answers: Answers, control: Control, functions: Functions
) -> None:
    control.configuration = "configuration-0"
    with Endpoint((200, "", {})) as endpoint:
        told = smoke(functions, answers, endpoint, "Update")
        assert told["Status"] == "FAILED"
        assert "went back to configuration-0" in told["Reason"]
        assert not endpoint.bodies
