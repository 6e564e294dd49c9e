"""Specs as they change, for the update matrix: a base, what is added to it, changed and removed; and how it is driven.

A ``Row`` is a stack's life: its versions one after the other, each an update of the one before. A new feature is a row.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from cfgen import document
from cfgen.catalogue import load as load_catalogue
from cfgen.deploy import diff
from cfgen.render import render
from cfgen.resolve import resolve
from cfgen.sandbox import Sandbox
from tests.specs import changed, spec_of

REGION = "us-east-1"
IAM = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
TEI: dict[str, Any] = {
    "name": "matrix",
    "model": {
        "type": "container",
        "modelId": "BAAI/bge-small-en-v1.5",
        "revision": "5c38ec7c405ec4b44b94cc5a9bb96e735b38267a",
        "container": "tei",
        "license": {"id": "mit", "accepted": True},
    },
    "endpoint": {"instanceType": "ml.c6i.2xlarge"},
    "smokeTest": {"enabled": False},
}
DATA: dict[str, Any] = {
    "name": "matrix",
    "model": {
        "type": "container",
        "container": "huggingface",
        "task": "text-classification",
        "modelData": "s3://my-models/sentiment/model.tar.gz",
    },
    "endpoint": {"instanceType": "ml.m5.xlarge"},
    "smokeTest": {"enabled": False},
}
LLM: dict[str, Any] = {
    "name": "matrix",
    "model": {
        "type": "container",
        "modelId": "Qwen/Qwen2.5-7B-Instruct",
        "revision": "a09a35458c702b33eeacc393d103063234e8bc28",
        "container": "vllm:0.30.0",
        "license": {"id": "apache-2.0", "accepted": True},
    },
    "endpoint": {"instanceType": "ml.g6e.2xlarge", "context": 16384},
    "smokeTest": {"enabled": False},
}


@dataclass(frozen=True)
class Version:
    """A spec, as data, and the launcher's parameters."""

    spec: Mapping[str, Any]
    parameters: Mapping[str, str] = field(default_factory=dict)

    def template(self) -> str:
        """What it renders to."""
        return _rendered(json.dumps(self.spec))

    def __str__(self) -> str:
        return json.dumps([self.spec, self.parameters], sort_keys=True)


_texts: dict[str, str] = {}


def _rendered(text: str) -> str:
    if text not in _texts:
        _texts[text] = render(resolve(spec_of(json.loads(text)), load_catalogue())).text
    return _texts[text]


@dataclass(frozen=True)
class Row:
    """A stack's versions. ``interrupts``: the steps (from 1) that interrupt the endpoint; the others do not."""

    name: str
    versions: tuple[Version, ...]
    interrupts: frozenset[int] = frozenset()


def row(name: str, *versions: Mapping[str, Any] | Version, interrupts: tuple[int, ...] = ()) -> Row:
    """A row of specs, or of versions where parameters matter."""
    made = tuple(one if isinstance(one, Version) else Version(one) for one in versions)
    return Row(name, made, frozenset(interrupts))


