"""What the functions talk to, on loopback: response URLs, the state of a stack, CodeBuild and Step Functions.

S3, Secrets Manager and EC2 are moto's. CodeBuild and Step Functions here only remember what was asked of them
and show what a test says; tests/functions/test_round_trip.py runs the build's own commands in between.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

STACK = "arn:aws:cloudformation:us-east-1:123456789012:stack/demo/11111111-2222-3333-4444-555555555555"
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:cfgen-build"


class Loopback:
    """An HTTP server for the length of a with block."""

    def __init__(self) -> None:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                status, headers, content = outer.serve(
                    self.command, self.path, dict(self.headers.items()), body
                )
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            do_PUT = do_POST = do_DELETE = do_HEAD = do_GET

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.lock = threading.Lock()

    def __enter__(self) -> Any:
        threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        raise NotImplementedError


class Answers(Loopback):
    """Presigned URLs of custom resources and wait handles: `answers.at("create")`, then `answers["create"]`."""

    def __init__(self) -> None:
        super().__init__()
        self.received: dict[str, list[dict[str, Any]]] = {}
        self.failures: dict[str, list[int]] = {}
        self.problems: list[str] = []

    def at(self, name: str) -> str:
        return f"{self.url}/{name}?Signature=presigned"

    def __getitem__(self, name: str) -> dict[str, Any]:
        return self.received[name][-1]

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        name = urlsplit(path).path.strip("/")
        with self.lock:
            if self.failures.get(name):
                return self.failures[name].pop(0), {}, b""
            # The signature covers the content type: AWS refuses any other than an empty one.
            if method != "PUT" or headers.get("Content-Type"):
                self.problems.append(f"{method} {headers}")
                return 403, {}, b"SignatureDoesNotMatch"
            if len(body) > 4096:
                self.problems.append(f"{len(body)} bytes")
            self.received.setdefault(name, []).append(json.loads(body))
        return 200, {}, b""


class Control(Loopback):
    """CloudFormation's view of one resource, CodeBuild and Step Functions, as far as the handlers ask."""

    def __init__(self) -> None:
        super().__init__()
        self.status, self.identity, self.stack_status = (
            "CREATE_IN_PROGRESS",
            "demo-Build-1ABCDEFGHIJKL",
            "CREATE_IN_PROGRESS",
        )
        self.configuration = "configuration-1"  # of the endpoint
        self.gone = False
        self.executions: dict[str, dict[str, Any]] = {}
        self.builds: dict[str, dict[str, Any]] = {}
        self.calls: list[str] = []
        self.stops_after = 0  # how many looks a stopped build still runs for
        self.while_stopping: Callable[[], None] = lambda: None
        self.denied: set[str] = set()
        self.not_yet: dict[str, int] = {}  # how often a right is not known that was given a moment ago

    def serve(
        self, _: str, __: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        target = headers.get("X-Amz-Target", "")
        name = target.rpartition(".")[2] or parse_qs(body.decode()).get("Action", [""])[0]
        with self.lock:
            self.calls.append(name)
            wait = self.not_yet.get(name, 0)
            self.not_yet[name] = max(0, wait - 1)
            if wait or name in self.denied:
                error = {"__type": "AccessDeniedException", "message": f"not authorized to perform {name}"}
                return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(error).encode()
            if not target:
                return self.cloudformation(name)
            try:
                answer = getattr(self, name)(json.loads(body))
            except KeyError as error:
                wrong = {"__type": str(error.args[0]), "message": str(error.args[0])}
                return 400, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(wrong).encode()
        return 200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(answer).encode()

    def cloudformation(self, name: str) -> tuple[int, dict[str, str], bytes]:
        if self.gone:
            text = f"<Error><Code>ValidationError</Code><Message>Stack '{STACK}' does not exist</Message></Error>"
            return 400, {"Content-Type": "text/xml"}, f"<ErrorResponse>{text}</ErrorResponse>".encode()
        when = "2026-01-01T00:00:00Z"
        stack = f"<StackId>{STACK}</StackId><StackName>demo</StackName><CreationTime>{when}</CreationTime>"
        stack += f"<StackStatus>{self.stack_status}</StackStatus>"
        inner = {
            "DescribeStackResource": f"<StackResourceDetail><LogicalResourceId>Build</LogicalResourceId>"
            f"<PhysicalResourceId>{self.identity}</PhysicalResourceId><ResourceType>Custom::ModelBuild</ResourceType>"
            f"<LastUpdatedTimestamp>{when}</LastUpdatedTimestamp>"
            f"<ResourceStatus>{self.status}</ResourceStatus></StackResourceDetail>",
            "DescribeStacks": f"<Stacks><member>{stack}</member></Stacks>",
        }[name]
        text = f"<{name}Response><{name}Result>{inner}</{name}Result></{name}Response>"
        return 200, {"Content-Type": "text/xml"}, text.encode()

    # SageMaker

    def DescribeEndpoint(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"EndpointName": asked["EndpointName"], "EndpointConfigName": self.configuration}

    # Step Functions

    def StartExecution(self, asked: dict[str, Any]) -> dict[str, Any]:
        arn = f"{MACHINE.replace('stateMachine', 'execution')}:{asked['name']}"
        there = self.executions.get(arn)
        if there and (there["status"] != "RUNNING" or there["input"] != asked["input"]):
            raise KeyError("ExecutionAlreadyExists")
        now = time.time()
        self.executions[arn] = {
            "name": asked["name"],
            "status": "RUNNING",
            "input": asked["input"],
            "startDate": now,
        }
        return {"executionArn": arn, "startDate": now}

    def ListExecutions(self, asked: dict[str, Any]) -> dict[str, Any]:
        found = [
            {
                "executionArn": arn,
                "stateMachineArn": MACHINE,
                **{k: one[k] for k in ("name", "status", "startDate")},
            }
            for arn, one in self.executions.items()
            if one["status"] == asked.get("statusFilter", one["status"])
        ]
        return {"executions": found}

    def StopExecution(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.executions[asked["executionArn"]]["status"] = "ABORTED"
        return {"stopDate": time.time()}

    # CodeBuild

    def build(self, key: str, status: str = "IN_PROGRESS", **more: Any) -> str:
        """A build as Step Functions would have started it."""
        identity = f"demo:{uuid.uuid4()}"
        variable = {"name": "CFGEN_BUILD", "value": json.dumps({"key": key}), "type": "PLAINTEXT"}
        environment = {"environmentVariables": [variable]}
        self.builds[identity] = {"id": identity, "buildStatus": status, "environment": environment, **more}
        return identity

    def ListBuildsForProject(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"ids": list(reversed(self.builds))}

    def BatchGetBuilds(self, asked: dict[str, Any]) -> dict[str, Any]:
        for one in self.builds.values():
            if one["buildStatus"] == "IN_PROGRESS" and "stopping" in one:
                self.while_stopping()
                one["stopping"] -= 1
                if one["stopping"] < 0:
                    one["buildStatus"] = "STOPPED"
        shown = [{k: v for k, v in self.builds[one].items() if k != "stopping"} for one in asked["ids"]]
        return {"builds": shown}

    def StopBuild(self, asked: dict[str, Any]) -> dict[str, Any]:
        one = self.builds[asked["id"]]
        one.setdefault("stopping", self.stops_after)
        return {"build": {"id": asked["id"]}}


class Endpoint(Loopback):
    """SageMaker's runtime: `replies` are given one after the other, the last one for ever."""

    def __init__(self, *replies: tuple[int, str, dict[str, Any]]) -> None:
        super().__init__()
        self.replies, self.bodies = list(replies), list[bytes]()

    def serve(self, _: str, __: str, ___: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        with self.lock:
            self.bodies.append(body)
            status, kind, content = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        answer = {"Content-Type": "application/json", **({"x-amzn-ErrorType": kind} if kind else {})}
        return status, answer, json.dumps(content).encode()


class Throttle(Loopback):
    """Before another server: the first so many matching requests are answered 503 SlowDown."""

    def __init__(self, target: str, method: str, times: int) -> None:
        super().__init__()
        self.target, self.method, self.times, self.throttled = target, method, times, 0

    def serve(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        with self.lock:
            slow = method == self.method and self.times > 0
            self.times, self.throttled = self.times - slow, self.throttled + slow
        if slow:
            text = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"
            return 503, {"Content-Type": "application/xml"}, text
        # http.client adds no content type, which moto would take for a form.
        connection = HTTPConnection(urlsplit(self.target).netloc)
        given = {name: value for name, value in headers.items() if name not in ("Expect", "Connection")}
        connection.request(method, path, body or None, given)
        with connection.getresponse() as reply:
            return reply.status, _plain(reply.headers), reply.read()


def _plain(headers: Any) -> dict[str, str]:
    dropped = ("content-length", "transfer-encoding", "connection")
    return {name: value for name, value in headers.items() if name.lower() not in dropped}
