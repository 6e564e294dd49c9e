"""A stack that is complete and an endpoint that is not: rolled back, broken, silent."""

from __future__ import annotations

from typing import Any

import pytest

from cfgen.deploy import after, errors
from tests.deploy.fakes import ARN, Client, body, failure, stack


def endpoint(config: str = "new", status: str = "InService", **more: Any) -> dict[str, Any]:
    variants = [{"VariantName": "v", "CurrentInstanceCount": 2}]
    return {"EndpointStatus": status, "EndpointConfigName": config, "ProductionVariants": variants, **more}


def answering(*answers: Any) -> Client:
    return Client(invoke_endpoint=list(answers))


GOOD = {"ContentType": "application/json"}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(after.time, "sleep", lambda _: None)


def good() -> dict[str, Any]:
    return {**GOOD, "Body": body("[1]")}


def test_an_endpoint_that_serves_and_answers() -> None:
    (found,) = after.check(stack(Client(describe_endpoint=endpoint()), answering(good())))
    assert (found.name, found.config, found.expected, found.instances, found.answered) == (
        "e",
        "new",
        "new",
        2,
        True,
    )


def test_a_rolled_back_endpoint_does_not_look_like_success() -> None:
    with pytest.raises(errors.EndpointWrong, match=r"serves the configuration old, not the stack's new"):
        after.check(stack(Client(describe_endpoint=endpoint("old")), answering(good())))


COMPONENT = """
  Model: {Type: AWS::SageMaker::Model}
  Chat:
    Type: AWS::SageMaker::InferenceComponent
    Properties: {Specification: {ModelName: !GetAtt Model.ModelName}}
  Tuned:
    Type: AWS::SageMaker::InferenceComponent
    Properties: {Specification: {BaseInferenceComponentName: !Ref Chat}}
"""


def component(found: dict[str, Any]) -> Any:
    """A stack with an inference component that is as ``found``, and an adapter."""
    sagemaker = Client(describe_endpoint=endpoint(), describe_inference_component=found)
    more = [
        ("Model", f"{ARN}model/newer", "AWS::SageMaker::Model"),
        ("Chat", f"{ARN}inference-component/chat", "AWS::SageMaker::InferenceComponent"),
        ("Tuned", f"{ARN}inference-component/tuned", "AWS::SageMaker::InferenceComponent"),
    ]
    return stack(sagemaker, answering(good()), more=more, template=COMPONENT)


def test_a_component_that_serves_the_stacks_model() -> None:
    serves = {"InferenceComponentStatus": "InService", "Specification": {"ModelName": "Newer"}}
    (found,) = after.check(component(serves))
    assert found.answered


@pytest.mark.parametrize(
    ("status", "model", "says"),
    [
        ("InService", "older", "chat serves the model older, not the stack's newer: the alarm"),
        ("Failed", "newer", "chat has failed: the alarm"),
    ],
)
def test_a_component_that_went_back_does_not_look_like_success(status: str, model: str, says: str) -> None:
    found = {
        "InferenceComponentStatus": status,
        "Specification": {"ModelName": model},
        "FailureReason": "the alarm",
    }
    with pytest.raises(errors.EndpointWrong, match=says):
        after.check(component(found))


def test_case_does_not_matter() -> None:
    (found,) = after.check(stack(Client(describe_endpoint=endpoint("New")), answering(good())))
    assert found.answered


@pytest.mark.parametrize("status", ["Failed", "OutOfService", "UpdateRollbackFailed"])
def test_a_broken_endpoint_is_told_with_its_reason(status: str) -> None:
    with pytest.raises(errors.EndpointWrong, match="the ping"):
        after.check(stack(Client(describe_endpoint=endpoint(status=status, FailureReason="the ping"))))


def test_an_endpoint_may_need_a_moment() -> None:
    client = Client(describe_endpoint=[endpoint(status="Updating"), endpoint(status="Updating"), endpoint()])
    (found,) = after.check(stack(client, answering(good())))
    assert found.status == "InService"


def test_a_slow_first_answer_is_waited_for() -> None:
    slow = failure("ModelError", OriginalStatusCode=503, OriginalMessage="loading")
    (found,) = after.check(stack(Client(describe_endpoint=endpoint()), answering(slow, slow, good())))
    assert found.answered


def test_an_endpoint_that_refuses_three_times_is_silent() -> None:
    broken = failure("ModelError", OriginalStatusCode=400, OriginalMessage="model_fn raised")
    with pytest.raises(errors.EndpointSilent, match="answered 400: model_fn raised"):
        after.check(stack(Client(describe_endpoint=endpoint()), answering(broken)))


@pytest.mark.parametrize(
    ("seen", "outputs", "note"),
    [
        (endpoint(AsyncInferenceConfig={}), True, "asynchronous"),
        (endpoint(), False, "no example"),
    ],
)
def test_no_request_where_none_makes_sense(seen: dict[str, Any], outputs: bool, note: str) -> None:
    (found,) = after.check(stack(Client(describe_endpoint=seen), outputs=outputs))
    assert found.answered is None
    assert note in found.note


def test_a_missing_right_to_invoke_is_no_failure_of_the_endpoint() -> None:
    denied = failure("AccessDeniedException", "User is not authorized to perform: sagemaker:InvokeEndpoint")
    (found,) = after.check(stack(Client(describe_endpoint=endpoint()), answering(denied)))
    assert found.answered is None
    assert "sagemaker:InvokeEndpoint" in found.note


def test_what_is_scaled_to_zero_does_not_fail_a_launch() -> None:
    asleep = failure("ValidationError", "Inference Component chat-1 has no capacity to process this request.")
    (found,) = after.check(stack(Client(describe_endpoint=endpoint()), answering(asleep)))
    assert found.answered is None
    assert "scaled to zero" in found.note