class Stack:
    """A stack in the sandbox."""

    def __init__(self, sandbox: Sandbox, name: str) -> None:
        self.sandbox, self.name, self.id = sandbox, name, ""
        self.cloudformation = sandbox.client("cloudformation", REGION)

    def deploy(self, version: Version) -> str:
        """Create or update; the status it ends in."""
        text = version.template()
        # a parameter that nobody gives takes the new default, as ``cfgen deploy`` has it
        given = seeded(self.sandbox, version)
        request = {
            "StackName": self.name,
            "TemplateBody": text,
            "Capabilities": IAM,
            "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()],
        }
        if self.id:
            self.cloudformation.update_stack(**request)
        else:
            self.id = self.cloudformation.create_stack(**request)["StackId"]
        return self.wait()

    def wait(self) -> str:
        """The status it comes to rest in."""
        end = time.monotonic() + 120
        while time.monotonic() < end:
            status = str(self.raw()["StackStatus"])
            if not status.endswith("_IN_PROGRESS"):
                return status
            time.sleep(0.03)
        raise AssertionError(f"{self.name} is still {status}: {self.failures()}")

    def raw(self) -> dict[str, Any]:
        """As CloudFormation describes it."""
        found: dict[str, Any] = self.cloudformation.describe_stacks(StackName=self.id)["Stacks"][0]
        return found

    def failures(self) -> list[str]:
        """Reasons of events, the latest first."""
        pages = self.cloudformation.get_paginator("describe_stack_events").paginate(StackName=self.id)
        events = [event for page in pages for event in page["StackEvents"]]
        return [
            f"{event['LogicalResourceId']} {event['ResourceStatus']} {event['ResourceStatusReason']}"
            for event in events
            if "FAILED" in event["ResourceStatus"] and event.get("ResourceStatusReason")
        ]

    def resources(self) -> dict[str, tuple[str, str]]:
        """Logical id → type and physical id."""
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=self.id)
        return {
            one["LogicalResourceId"]: (one["ResourceType"], one["PhysicalResourceId"])
            for page in pages
            for one in page["StackResourceSummaries"]
            if one["ResourceStatus"] != "DELETE_COMPLETE"
        }

    def in_sync(self) -> str:
        """What drift detection says."""
        found = self.cloudformation.detect_stack_drift(StackName=self.id)["StackDriftDetectionId"]
        end = time.monotonic() + 60
        while time.monotonic() < end:
            status = self.cloudformation.describe_stack_drift_detection_status(StackDriftDetectionId=found)
            if status["DetectionStatus"] != "DETECTION_IN_PROGRESS":
                return str(status.get("StackDriftStatus", status["DetectionStatus"]))
            time.sleep(0.03)
        return "in progress"

    def values(self) -> dict[str, str]:
        """Parameter → value."""
        return {one["ParameterKey"]: one["ParameterValue"] for one in self.raw().get("Parameters", ())}

    def side(self) -> diff.Side:
        """As ``cfgen diff`` sees it."""
        body = self.cloudformation.get_template(StackName=self.id)["TemplateBody"]
        return diff.Side(document.load(body), self.values(), REGION)

    def delete(self) -> None:
        """Delete it, which must go well."""
        self.cloudformation.delete_stack(StackName=self.id)
        status = self.wait()
        assert status == "DELETE_COMPLETE", self.failures()

    def endpoint(self) -> tuple[str, Any]:
        """The endpoint's ARN and when it was made."""
        [arn] = [made for kind, made in self.resources().values() if kind == document.ENDPOINT]
        client = self.sandbox.client("sagemaker", REGION)
        return arn, client.describe_endpoint(EndpointName=arn.rpartition("/")[2])["CreationTime"]

    def served(self, *, counts: bool) -> Any:
        """What is served and how, with the stack's own names in place of physical ones."""
        client = self.sandbox.client("sagemaker", REGION)
        scaling = self.sandbox.client("application-autoscaling", REGION)
        name = self.endpoint()[0].rpartition("/")[2]
        endpoint = client.describe_endpoint(EndpointName=name)
        assert endpoint["EndpointStatus"] == "InService"
        assert "FailureReason" not in endpoint
        config = client.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
        components = self._components(name)
        models = [
            client.describe_model(ModelName=one["ModelName"])
            for one in (
                *config["ProductionVariants"],
                *config.get("ShadowProductionVariants", ()),
                *(component["Specification"] for component in components),
            )
            if one.get("ModelName")
        ]
        # how the last update went is no part of the state; counts are the load's business where it scales
        for key in ("LastDeploymentConfig", *(() if counts else ("ProductionVariants",))):
            endpoint.pop(key, None)
        of = {"ServiceNamespace": "sagemaker"}
        scaled = (
            f"endpoint/{name}/",
            *(f"inference-component/{one['InferenceComponentName']}" for one in components),
        )
        found = {
            "endpoint": endpoint,
            "config": config,
            "components": components,
            "models": models,
            "targets": _about(
                scaling.describe_scalable_targets(**of)["ScalableTargets"], scaled, "ResourceId"
            ),
            "policies": _about(
                scaling.describe_scaling_policies(**of)["ScalingPolicies"], scaled, "PolicyName"
            ),
            "types": sorted((logical, kind) for logical, (kind, _) in self.resources().items()),
            "outputs": sorted(
                (one["OutputKey"], one["OutputValue"]) for one in self.raw().get("Outputs", ())
            ),
        }
        return json.loads(self._plain(json.dumps(_bare(found), default=lambda _: "when", sort_keys=True)))

    def _components(self, endpoint: str) -> list[dict[str, Any]]:
        """The inference components of an endpoint, in the order of their names."""
        client = self.sandbox.client("sagemaker", REGION)
        listed = client.list_inference_components(EndpointNameEquals=endpoint)["InferenceComponents"]
        names = sorted(one["InferenceComponentName"] for one in listed)
        found = [client.describe_inference_component(InferenceComponentName=name) for name in names]
        for one in found:
            assert one["InferenceComponentStatus"] == "InService"
            assert "FailureReason" not in one
            one.pop("LastDeploymentConfig", None)
        return found

    def _plain(self, text: str) -> str:
        names: dict[str, str] = {}
        for logical, (kind, physical) in self.resources().items():
            last = (physical.rpartition("/")[2], physical.rpartition(":")[2])
            # the last piece of a policy's ARN is its metric
            for piece in (physical, *(() if kind.endswith("::ScalingPolicy") else last)):
                if len(piece) > 6:
                    names.setdefault(piece, f"<{logical}>")
        for piece in sorted(names, key=len, reverse=True):
            text = text.replace(piece, names[piece])
        text = text.replace(self.id, "<id>").replace(self.id.rpartition("/")[2].split("-")[0], "<unique>")
        text = re.sub(rf"{self.name}-(\w+)-[A-Za-z0-9]{{12}}", r"<\1>", text, flags=re.IGNORECASE)
        text = text.replace(self.name, "<stack>")
        text = re.sub(r"/_sandbox/urls/[a-z0-9]+/", "/_sandbox/urls/<url>/", text)
        return re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<uuid>", text)


