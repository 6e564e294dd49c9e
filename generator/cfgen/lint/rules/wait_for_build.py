"""W9806: a stack that gives up before its build does."""

from __future__ import annotations

from cfgen.lint.evaluate import number
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import Resource

_BUILD = "AWS::CodeBuild::Project"


class WaitForBuild(Rule):
    """The wait is longer than the build may be queued and run."""

    id = "W9806"
    shortdesc = "A wait condition outlasts the build it waits for"
    description = (
        "A build may be queued for QueuedTimeoutInMinutes (default 480) and run for TimeoutInMinutes "
        "(default 60). A wait condition that is shorter than the running time fails the stack while the "
        "build still succeeds."
    )
    fix = "set the condition's Timeout above the build's TimeoutInMinutes, or shorten the build"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-codebuild-project.html"
    source_title = "AWS::CodeBuild::Project"
    tags = ("resources", "codebuild", "wait-condition", "timeout")
    types = ("AWS::CloudFormation::WaitCondition",)

    def check(self, resource: Resource) -> Hits:
        """Only with one build project: of several it is not known which is meant."""
        world = resource.world
        builds = list(world.of_type(_BUILD))
        wait = number(resource.properties.get("Timeout"))
        if len(builds) != 1 or wait is None:
            return
        minutes = number(builds[0].properties.get("TimeoutInMinutes", 60))
        if minutes is not None and wait < minutes * 60:
            path = resource.properties.where("Timeout")
            yield path, f"waits {wait:g} seconds for '{builds[0].name}', which may run {minutes * 60:g}"
