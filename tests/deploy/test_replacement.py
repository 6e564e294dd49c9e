"""Replacement by reasoning: in every golden, what a change of each create-only property would lead to.

CloudFormation makes the new resource before it deletes the old one: two of the same name cannot stand side by side.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cfgen import document
from cfgen.deploy.replacement import create_only, identity
from tests.deploy.conftest import ROOT

# Resources that cannot be replaced while something in them stays, on purpose, and what the launcher is told instead
ON_PURPOSE = {
    "AWS::EC2::VPCGatewayAttachment": "network-range",
    "AWS::EC2::NatGateway": "network-range",
    "AWS::SageMaker::InferenceComponent": "component-endpoint",
}
# what SageMaker refuses of an endpoint that stays: no matter of replacement
SAGEMAKER = {"serverless", "asynchronous", "components", "scaled-variant", "deployment-variants"}
TEMPLATES = sorted((ROOT / "tests" / "goldens").glob("*.yaml"))


def clashes(template: dict[str, object]) -> Iterator[str]:
    """Resource and create-only property whose change would make a second resource of the same name."""
    for name, body in document.resources(template).items():
        kind, properties = str(body["Type"]), body.get("Properties") or {}
        keys = identity(kind, "us-east-1")
        roots = {key.split(".")[0] for key in keys}
        named = [key for key in keys if key.rpartition(".")[2].endswith("Name") and _at(properties, key)]
        for path in create_only(kind, "us-east-1")[0]:
            if named and _at(properties, path) is not None and path.split(".")[0] not in roots:
                yield f"{name}.{path} under {named[0]}"


def _at(properties: object, path: str) -> object:
    for piece in path.split("."):
        properties = properties.get(piece) if isinstance(properties, dict) else None
    return properties


def test_there_are_goldens() -> None:
    assert len(TEMPLATES) > 15


@pytest.mark.parametrize("path", TEMPLATES, ids=[path.stem for path in TEMPLATES])
def test_no_replacement_clashes_by_name(path: Path) -> None:
    assert list(clashes(document.load(path.read_text(), path.stem))) == []


def test_a_clash_is_seen() -> None:
    body = {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "fixed", "Path": "/a/"}}
    assert list(clashes({"Resources": {"A": body}})) == ["A.Path under RoleName"]
    del body["Properties"]["RoleName"]  # type: ignore[attr-defined]
    assert list(clashes({"Resources": {"A": body}})) == []


@pytest.mark.parametrize("path", TEMPLATES, ids=[path.stem for path in TEMPLATES])
def test_every_create_only_property_can_change(path: Path) -> None:
    """Each create-only value changed in turn: nothing is refused that is not refused on purpose."""
    from cfgen.deploy import diff

    template = document.load(path.read_text(), path.stem)
    before = diff.Side(template, {})
    for name, body in document.resources(template).items():
        kind = str(body["Type"])
        for key in create_only(kind, "us-east-1")[0]:
            root = key.split(".")[0]
            if root not in (body.get("Properties") or {}) or kind.startswith("Custom::"):
                continue
            changed = {**body, "Properties": {**body["Properties"], root: "another"}}
            other = {**template, "Resources": {**template["Resources"], name: changed}}
            for refusal in diff.compare(before, diff.Side(other, {})).refusals:
                kinds = str(document.resources(template)[refusal.resource]["Type"])
                assert refusal.id in {*SAGEMAKER, ON_PURPOSE.get(kinds)}, (name, key, refusal)
