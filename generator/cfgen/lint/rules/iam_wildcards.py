"""W9707: rights without a limit and without a reason."""

from __future__ import annotations

from pathlib import Path as File

from cfgen.lint.evaluate import Map, mapping, maps
from cfgen.lint.rules._iam import ATTACHED, statements, texts
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import ROLE
from cfgen.lint.rules._texts import source_line
from cfgen.lint.worlds import Resource, Template

# Actions that take no resource: IAM, "Actions, resources, and condition keys for AWS services".
_NO_RESOURCE = (
    "ecr:getauthorizationtoken",
    "cloudwatch:putmetricdata",
    "cloudwatch:describealarms",
    "ec2:describe",
    "ec2:createnetworkinterface",
    "ec2:deletenetworkinterface",
    "logs:describeloggroups",
    "xray:put",
    "application-autoscaling:",
    "sagemaker:callwithbearertoken",
    "sagemaker:list",
    "s3:listallmybuckets",
    "sts:getcalleridentity",
    "iam:list",
    "tag:get",
)


class IamWildcards(Rule):
    """Action "*", "service:*", or Resource "*" where a resource could be named."""

    id = "W9707"
    shortdesc = "A wildcard in a policy carries its reason"
    description = (
        "A policy with all actions of a service, or with Resource '*' for actions that take a resource, "
        "gives more than is needed. Where it must be so, a comment on the line or above it says why; a "
        "Condition in the statement counts as a limit."
    )
    fix = "name the actions and resources, or write the reason as a comment beside the wildcard"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html"
    source_title = "IAM: Security best practices"
    tags = ("security", "iam")
    types = (ROLE, *ATTACHED)
    choices = False

    def check(self, resource: Resource) -> Hits:
        """Inline policies of roles, and policy resources."""
        world = resource.world
        documents = [mapping(resource.properties, "PolicyDocument")]
        documents += [mapping(policy, "PolicyDocument") for policy in maps(resource.properties, "Policies")]
        for document in documents:
            for statement in statements(document):
                if statement.get("Effect") == "Allow":
                    for path, message in _too_wide(statement):
                        if not _reasoned(world.template, path):
                            yield path, message


def _too_wide(statement: Map) -> Hits:
    actions = texts(statement, "Action")
    for action in actions:
        if action == "*" or action.endswith(":*"):
            yield statement.where("Action"), f"Action '{action}' allows everything"
            return
    named = [action for action in actions if not action.lower().startswith(_NO_RESOURCE)]
    if "*" in texts(statement, "Resource") and "Condition" not in statement and named:
        yield statement.where("Resource"), f"Resource '*' for {named[0]}, which takes a resource"


def _reasoned(template: Template, path: tuple[str | int, ...]) -> bool:
    """Whether a comment stands on the line of the value, or on the line above."""
    line = source_line(template, path)
    lines = _lines(template)
    if line is None or line >= len(lines):
        return False
    above = lines[line - 1].lstrip() if line else ""
    return "#" in lines[line] or above.startswith("#")


def _lines(template: Template) -> list[str]:
    from cfgen.lint.context import current_text

    text = current_text(template.filename)
    if text is None and template.filename:
        try:
            text = File(template.filename).read_text(encoding="utf-8")
        except (OSError, ValueError):
            text = None
    return text.splitlines() if text else []
