"""Specs for tests: a smallest one, and how to change a value of it."""

from __future__ import annotations

import copy
from typing import Any

import yaml

from cfgen.catalogue import load as load_catalogue
from cfgen.render import Template, render
from cfgen.resolve import Stack, resolve
from cfgen.spec import Spec, parse_spec

CONTAINER: dict[str, Any] = {
    "name": "example",
    "model": {
        "type": "container",
        "modelId": "mistralai/Mistral-7B-Instruct-v0.3",
        "revision": "e0bc86c23ce5aae1db576c8cca6f06f1f73af2db",
        "container": "vllm:0.30.0",
    },
    "endpoint": {"instanceType": "ml.g5.2xlarge"},
}
ARN = "arn:aws:sagemaker:{}:865070037744:model-package/example"
PACKAGE: dict[str, Any] = {
    "name": "example",
    "model": {
        "type": "model-package",
        "packages": {r: {"arn": ARN.format(r)} for r in ("us-east-1", "eu-west-1")},
    },
    "endpoint": {"instanceType": "ml.g5.2xlarge"},
}


def changed(base: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A copy of ``base``; ``model__env={…}`` sets ``model.env``, a value of ``...`` removes the key."""
    data = copy.deepcopy(base)
    for path, value in changes.items():
        *parents, last = path.split("__")
        here = data
        for parent in parents:
            here = here.setdefault(parent, {})
        if value is ...:
            here.pop(last)
        else:
            here[last] = value
    return data


def spec_of(data: dict[str, Any]) -> Spec:
    """The spec that ``data`` is as YAML."""
    return parse_spec(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), "example.yaml")


def stack_of(data: dict[str, Any]) -> Stack:
    """``data`` resolved against the bundled catalogue."""
    return resolve(spec_of(data), load_catalogue())


def template_of(data: dict[str, Any]) -> Template:
    """``data`` rendered."""
    return render(stack_of(data))
