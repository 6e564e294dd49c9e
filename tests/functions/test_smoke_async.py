"""The smoke test of asynchronous endpoints, against moto's S3 and a loopback SageMaker runtime."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tests.functions.conftest import Functions, event_of
from tests.functions.loopback import Answers, Control, Endpoint

ASKED = {
    "EndpointName": "demo",
    "EndpointConfig": "configuration-1",
    "Body": '{"inputs": "a"}',
    "ContentType": "application/json",
    "Timeout": "4",
}
OUT, FAILED = "s3://models-of-demo/output/1.out", "s3://models-of-demo/failures/1-error.out"


class Runtime(Endpoint):
    """Takes requests; says where the answers will lie, in headers."""

    def serve(self, *asked: Any) -> tuple[int, dict[str, str], bytes]:
        status, headers, data = super().serve(*asked)
        places = {"X-Amzn-SageMaker-OutputLocation": OUT, "X-Amzn-SageMaker-FailureLocation": FAILED}
        return status, headers | (places if status == 202 else {}), data


def smoke(
    functions: Functions, answers: Answers, runtime: Endpoint, bucket: Any, **more: Any
) -> dict[str, Any]:
    event = event_of("Create", answers.at("smoke"), {**ASKED, "Input": f"s3://{bucket.name}/input/", **more})
    environment = {"AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME": runtime.url, "CFGEN_PAUSE": "0.1"}
    done = functions.call("smoke_async.py", event, seconds=120, **environment)
    assert done.code == 0, done.out
    return answers["smoke"]


@pytest.mark.usefixtures("control")
def test_an_answer_is_waited_for_and_the_request_taken_away(
    answers: Answers, functions: Functions, bucket: Any
) -> None:
    bucket.put_object(Key="output/1.out", Body=b'{"label": "x"}')
    with Runtime((202, "", {"InferenceId": "1"})) as runtime:
        told = smoke(functions, answers, runtime, bucket)
    assert (told["Status"], told["PhysicalResourceId"]) == ("SUCCESS", "smoke-test/demo")
    assert [one.key for one in bucket.objects.all()] == ["output/1.out"]


@pytest.mark.usefixtures("control")
def test_a_failure_is_told_in_its_own_words(answers: Answers, functions: Functions, bucket: Any) -> None:
    bucket.put_object(Key="failures/1-error.out", Body=b"CUDA out of memory")
    with Runtime((202, "", {"InferenceId": "1"})) as runtime:
        told = smoke(functions, answers, runtime, bucket)
    assert told["Status"] == "FAILED"
    assert "CUDA out of memory" in told["Reason"]
    assert "/aws/sagemaker/Endpoints/demo" in told["Reason"]


@pytest.mark.usefixtures("control")
def test_no_answer_and_a_refusal_end_in_time(answers: Answers, functions: Functions, bucket: Any) -> None:
    started = time.monotonic()
    with Runtime((202, "", {"InferenceId": "1"})) as runtime:
        told = smoke(functions, answers, runtime, bucket, Timeout="1")
    assert "no answer at s3://models-of-demo/output/1.out" in told["Reason"]
    with Runtime((400, "ValidationError", {"message": "not an async endpoint"})) as runtime:
        told = smoke(functions, answers, runtime, bucket)
    assert "not an async endpoint" in told["Reason"]
    assert time.monotonic() - started < 15


def test_delete_asks_nothing(answers: Answers, functions: Functions, bucket: Any) -> None:
    event = event_of("Delete", answers.at("smoke"), {**ASKED, "Input": f"s3://{bucket.name}/input/"})
    done = functions.call("smoke_async.py", event, seconds=120)
    assert done.code == 0, done.out
    assert answers["smoke"]["Status"] == "SUCCESS"


def test_an_update_that_sagemaker_took_back_is_no_success(
    answers: Answers, control: Control, functions: Functions, bucket: Any
) -> None:
    control.configuration = "configuration-0"
    with Runtime((202, "", {"InferenceId": "1"})) as runtime:
        told = smoke(functions, answers, runtime, bucket)
    assert told["Status"] == "FAILED"
    assert "went back to configuration-0" in told["Reason"]
