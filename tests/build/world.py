"""What tests do to stacks of models that are built, and how they look at what there is."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cfgen.catalogue import Catalogue
from cfgen.pipeline import render_spec
from cfgen.sandbox import Sandbox
from tests.fixtures.hub import Blob, Hub
from tests.specs import changed

TOKEN = "hf_a-very-secret-token"
NUMBERS = itertools.count(1)
WEIGHTS = bytes(range(256)) * 4_000
CODE = "def model_fn(folder):\n    return folder\n"
SPEC: dict[str, Any] = {
    "name": "demo",
    "model": {
        "type": "custom-inference",
        "modelId": [{"id": "org/one"}],
        "container": "huggingface",
        "codeFolder": "code",
        "license": {"id": "apache-2.0", "accepted": True},
    },
    "endpoint": {"instanceType": "ml.g4dn.xlarge"},
    "smokeTest": {"body": {"inputs": "Is anyone there?"}, "timeout": 61},
    "build": {"timeout": 5, "queueTimeout": 5},
}


def files(weights: bytes = WEIGHTS, **more: bytes) -> dict[str, bytes]:
    """A small repository; `more` names files with __ for a dot."""
    found = {"config.json": b"{}", "README.md": b"# A model\n", "model.safetensors": weights}
    return {**found, **{name.replace("__", "."): data for name, data in more.items()}}


class Gate:
    """Bytes that a hub gives out only when they are let through."""

    def __init__(self, data: Any) -> None:
        self.data, self.reached, self.open = data, threading.Event(), threading.Event()

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, part: slice) -> bytes:
        self.reached.set()
        self.open.wait(120)
        return bytes(self.data[part])


@dataclass
class End:
    """How an operation on a stack ended."""

    status: str
    seconds: float
    reason: str

    def __str__(self) -> str:
        return f"{self.status} after {self.seconds:.1f} s: {self.reason}"


@dataclass
class World:
    """A sandbox, a hub, and one stack in them."""

    sandbox: Sandbox
    hub: Hub
    folder: Path
    catalogue: Catalogue
    name: str = ""
    started: float = 0
    gates: list[Gate] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.name = self.name or f"demo-{next(NUMBERS)}"
        self.write(CODE)

    # specs and templates --------------------------------------------------------------------------------

    def write(self, code: str, name: str = "inference.py") -> None:
        """A file of the code folder."""
        (self.folder / "code").mkdir(exist_ok=True)
        (self.folder / "code" / name).write_text(code)

    def commit(self, name: str, data: Mapping[str, Any] | None = None, **more: Any) -> str:
        """A new commit of a repository."""
        return self.hub.add(name, data or files(), **more)

    def spec(self, **changes: Any) -> Path:
        """The spec with its repositories pinned to their latest commits."""
        data = changed(SPEC, **changes)
        for one in data["model"]["modelId"] if isinstance(data["model"]["modelId"], list) else []:
            if "revision" not in one and one["id"] in self.hub.repositories:
                one["revision"] = self.hub.repositories[one["id"]].branches["main"]
        path = self.folder / "spec.yaml"
        path.write_text(yaml.safe_dump(data, sort_keys=False))
        return path

    def text(self, *, shorter: Mapping[str, str] | None = None, **changes: Any) -> str:
        """The template as rendered, but that the build's pauses between tries are short.

        `shorter` replaces further text, so that a test need not wait for a time limit.
        """
        text = render_spec(self.spec(**changes), self.catalogue).text
        replaced = {'Config: "{': 'Config: "{\\"pause\\":0.05,', "      Timeout: 61\n": "      Timeout: 6\n"}
        for old, new in {**replaced, **(shorter or {})}.items():
            assert old in text or old in replaced, f"not in the template: {old}"
            text = text.replace(old, new)
        return text

    def unasked(self, **changes: Any) -> str:
        """The same without a smoke test, for what ends before it: two functions' runs less."""
        return self.text(smokeTest__enabled=False, **changes)

    # stacks ---------------------------------------------------------------------------------------------

    def client(self, service: str) -> Any:
        return self.sandbox.client(service)

    def create(self, text: str, *, keep: bool = False, **parameters: str) -> None:
        """Begin; `keep` keeps what there is when it fails."""
        self._begin("create_stack", text, parameters, **({"OnFailure": "DO_NOTHING"} if keep else {}))

    def update(self, text: str, **parameters: str) -> None:
        self._begin("update_stack", text, parameters)

    def _begin(self, operation: str, text: str, parameters: dict[str, str], **more: str) -> None:
        self.started = time.monotonic()
        given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
        arguments = {"StackName": self.name, "TemplateBody": text, "Capabilities": ["CAPABILITY_IAM"]}
        getattr(self.client("cloudformation"), operation)(**arguments, Parameters=given, **more)

    def follow(self, seconds: float = 60, name: str = "", kind: str = "") -> End:
        """The end of what is under way; that there is one, in time, is what most tests are about."""
        status, began = "", self.started
        while time.monotonic() < began + seconds:
            status = self.status(name)
            if status.startswith(kind) and not status.endswith("_IN_PROGRESS"):
                return End(status, time.monotonic() - began, self.reason(name))
            time.sleep(0.05)
        raise AssertionError(f"still {status} after {seconds} s:\n" + "\n".join(self.events(name)))

    def deploy(self, text: str, seconds: float = 60, **parameters: str) -> End:
        """Create or update, to the end."""
        (self.update if self.exists() else self.create)(text, **parameters)
        return self.follow(seconds)

    def delete(self, seconds: float = 60) -> End:
        """Delete, to the end."""
        identity = self.stack()["StackId"]
        self.started = time.monotonic()
        self.client("cloudformation").delete_stack(StackName=self.name)
        return self.follow(seconds, identity, "DELETE")

    def exists(self) -> bool:
        listed = self.client("cloudformation").describe_stacks()["Stacks"]
        return any(one["StackName"] == self.name for one in listed)

    def stack(self, name: str = "") -> dict[str, Any]:
        return dict(self.client("cloudformation").describe_stacks(StackName=name or self.name)["Stacks"][0])

    def status(self, name: str = "") -> str:
        return str(self.stack(name)["StackStatus"])

    def rows(self, name: str = "") -> list[dict[str, Any]]:
        """The events of the latest operation, first to last."""
        pages = self.client("cloudformation").get_paginator("describe_stack_events")
        events = [one for page in pages.paginate(StackName=name or self.name) for one in page["StackEvents"]]
        found: list[dict[str, Any]] = []
        for one in events:
            found.insert(0, one)
            started = one["ResourceStatus"] in (
                "CREATE_IN_PROGRESS",
                "UPDATE_IN_PROGRESS",
                "DELETE_IN_PROGRESS",
            )
            if one["ResourceType"] == "AWS::CloudFormation::Stack" and started:
                break
        return found

    def events(self, name: str = "") -> list[str]:
        return [
            f"{one['LogicalResourceId']} {one['ResourceStatus']} {one.get('ResourceStatusReason', '')}".strip()
            for one in self.rows(name)
        ]

    def reason(self, name: str = "") -> str:
        """What a user reads first: the first event that failed."""
        for one in self.rows(name):
            said = str(one.get("ResourceStatusReason", ""))
            if one["ResourceStatus"].endswith("_FAILED") and "cancelled" not in said:
                return said
        return ""

    def resource(self, name: str) -> str:
        found = self.client("cloudformation").describe_stack_resources(StackName=self.name)["StackResources"]
        ids = {one["LogicalResourceId"]: str(one["PhysicalResourceId"]) for one in found}
        return ids[name]

    def outputs(self) -> dict[str, str]:
        return {one["OutputKey"]: one["OutputValue"] for one in self.stack().get("Outputs", [])}

    # what there is --------------------------------------------------------------------------------------

    def objects(self, bucket: str = "") -> list[str]:
        """Every object, version and unfinished upload of the stack's bucket."""
        s3, bucket = self.client("s3"), bucket or self.resource("ModelBucket")
        listed, uploads = s3.list_object_versions(Bucket=bucket), s3.list_multipart_uploads(Bucket=bucket)
        versions = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
        return sorted(one["Key"] for one in versions + uploads.get("Uploads", []))

    def prefix(self) -> str:
        """Where the artifact in use lies, `models/KEY/`, as three places say."""
        build, served = self.resource("Build"), self.served()
        assert self.outputs()["ModelFiles"] == f"s3://{build}"
        assert served.startswith(f"s3://{build}"), (build, served)
        return build.partition("/")[2]

    def served(self) -> str:
        """The S3 URI of what the endpoint serves now, asked of SageMaker."""
        api = self.client("sagemaker")
        endpoint = api.describe_endpoint(EndpointName=self.resource("Endpoint").rpartition("/")[2])
        assert endpoint["EndpointStatus"] == "InService"
        config = api.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        model = api.describe_model(ModelName=config["ProductionVariants"][0]["ModelName"])
        return str(model["PrimaryContainer"]["ModelDataSource"]["S3DataSource"]["S3Uri"])

    def ask(self, body: Any) -> Any:
        """A request to the endpoint, which echoes it unless a test has put something in its place."""
        name = self.outputs()["EndpointName"]
        api = self.client("sagemaker-runtime")
        reply = api.invoke_endpoint(EndpointName=name, Body=json.dumps(body), ContentType="application/json")
        return json.load(reply["Body"])

    def builds(self) -> list[dict[str, Any]]:
        """All builds that this stack ever had, the latest first."""
        api = self.client("codebuild")
        ids = [one for one in api.list_builds()["ids"] if one.startswith(f"{self.name}-BuildProject-")]
        return list(api.batch_get_builds(ids=ids)["builds"]) if ids else []

    def logs(self) -> str:
        api, lines = self.client("logs"), []
        for group in api.describe_log_groups()["logGroups"]:
            for stream in api.describe_log_streams(logGroupName=group["logGroupName"])["logStreams"]:
                where = {"logGroupName": group["logGroupName"], "logStreamName": stream["logStreamName"]}
                lines += [one["message"] for one in api.get_log_events(**where)["events"]]
        return "\n".join(lines)

    def machinery(self) -> list[str]:
        """All that stacks make, and all that still runs, in the account and on the machine."""
        found = [f"bucket {one['Name']}" for one in self.client("s3").list_buckets()["Buckets"]]
        found += [f"role {one['RoleName']}" for one in self.client("iam").list_roles()["Roles"]]
        found += [
            f"logs {one['logGroupName']}" for one in self.client("logs").describe_log_groups()["logGroups"]
        ]
        found += [
            f"function {one['FunctionName']}" for one in self.client("lambda").list_functions()["Functions"]
        ]
        found += [f"project {one}" for one in self.client("codebuild").list_projects()["projects"]]
        machines = self.client("stepfunctions").list_state_machines()["stateMachines"]
        found += [f"machine {one['name']}" for one in machines]
        sagemaker = self.client("sagemaker")
        found += [f"model {one['ModelName']}" for one in sagemaker.list_models()["Models"]]
        found += [f"endpoint {one['EndpointName']}" for one in sagemaker.list_endpoints()["Endpoints"]]
        return found + self.running()

    def running(self) -> list[str]:
        """Builds that run as CodeBuild says, and processes of builds as the machine says."""
        api = self.client("codebuild")
        builds = api.batch_get_builds(ids=ids)["builds"] if (ids := api.list_builds()["ids"]) else []
        found = [one["id"] for one in builds if not one["buildComplete"]]
        place = str(self.sandbox.folder / "builds")
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if str((process / "cwd").readlink()).startswith(place):
                    found.append(f"process {(process / 'cmdline').read_text()}")
            except OSError:
                continue
        return found

    def nothing_left(self) -> str:
        """Nothing is left of any stack; for the fault table."""
        end = time.monotonic() + 5  # a process that was killed takes its time to go
        while self.machinery() and time.monotonic() < end:
            time.sleep(0.1)
        assert self.machinery() == []
        return "nothing"

    # faults ---------------------------------------------------------------------------------------------

    def hold(self, name: str, path: str = "model.safetensors") -> Gate:
        """Hold the download of a file back, until the gate is opened."""
        repository = self.hub.repositories[name]
        blob: Blob = repository.commits[repository.branches["main"]][path]
        gate = Gate(blob.data)
        blob.data = gate
        self.hub.blobs[blob.sha256] = blob
        self.gates.append(gate)
        return gate

    def building(self, gate: Gate) -> str:
        """Wait until a build downloads what is held back; the build's id."""
        assert gate.reached.wait(60), "\n".join(self.events())
        return str(next(one for one in self.builds() if not one["buildComplete"])["id"])

    def control(self, **values: int) -> None:
        """Tell the server (tests/build/server.py) what goes wrong."""
        names = {name.replace("_", "-"): value for name, value in values.items()}
        (self.sandbox.folder / "control.json").write_text(json.dumps(names))

    def delivered(self, request: str, kind: str = "Custom::ModelBuild") -> list[dict[str, Any]]:
        """The events that CloudFormation sent for this stack."""
        path = self.sandbox.folder / "events.jsonl"
        events = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        identity = f":stack/{self.name}/"
        return [
            one
            for one in events
            if one.get("RequestType") == request
            and one["ResourceType"] == kind
            and identity in one["StackId"]
        ]

    def deliver(self, event: dict[str, Any]) -> None:
        """Deliver an event to its function (once more), and wait until it has done with it."""
        function = event["ServiceToken"]
        done = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        assert "FunctionError" not in done, done["Payload"].read()

    def waited(self, condition: Callable[[], Any], seconds: float = 30) -> Any:
        """What a condition gives once it holds."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := condition():
                return found
            time.sleep(0.05)
        raise AssertionError("it did not come about:\n" + "\n".join(self.events()))

    def aws(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The real AWS CLI."""
        command = [str(Path(sys.executable).with_name("aws")), *arguments]
        environment = {**os.environ, **self.sandbox.environment(), "AWS_PAGER": ""}
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    def end(self) -> None:
        """Leave an empty account to the next test."""
        for gate in self.gates:
            gate.open.set()
        self.sandbox.clear_faults()
        self.control()
        self.sandbox.configure(responders={"*": None}, build_minute=60.0)
        for stack in self.client("cloudformation").describe_stacks()["Stacks"]:
            self.started = time.monotonic()
            self.client("cloudformation").delete_stack(StackName=stack["StackName"])
            self.follow(60, stack["StackId"], "DELETE")
        for bucket in self.client("s3").list_buckets()["Buckets"]:
            for key in self.objects(bucket["Name"]):
                self.client("s3").delete_object(Bucket=bucket["Name"], Key=key)
            self.client("s3").delete_bucket(Bucket=bucket["Name"])
