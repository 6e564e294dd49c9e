"""E9632: a schedule that deletes or moves, behind CloudFormation's back, what the stack made."""

from __future__ import annotations

from cfgen.lint.evaluate import mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import COMPONENT, CONFIG, ENDPOINT, MODEL
from cfgen.lint.rules.schedule_expression import SCHEDULE
from cfgen.lint.worlds import Resource

_CALLS = {
    "createEndpoint": ENDPOINT,
    "deleteEndpoint": ENDPOINT,
    "updateEndpoint": ENDPOINT,
    "deleteEndpointConfig": CONFIG,
    "deleteInferenceComponent": COMPONENT,
    "updateInferenceComponent": COMPONENT,
    "deleteModel": MODEL,
}


class ScheduleDeletes(Rule):
    """What a stack has made goes and changes by the stack alone."""

    id = "E9632"
    shortdesc = "No schedule deletes or replaces what the stack made"
    description = (
        "A schedule that calls SageMaker to delete an endpoint of its stack, or to move it to another configuration, "
        "does so behind CloudFormation's back: the next update of the stack fails, for what it would change is not "
        "there, and an endpoint cannot be patched whose configuration is gone."
    )
    fix = (
        "put the endpoint under a condition and let the schedule update the stack "
        "(aws-sdk:cloudformation:updateStack), or scale to zero where the mode reaches it"
    )
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html"
    source_title = "DeleteEndpointConfig"
    tags = ("resources", "scheduler", "sagemaker", "endpoint")
    types = (SCHEDULE,)

    def check(self, resource: Resource) -> Hits:
        """Universal targets of EventBridge Scheduler, where the template has a resource of that kind."""
        target = mapping(resource.properties, "Target")
        arn = target.get("Arn")
        service, _, call = arn.rpartition(":") if isinstance(arn, str) else ("", "", "")
        kind = _CALLS.get(call) if service.endswith(":aws-sdk:sagemaker") else None
        if kind and any(True for _ in resource.world.of_type(kind)):
            yield target.where("Arn"), f"{call} of what the stack made: its next update fails"
