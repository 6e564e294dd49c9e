"""E9202: an environment entry whose name or value CreateModel cannot take."""

from __future__ import annotations

import re

from cfgen.lint.evaluate import Map, mapping
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class EnvironmentNames(Rule):
    """Names that are no identifiers, values that are no scalars."""

    id = "E9202"
    shortdesc = "Environment names are identifiers and values are strings"
    description = (
        "CreateModel takes a map of strings; a name must match [a-zA-Z_][a-zA-Z0-9_]*. The resource "
        "schema says only that Environment is JSON, so dashes, dots, lists and mappings pass."
    )
    fix = "use letters, digits and underscores; write a structured value as JSON text"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"
    source_title = "ContainerDefinition"
    tags = ("resources", "sagemaker", "model", "environment")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Look at every entry of every container."""
        for container in containers(resource):
            environment = mapping(container, "Environment")
            for name, value in environment.items():
                if not _NAME.fullmatch(name):
                    yield environment.where(name), f"environment name '{name[:60]}' is not an identifier"
                if value is None or isinstance(value, (Map, list)):
                    kind = "empty" if value is None else "a mapping" if isinstance(value, Map) else "a list"
                    yield (
                        environment.where(name),
                        f"environment value of '{name[:60]}' is {kind}, not a string",
                    )
