"""E9715: a null somewhere in the template."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cfgen.lint.evaluate import Path
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import World


class NullValues(Rule):
    """Found by deploying: a state machine's ``ResultPath: null`` passes every linter."""

    id = "E9715"
    shortdesc = "No value of a resource is null"
    description = (
        "CloudFormation refuses a template that holds a null anywhere, also inside objects that it passes on as "
        "they are, such as a state machine's Definition: \"'null' values are not allowed in templates\"."
    )
    fix = "leave the key out, use !Ref AWS::NoValue, or write the object as text (DefinitionString)"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/troubleshooting.html"
    source_title = "Troubleshooting CloudFormation: validation errors"
    tags = ("resources", "template")

    def check_world(self, world: World) -> Hits:
        """The template as written, whatever parameters and conditions say."""
        for path in _nulls(world.template.section("Resources"), ("Resources",)):
            yield path, "'null' values are not allowed in templates"


def _nulls(value: Any, path: Path) -> Iterator[Path]:
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _nulls(item, (*path, key))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _nulls(item, (*path, number))
