"""W9204: a secret in a model's environment, by dynamic reference or by a NoEcho parameter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.lint.evaluate import mapping, text
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource

_RESOLVE = re.compile(r"\{\{resolve:(secretsmanager|ssm-secure):")


class SecretReferences(Rule):
    """CloudFormation resolves the reference before CreateModel is called."""

    id = "W9204"
    shortdesc = "No secret reaches a model's environment"
    description = (
        "A dynamic reference or a NoEcho parameter keeps a secret out of the template and the console, "
        "but the value is passed to CreateModel, and DescribeModel shows it to anyone who may call it."
    )
    fix = "stage the model in S3 so that no token is needed, or let the container read the secret itself"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html"
    source_title = "Get values stored in other services using dynamic references"
    tags = ("resources", "sagemaker", "security", "secrets", "environment")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Dynamic references survive evaluation as text; NoEcho shows in what the raw value refers to."""
        world = resource.world
        parameters = world.template.section("Parameters")
        hidden = {
            str(name)
            for name, raw in parameters.items()
            if isinstance(raw, Mapping) and text(raw.get("NoEcho")).lower() == "true"
        }
        for container in containers(resource):
            environment = mapping(container, "Environment")
            for name, value in environment.items():
                path = environment.where(name)
                if isinstance(value, str) and (found := _RESOLVE.search(value)):
                    yield path, f"'{name[:60]}' resolves a secret ({found[1]}) that DescribeModel will show"
                elif hidden & set(_references(_at(world.template.raw, path))):
                    yield path, f"'{name[:60]}' takes a NoEcho parameter that DescribeModel will show"


def _at(node: Any, path: tuple[str | int, ...]) -> Any:
    for step in path:
        if isinstance(node, Mapping):
            node = node.get(step)
        else:
            node = node[step] if isinstance(node, list) and isinstance(step, int) else None
    return node


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            if key == "Ref" and isinstance(value, str):
                yield value
            elif key == "Fn::Sub":
                template = value[0] if isinstance(value, list) and value else value
                yield from re.findall(r"\$\{([^!}.:]+)\}", template) if isinstance(template, str) else ()
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)
