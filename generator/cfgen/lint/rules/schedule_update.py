"""E9631: a schedule that updates its own stack, and forgets a parameter."""

from __future__ import annotations

import json

from cfgen.lint.evaluate import known, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules.schedule_expression import SCHEDULE
from cfgen.lint.worlds import Resource


class ScheduleUpdate(Rule):
    """UpdateStack takes the default of what is not named, or nothing at all."""

    id = "E9631"
    shortdesc = "A scheduled update of the stack names every parameter"
    description = (
        "UpdateStack gives a parameter that the request does not name the template's default, and refuses one that the "
        "template does not have. A schedule that switches one parameter must name all others with UsePreviousValue: "
        "else it undoes what a launcher chose."
    )
    fix = "name every parameter of the template in Input, those that stay with UsePreviousValue: true"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_UpdateStack.html"
    source_title = "UpdateStack"
    tags = ("resources", "scheduler", "cloudformation")
    types = (SCHEDULE,)

    def check(self, resource: Resource) -> Hits:
        """Only of schedules that update the stack that they stand in."""
        target = mapping(resource.properties, "Target")
        arn, text = target.get("Arn"), target.get("Input")
        if not (isinstance(arn, str) and arn.endswith(":aws-sdk:cloudformation:updateStack")):
            return
        if not isinstance(text, str):
            return
        try:
            request = json.loads(text)
            given = {one["ParameterKey"] for one in request.get("Parameters", ())}
        except (ValueError, TypeError, KeyError, AttributeError):
            if known(text):
                yield target.where("Input"), "Input is no JSON of UpdateStack"
            return
        if known(request.get("StackName")) or not request.get("UsePreviousTemplate"):
            return  # another stack, or another template
        declared = set(resource.world.template.section("Parameters"))
        for name in sorted(declared - given):
            yield target.where("Input"), f"does not name the parameter {name}"
        for name in sorted(given - declared):
            yield target.where("Input"), f"names {name}, which is no parameter of the template"