def _about(items: list[dict[str, Any]], scaled: tuple[str, ...], key: str) -> list[dict[str, Any]]:
    """Those of what scales, by a key."""
    mine = [one for one in items if one["ResourceId"].startswith(scaled)]
    return sorted(mine, key=lambda one: (str(one["ResourceId"]), str(one[key])))


# what each answer or each creation has of its own
_OWN = {"ResponseMetadata", "Alarms", "ScalableTargetARN", "PolicyARN"}


def _bare(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key not in _OWN}
    return [_bare(item) for item in value] if isinstance(value, (list, tuple)) else value


def seeded(sandbox: Sandbox, version: Version) -> dict[str, str]:
    """Make what a version refers to; its parameters with those that example data needs."""
    made = sandbox.seed(document.load(version.template()), dict(version.parameters), REGION)
    return {**made.parameters, **version.parameters}


class Matrix:
    """One sandbox for a file's rows; what a fresh stack of a version serves is looked at once."""

    def __init__(self, sandbox: Sandbox, label: str) -> None:
        self.sandbox, self.label, self.number = sandbox, label, 0
        self._fresh: dict[str, Any] = {}
        # what AWS gives every account in a region
        sandbox.client("ec2", REGION).describe_vpcs()

    def stack(self) -> Stack:
        """A new stack, not deployed yet."""
        self.number += 1
        return Stack(self.sandbox, f"matrix-{self.label}-{self.number}")

    def fresh(self, version: Version) -> Any:
        """What a stack of its own serves."""
        key = str(version)
        if key not in self._fresh:
            stack = self.stack()
            name = {"EndpointName": f"{version.parameters.get('EndpointName')}-fresh"}
            own = name if "EndpointName" in version.parameters else {}
            status = stack.deploy(Version(version.spec, {**version.parameters, **own}))
            assert status == "CREATE_COMPLETE", stack.failures()
            self._fresh[key] = stack.served(counts=not version.spec.get("scaling"))
            stack.delete()
        return self._fresh[key]

    def live(self, one: Row) -> None:
        """A row's life, looked at after each step."""
        for version in one.versions:
            seeded(self.sandbox, version)
        inventory = self.sandbox.inventory()
        stack = self.stack()
        first, *later = one.versions
        assert stack.deploy(first) == "CREATE_COMPLETE", stack.failures()
        for number, version in enumerate(later, 1):
            self._step(stack, version, interrupts=number in one.interrupts)
        stack.delete()
        left = set(self.sandbox.inventory()) ^ set(inventory)
        assert not left, left

    def refuse(self, one: Refused) -> None:
        """An update that is refused: foreseen by the table, and rolled back when it is tried all the same."""
        stack = self.stack()
        assert stack.deploy(one.before) == "CREATE_COMPLETE", stack.failures()
        side, served = stack.side(), stack.served(counts=True)
        values = {**side.values, **one.after.parameters}
        after = diff.Side(document.load(one.after.template()), values, REGION)
        if "InstanceType" not in one.after.parameters:
            # what nobody chose takes the new default
            after = diff.Side(after.template, dict(one.after.parameters), REGION)
        assert one.limit in [refusal.id for refusal in diff.compare(side, after).refusals]
        assert stack.deploy(one.after) == "UPDATE_ROLLBACK_COMPLETE"
        assert any(one.says in reason for reason in stack.failures()), stack.failures()
        assert stack.served(counts=True) == served
        stack.delete()

    def _step(self, stack: Stack, version: Version, *, interrupts: bool) -> None:
        before, side, (_, made) = stack.resources(), stack.side(), stack.endpoint()
        status = stack.deploy(version)
        assert status == "UPDATE_COMPLETE", (version, stack.failures())
        after = stack.resources()
        predicted = diff.compare(side, stack.side())
        assert predicted.refusals == ()
        said = {(row.name, row.action) for row in predicted.resources if row.action not in SOFT}
        surprises = said ^ set(happened(before, after))
        assert not surprises, f"{version}: predicted or done, not both: {surprises}"
        # an endpoint that was gone would have been made anew
        assert predicted.interruption in ({"yes"} if interrupts else {"no", "none"})
        assert (stack.endpoint()[1] != made) == interrupts
        assert stack.in_sync() == "IN_SYNC"
        differs = list(diff.leaves(self.fresh(version), stack.served(counts=not version.spec.get("scaling"))))
        assert not differs, f"not as a fresh stack of {version}: {differs}"


