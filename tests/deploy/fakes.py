"""Clients that answer from tables, for what a sandbox cannot be made to say."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any

from cfgen.deploy.session import Aws
from cfgen.deploy.stack import StackView


def failure(code: str, text: str = "no", **more: Any) -> Exception:
    """A ClientError as botocore raises it."""
    from botocore.exceptions import ClientError

    return ClientError({"Error": {"Code": code, "Message": text}, **more}, "Operation")


class Client:
    """Answers ``client.operation(…)`` with what the table holds: a value, an exception, a list of both, a function."""

    def __init__(self, **answers: Any) -> None:
        self._answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name.startswith("_") or name not in self._answers:
            raise AttributeError(name)

        def call(**arguments: Any) -> Any:
            self.calls.append((name, arguments))
            answer = self._answers[name]
            if isinstance(answer, list):
                answer = answer.pop(0) if len(answer) > 1 else answer[0]
            if callable(answer):
                answer = answer(**arguments)
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def close(self) -> None:
        """Nothing to close."""


class FakeAws(Aws):
    """Clients by service name."""

    def __init__(self, **clients: Client) -> None:
        super().__init__("us-east-1")
        self._clients = {name.replace("_", "-"): client for name, client in clients.items()}

    def client(self, service: str) -> Any:
        return self._clients[service]


TEMPLATE = """\
Resources:
  Config: {Type: AWS::SageMaker::EndpointConfig, Metadata: {Description: Instances}}
  Endpoint:
    Type: AWS::SageMaker::Endpoint
    Properties: {EndpointConfigName: !GetAtt Config.EndpointConfigName}
"""
ARN = "arn:aws:sagemaker:us-east-1:1:"
INVOKE = (
    "aws sagemaker-runtime invoke-endpoint --endpoint-name e --content-type application/json"
    ' --body \'{"inputs": "x"}\' -'
)


def stack(
    sagemaker: Client,
    runtime: Client | None = None,
    *,
    outputs: bool = True,
    more: Sequence[tuple[str, str, str]] = (),
    template: str = "",
    **raw: Any,
) -> StackView:
    """A stack with an endpoint ``e`` on the configuration ``new``; with ``more`` resources, said by ``template``."""
    rows = [
        *more,
        ("Config", f"{ARN}endpoint-config/new", "AWS::SageMaker::EndpointConfig"),
        ("Endpoint", f"{ARN}endpoint/e", "AWS::SageMaker::Endpoint"),
    ]
    listed = [
        {
            "LogicalResourceId": one,
            "PhysicalResourceId": two,
            "ResourceType": kind,
            "ResourceStatus": "CREATE_COMPLETE",
        }
        for one, two, kind in rows
    ]
    cloudformation = Client(
        list_stack_resources={"StackResourceSummaries": listed},
        get_template={"TemplateBody": TEMPLATE + template},
    )
    aws = FakeAws(cloudformation=cloudformation, sagemaker=sagemaker, sagemaker_runtime=runtime or Client())
    shown = [{"OutputKey": "InvokeCommand", "OutputValue": INVOKE}] if outputs else []
    return StackView(
        aws, {"StackName": "s", "StackId": "id", "StackStatus": "UPDATE_COMPLETE", "Outputs": shown, **raw}
    )


def body(text: str) -> io.BytesIO:
    """A streaming body."""
    return io.BytesIO(text.encode())
