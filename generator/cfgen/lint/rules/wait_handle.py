"""E9805: wait conditions that share a handle, or wait less than what they wait for."""

from __future__ import annotations

from cfgen.lint.evaluate import number, whole_token
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource

_CONDITION = "AWS::CloudFormation::WaitCondition"


class WaitHandle(Rule):
    """A handle's signals are counted once."""

    id = "E9805"
    shortdesc = "Every wait condition has a handle of its own and a possible timeout"
    description = (
        "Signals go to the handle: two conditions on one handle are satisfied by the same signal, so one "
        "of them waits for nothing. A condition waits 43,200 seconds at most."
    )
    fix = "give each WaitCondition its own WaitConditionHandle, and a Timeout of at most 43200"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudformation-waitcondition.html"
    source_title = "AWS::CloudFormation::WaitCondition"
    tags = ("resources", "wait-condition", "timeout")
    types = (_CONDITION,)

    def check(self, resource: Resource) -> Hits:
        """Said of the later one."""
        world = resource.world
        handle = whole_token(resource.properties.get("Handle"))
        for other in world.of_type(_CONDITION):
            if other is resource:
                break
            if handle and whole_token(other.properties.get("Handle")) == handle:
                yield resource.properties.where("Handle"), f"'{other.name}' waits on the same handle"
        timeout = number(resource.properties.get("Timeout"))
        if timeout is not None and not 0 <= timeout <= 43_200:
            yield resource.properties.where("Timeout"), f"Timeout {timeout:g} is outside 0 to 43200 seconds"