SOFT = ("modify", "may replace")


def happened(
    before: Mapping[str, tuple[str, str]], after: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[str, str]]:
    """What became of each resource, in the words of ``cfgen diff``."""
    for name in {*before, *after}:
        if name not in after:
            yield name, "delete"
        elif name not in before:
            yield name, "add"
        elif before[name] != after[name] and not after[name][0].startswith("Custom::"):
            # a custom resource may answer an update with another physical id
            yield name, "replace"


@dataclass(frozen=True)
class Refused:
    """Two versions between which there is no update: the entry of ``LIMITS``, and what AWS says."""

    name: str
    before: Version
    after: Version
    limit: str
    says: str


def refusals() -> list[Refused]:
    """What cannot be had by an update of the stack."""
    tei, data, llm = TEI, DATA, LLM
    scaled = changed(tei, scaling={"max": 3})
    ab = [{"name": "current"}, {"name": "challenger"}]
    pools = [{"instanceType": "ml.g6e.2xlarge"}, {"instanceType": "ml.g6.2xlarge"}]
    pooled = changed(llm, endpoint={"instancePools": pools, "context": 16384}, scaling={"max": 3})
    canary = {"strategy": "canary", "size": "50%", "wait": 0}
    twice = changed(tei, endpoint__instanceCount=2, deployment=canary)
    serverless = changed(data, endpoint=..., serverless={"memorySizeInMB": 2048})
    open_vpc = changed(tei, vpc={"mode": "create"})
    deregister = "must be deregistered as scalable targets"
    components = changed(
        llm, endpoint__instanceType="ml.g6e.12xlarge", components=[{"name": "chat", "accelerators": 1}]
    )
    found = [
        (
            "type in the spec",
            scaled,
            changed(scaled, endpoint__instanceType="ml.m5.xlarge"),
            "scaled-variant",
            deregister,
        ),
        (
            "type by parameter",
            scaled,
            Version(scaled, {"InstanceType": "ml.c6i.4xlarge"}),
            "scaled-variant",
            deregister,
        ),
        (
            "type and no more scaling",
            scaled,
            changed(tei, endpoint__instanceType="ml.m5.xlarge"),
            "scaled-variant",
            deregister,
        ),
        ("variant renamed", scaled, changed(scaled, variants=ab), "scaled-variant", deregister),
        (
            "pools",
            pooled,
            changed(
                pooled,
                endpoint={"instancePools": [*pools, {"instanceType": "ml.g5.2xlarge"}], "context": 16384},
            ),
            "scaled-variant",
            deregister,
        ),
        ("to serverless", data, serverless, "serverless", "between serverless and instance-based"),
        ("from serverless", serverless, data, "serverless", "between serverless and instance-based"),
        (
            "to asynchronous",
            tei,
            changed(tei, **{"async": {}}),
            "asynchronous",
            "cannot be added to this endpoint",
        ),
        (
            "from asynchronous",
            changed(tei, **{"async": {}}),
            tei,
            "asynchronous",
            "cannot be removed from this endpoint",
        ),
        (
            "to components",
            changed(llm, endpoint__instanceType="ml.g6e.12xlarge"),
            components,
            "components",
            "cannot change",
        ),
        (
            "variants in a deployment",
            twice,
            changed(twice, variants=ab),
            "deployment-variants",
            "same variant names",
        ),
        (
            "range of a network with a way out",
            open_vpc,
            changed(open_vpc, vpc={"mode": "create", "cidr": "10.99.0.0/16"}),
            "network-range",
            "already",
        ),
    ]
    return [
        Refused(
            name,
            *(one if isinstance(one, Version) else Version(one) for one in (before, after)),
            limit,
            says,
        )
        for name, before, after, limit, says in found
    ]


