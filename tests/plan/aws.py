"""AWS on loopback that answers from a table, in the wire formats of the real services: boto3 talks to it unchanged."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from html import escape
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from cfgen.render.template import Template
from cfgen.sandbox import wire
from cfgen.sandbox.wire import AwsError

Answer = dict[str, Any] | Exception | Callable[[dict[str, Any]], Any]
ACCOUNT = "111122223333"


def denied(action: str) -> AwsError:
    """What AWS says to a caller without the right."""
    text = f"User: arn:aws:iam::{ACCOUNT}:user/eve is not authorized to perform: {action} on resource: *"
    return AwsError("AccessDeniedException", text, 400)


class Aws:
    """``answers``: ``service.Operation`` → answer, failure, or a function of the parameters. Else AccessDenied."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {
            "sts.GetCallerIdentity": {"Account": ACCOUNT, "UserId": "x", "Arn": "x"}
        }
        self.asked: Counter[str] = Counter()
        self.params: list[tuple[str, str, dict[str, Any]]] = []

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        call = wire.read(environ)
        assert call is not None
        name = f"{call.service}.{call.operation}"
        self.asked[name] += 1
        self.params.append((name, call.region, call.params))
        answer = self.answers.get(name, denied(f"{call.service}:{call.operation}"))
        if callable(answer):
            answer = answer(call.params)
        written = _failure(call, answer) if isinstance(answer, AwsError) else wire.write(call, answer)
        return wire.send(start, written)


def _failure(call: wire.Call, error: AwsError) -> wire.Response:
    """An error as the service's protocol has it, of any code: AWS's models do not list them all."""
    code, text = error.code, str(error.message)
    if call.protocol in {"query", "ec2"}:
        inner = f"<Error><Code>{code}</Code><Message>{escape(text)}</Message></Error>"
        whole = (
            f"<Response><Errors>{inner}</Errors></Response>"
            if call.protocol == "ec2"
            else (f"<ErrorResponse>{inner}<RequestId>1</RequestId></ErrorResponse>")
        )
        return error.status, {"Content-Type": "text/xml"}, whole.encode()
    body = json.dumps({"__type": code, "message": text})
    return error.status, {"Content-Type": "application/x-amz-json-1.1"}, body.encode()


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        """Say nothing."""


class Server:
    """A WSGI application on a port of its own, a thread a request."""

    def __init__(self, application: Any) -> None:
        from socketserver import ThreadingMixIn
        from wsgiref.simple_server import WSGIServer

        class Threaded(ThreadingMixIn, WSGIServer):
            daemon_threads = True

        self._server = make_server("127.0.0.1", 0, application, Threaded, _Quiet)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def quota(
    name: str, value: float, code: str = "L-00000000", service: str = "sagemaker", **more: Any
) -> dict[str, Any]:
    """A quota as Service Quotas answers it."""
    return {
        "ServiceCode": service, "ServiceName": service, "QuotaCode": code, "QuotaName": name, "Value": value,
        "Adjustable": True, "GlobalQuota": False, "Unit": "None", **more,
    }  # fmt: skip


def by_code(*quotas: dict[str, Any]) -> Callable[[dict[str, Any]], Any]:
    """An answer for GetServiceQuota."""
    table = {one["QuotaCode"]: one for one in quotas}

    def answer(params: dict[str, Any]) -> Any:
        found = table.get(params["QuotaCode"])
        return (
            {"Quota": found}
            if found
            else AwsError("NoSuchResourceException", "The request failed because …", 400)
        )

    return answer


def endpoints(*rows: tuple[str, str, int]) -> dict[str, Answer]:
    """Answers about running endpoints: (name, instance type, count)."""
    table = {name: (kind, count) for name, kind, count in rows}

    def describe(params: dict[str, Any]) -> Any:
        name = params["EndpointName"]
        variant = {"VariantName": "AllTraffic", "CurrentInstanceCount": table[name][1]}
        return {
            "EndpointName": name, "EndpointArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/{name}",
            "EndpointConfigName": f"{name}-config", "EndpointStatus": "InService", "ProductionVariants": [variant],
            "CreationTime": 0, "LastModifiedTime": 0,
        }  # fmt: skip

    def config(params: dict[str, Any]) -> Any:
        name = params["EndpointConfigName"].removesuffix("-config")
        variant = {"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": table[name][0]}
        return {
            "EndpointConfigName": params["EndpointConfigName"], "ProductionVariants": [variant], "CreationTime": 0,
            "EndpointConfigArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint-config/{name}",
        }  # fmt: skip

    listed = [
        {
            "EndpointName": name, "EndpointArn": f"arn:aws:sagemaker:us-east-1:{ACCOUNT}:endpoint/{name}",
            "EndpointStatus": "InService", "CreationTime": 0, "LastModifiedTime": 0,
        }
        for name in table
    ]  # fmt: skip
    return {
        "sagemaker.ListEndpoints": {"Endpoints": listed}, "sagemaker.DescribeEndpoint": describe,
        "sagemaker.DescribeEndpointConfig": config,
    }  # fmt: skip


def launched(template: Template, **values: str) -> dict[str, Answer]:
    """Answers about a stack of ``template``, at its defaults but for ``values``."""
    parameters = {**{name: value or "" for name, value in template.parameters}, **values}
    stack = {
        "StackName": "stack", "StackId": f"arn:aws:cloudformation:us-east-1:{ACCOUNT}:stack/stack/1",
        "StackStatus": "CREATE_COMPLETE", "CreationTime": 0,
        "Parameters": [{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
    }  # fmt: skip
    return {
        "cloudformation.DescribeStacks": {"Stacks": [stack]},
        "cloudformation.GetTemplate": {"TemplateBody": template.text},
    }
