"""Updates that CloudFormation refuses whatever the service says."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from .conftest import World, allow, function, role

ANSWER = """
import cfnresponse
def handler(event, context):
    cfnresponse.send(event, context, "SUCCESS", {}, "thing")
"""


def test_another_type_under_the_same_logical_id(world: World) -> None:
    name = world.create({"Resources": {"A": {"Type": "AWS::SNS::Topic"}}})
    with pytest.raises(ClientError, match=r"Update of resource type is not permitted.*\[A\]"):
        world.update(name, {"Resources": {"A": {"Type": "AWS::SQS::Queue"}}})
    assert world.stack(name)["StackStatus"] == "CREATE_COMPLETE"


def test_another_function_behind_a_custom_resource(world: World) -> None:
    def template(which: str) -> dict[str, object]:
        token = {"Fn::GetAtt": [which, "Arn"]}
        return {
            "Resources": {
                "FnRole": role("lambda", allow("logs:*")),
                "One": function(ANSWER),
                "Two": function(ANSWER),
                "Thing": {"Type": "Custom::Thing", "Properties": {"ServiceToken": token}},
            }
        }

    name = world.create(template("One"))
    assert world.update(name, template("Two")) == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Thing UPDATE_FAILED Modifying service token" in event for event in world.events(name))