def rows() -> list[Row]:
    """Every feature added, changed and removed; images, models, types and counts changed; pairs that interact."""
    tei, data, llm = TEI, DATA, LLM
    other = {"modelId": "BAAI/bge-base-en-v1.5", "revision": "a5beb1e3e68b9ab74eb54cfd186867f64f240e1a"}
    newer = changed(tei, model=tei["model"] | other)
    scaled = changed(tei, scaling={"max": 3})
    ab = [{"name": "current", "weight": 9}, {"name": "challenger", "weight": 1, "model": other}]
    canary = {"strategy": "canary", "size": "50%", "wait": 0, "rollbackAlarms": {"errorRate": 0.02}}
    pooled = [{"instanceType": "ml.g6e.2xlarge"}, {"instanceType": "ml.g6.2xlarge"}]
    staged = changed(tei, model__staging="s3")
    watched = {"email": "ml-platform@example.com", "errorRate": 0.02}
    shared = changed(llm, endpoint__instanceType="ml.g6e.12xlarge")
    chat = {"name": "chat", "accelerators": 1}
    code = {"name": "code", "accelerators": 2, "scaling": {"min": 0, "max": 2}}
    key = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    return [
        row(
            "components",
            changed(shared, components=[chat]),
            changed(shared, components=[chat, code]),
            changed(shared, components=[{**chat, "accelerators": 2}, {**code, "scaling": {"max": 3}}]),
            changed(shared, components=[{**code, "scaling": {"max": 3}}]),
            changed(
                shared, components=[{**code, "scaling": {"max": 3}}], deployment={"wait": 0}, schedule={}
            ),
            changed(shared, components=[{**code, "model": {"env": {"A": "1"}}}], deployment={"wait": 0}),
        ),
        row("alarms", tei, changed(tei, alarms=watched), changed(tei, alarms={"latency": 5}), tei),
        row(
            "alarms and scaling",
            scaled,
            changed(newer, scaling={"max": 3}, alarms=watched, dashboard=True),
            tei,
        ),
        row("dashboard", tei, changed(tei, dashboard=True), changed(tei, dashboard=True, variants=ab), tei),
        row(
            "budget",
            tei,
            changed(tei, budget={"monthlyLimit": 100, "email": "a@example.com"}),
            changed(tei, budget={"monthlyLimit": 200, "email": "b@example.com"}),
            tei,
        ),
        row(
            "api",
            llm,
            changed(llm, api={"models": ["qwen"], "auth": {"type": "api-key"}}),
            changed(llm, api={"models": ["qwen", "other"], "auth": {"type": "api-key"}, "streaming": True}),
            llm,
        ),
        row(
            "schedule",
            tei,
            changed(tei, schedule={"days": ["mon"], "from": "08:00", "to": "18:00"}),
            changed(tei, schedule={"timeZone": "Europe/Berlin", "from": "07:00", "to": "19:00"}),
            tei,
        ),
        row(
            "keys and who may invoke",
            tei,
            changed(tei, security={"invokePolicy": {}}, dataCapture={"sampling": 5}),
            changed(tei, security={"invokePolicy": {}, "kmsKey": key}, dataCapture={"sampling": 5}),
            tei,
        ),
        row("model", tei, newer, tei),
        row("image", changed(tei, model__container="tei:1.8.0"), tei),
        row(
            "type and count",
            tei,
            changed(tei, endpoint={"instanceType": "ml.m5.xlarge", "instanceCount": 2}),
            tei,
        ),
        row(
            "environment", tei, changed(tei, model__env={"A": "1"}), changed(tei, model__env={"A": "2"}), tei
        ),
        row("container family", tei, data),
        row("scaling", tei, scaled, changed(tei, scaling={"min": 2, "max": 5, "metric": "concurrency"}), tei),
        row("scaling and model", scaled, changed(newer, scaling={"max": 3}), newer),
        row(
            "scaling off, type, on",
            scaled,
            Version(scaled, {"ScalingEnabled": "no"}),
            Version(scaled, {"ScalingEnabled": "no", "InstanceType": "ml.c6i.4xlarge"}),
            Version(scaled, {"InstanceType": "ml.c6i.4xlarge"}),
        ),
        row(
            "deployment",
            changed(tei, endpoint__instanceCount=2),
            changed(tei, endpoint__instanceCount=2, deployment=canary),
            changed(newer, endpoint__instanceCount=2, deployment=canary),
            changed(
                newer, endpoint__instanceCount=2, deployment={"strategy": "rolling", "size": "50%", "wait": 0}
            ),
            changed(newer, endpoint__instanceCount=2),
        ),
        row(
            "deployment and scaling",
            changed(tei, endpoint__instanceCount=2, deployment=canary),
            changed(newer, endpoint__instanceCount=2, deployment=canary, scaling={"min": 2, "max": 4}),
        ),
        row(
            "data capture",
            tei,
            changed(tei, dataCapture={"sampling": 10}),
            changed(tei, dataCapture={"sampling": 50, "bucket": "my-captures"}),
            changed(tei, dataCapture={"prefix": "more/", "expireAfterDays": 7}),
            tei,
        ),
        row(
            "alarms, topics, budgets",
            tei,
            changed(tei, alarms={"email": "a@example.com"}, dashboard=True),
            changed(
                tei, alarms={"email": "b@example.com", "latency": 5, "cpu": 90, "disk": None}, dashboard=True
            ),
            changed(
                tei,
                alarms={"topic": "arn:aws:sns:us-east-1:123456789012:alarms"},
                budget={"monthlyLimit": 500, "email": "a@example.com"},
                tags={"team": "a"},
            ),
            changed(
                tei,
                dashboard={"logErrors": False, "hours": 12},
                budget={"monthlyLimit": 600, "email": "b@example.com", "scope": "stack"},
            ),
            tei,
        ),
        row(
            "variants",
            tei,
            changed(tei, variants=ab),
            changed(tei, variants=[{**ab[0], "weight": 1}, {**ab[1], "weight": 9}]),
            changed(tei, variants=[{"name": "challenger", "model": other}, {"name": "third"}]),
            tei,
        ),
        row(
            "variants and capture",
            changed(tei, variants=ab),
            changed(tei, variants=ab, dataCapture={"sampling": 10}, scaling={"max": 2}),
        ),
        row("variants scale", changed(tei, variants=ab), changed(tei, variants=ab, scaling={"max": 2})),
        row(
            "shadow",
            tei,
            changed(
                tei,
                variants=[{"name": "a"}, {"name": "b", "shadow": True, "model": {"container": "tei:1.8.0"}}],
            ),
            changed(tei, variants=[{"name": "a"}, {"name": "b", "shadow": True, "weight": 2}]),
            tei,
        ),
        row(
            "pools",
            llm,
            changed(llm, endpoint={"instancePools": pooled, "context": 16384}),
            changed(llm, endpoint={"instancePools": pooled[::-1], "context": 16384, "provisionTimeout": 600}),
            llm,
        ),
        row(
            "routing",
            llm,
            changed(llm, endpoint__routing={"strategy": "LEAST_OUTSTANDING_REQUESTS"}),
            changed(llm, endpoint__routing={"strategy": "PREFIX_AWARE", "prefixLength": 2048}),
            llm,
        ),
        row(
            "asynchronous",
            changed(tei, **{"async": {}}),
            changed(tei, **{"async": {"successTopic": "make", "errorTopic": "make", "expireAfterDays": 3}}),
            changed(tei, **{"async": {"bucket": "my-answers"}}, scaling={"max": 2}),
            changed(tei, **{"async": {}}),
        ),
        row(
            "serverless",
            changed(data, endpoint=..., serverless={"memorySizeInMB": 2048}),
            changed(data, endpoint=..., serverless={"memorySizeInMB": 4096, "provisionedConcurrency": 2}),
            changed(
                data,
                endpoint=...,
                serverless={"memorySizeInMB": 4096, "provisionedConcurrency": 2},
                scaling={"min": 1, "max": 2},
            ),
            changed(data, endpoint=..., serverless={"memorySizeInMB": 2048}),
        ),
        row(
            "multi-model",
            changed(
                data,
                model={
                    "type": "container",
                    "container": "xgboost",
                    "modelData": "s3://my-models/one/a.tar.gz",
                },
            ),
            changed(
                data,
                model={
                    "type": "container",
                    "container": "xgboost",
                    "mode": "multi-model",
                    "modelData": "s3://my-models/forecasts/",
                },
            ),
            changed(
                data,
                model={
                    "type": "container",
                    "container": "xgboost",
                    "modelData": "s3://my-models/one/a.tar.gz",
                },
            ),
        ),
        row("model data", data, changed(data, model__modelData="s3://my-models/other/")),
        row(
            "smoke test",
            tei,
            changed(tei, smokeTest={"body": {"inputs": "a"}}),
            changed(newer, smokeTest={"body": {"inputs": "b"}, "timeout": 120}),
            newer,
        ),
        row(
            "tags", tei, changed(tei, tags={"team": "a"}), changed(tei, tags={"team": "b", "more": "c"}), tei
        ),
        row(
            "roles",
            tei,
            changed(tei, security={"rolePath": "/models/"}),
            changed(tei, security={"rolePath": "/other/"}),
            changed(tei, security={"executionRoleArn": "arn:aws:iam::123456789012:role/matrix-own"}),
            tei,
        ),
        row("logs", tei, changed(tei, logs={"retentionDays": 7})),
        row(
            "name",
            tei,
            Version(tei, {"EndpointName": "matrix-named"}),
            Version(changed(tei, logs={"retentionDays": 7}), {"EndpointName": "matrix-renamed"}),
            interrupts=(1, 2),
        ),
        row("name and scaling", scaled, Version(scaled, {"EndpointName": "matrix-scaled"}), interrupts=(1,)),
        row(
            "network",
            data,
            changed(data, vpc={"mode": "create"}),
            changed(
                data,
                vpc={"mode": "create", "availabilityZones": 3, "interfaceEndpoints": ["sagemaker.runtime"]},
            ),
            changed(data, vpc={"mode": "existing"}),
            changed(data, security={"networkIsolation": True}),
        ),
        row("network with a way out", tei, changed(tei, vpc={"mode": "create"}), tei),
        row(
            "staging",
            tei,
            staged,
            # the time to wait is the wait condition's, which cannot be updated
            changed(staged, build={"timeout": 60}),
            changed(staged, model=staged["model"] | other),
            tei,
        ),
        row(
            "jumpstart",
            tei,
            changed(
                tei,
                model={
                    "type": "jumpstart",
                    "modelId": "huggingface-zstc-facebook-bart-large-mnli",
                    "version": "2",
                    "license": {"id": "mit", "accepted": True},
                },
                endpoint={"instanceType": "ml.m5.xlarge"},
            ),
        ),
    ]


def half(label: str, number: int) -> tuple[Any, Any, Any]:
    """Fixture and tests of every second row and refusal: files, not tests, are shared out among workers."""
    mine, refused = rows()[number::2], refusals()[number::2]

    @pytest.fixture(scope="module")
    def matrix(_sandbox: Sandbox) -> Matrix:
        assert _sandbox.configure()["enforce_iam"] is True
        return Matrix(_sandbox, label)

    @pytest.mark.parametrize("row", mine, ids=[one.name for one in mine])
    def test_versions_of_a_stack(matrix: Matrix, row: Row) -> None:
        matrix.live(row)

    @pytest.mark.parametrize("refused", refused, ids=[one.name for one in refused])
    def test_updates_that_are_refused(matrix: Matrix, refused: Refused) -> None:
        matrix.refuse(refused)

    return matrix, test_versions_of_a_stack, test_updates_that_are_refused
