"""A template that CloudFormation refuses is refused here, for the same reason; and nothing is left behind."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from .conftest import IAM, World
from .refused import TABLE, Refused


def _text(template: Any) -> str:
    return template if isinstance(template, str) else json.dumps(template)


@pytest.mark.parametrize("case", [c for c in TABLE if c.stage == "template"], ids=lambda c: c.name)
def test_validation(world: World, case: Refused) -> None:
    with pytest.raises(ClientError) as caught:
        world.cfn.validate_template(TemplateBody=_text(case.template))
    assert case.message in caught.value.response["Error"]["Message"]
    with pytest.raises(ClientError) as caught:
        world.cfn.create_stack(StackName=world.name(), TemplateBody=_text(case.template), Capabilities=IAM)
    assert case.message in caught.value.response["Error"]["Message"]
    assert caught.value.response["Error"]["Code"] == "ValidationError"


@pytest.mark.parametrize("case", [c for c in TABLE if c.stage == "create"], ids=lambda c: c.name)
def test_creation(world: World, case: Refused) -> None:
    request = {
        "StackName": world.name(),
        "TemplateBody": _text(case.template),
        "Capabilities": IAM,
        **case.given,
    }
    with pytest.raises(ClientError) as caught:
        world.cfn.create_stack(**request)
    assert case.message in caught.value.response["Error"]["Message"]
    with pytest.raises(ClientError, match=r"does not exist|Stack"):
        world.stack(request["StackName"])


@pytest.mark.parametrize("case", [c for c in TABLE if c.stage == "resource"], ids=lambda c: c.name)
def test_resource(world: World, case: Refused) -> None:
    name = world.create(case.template)
    assert world.stack(name)["StackStatus"] == "ROLLBACK_COMPLETE"
    told = [line for line in world.events(name) if case.message in line]
    assert told, world.events(name)
    resources = world.cfn.describe_stack_resources(StackName=name)["StackResources"]
    assert {resource["ResourceStatus"] for resource in resources} <= {"DELETE_COMPLETE", "CREATE_COMPLETE"}


def test_the_table_is_long_enough() -> None:
    assert len(TABLE) >= 40
    assert len({case.name for case in TABLE}) == len(TABLE)
    assert all(case.source for case in TABLE)
