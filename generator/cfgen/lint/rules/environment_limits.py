"""E9201: the environment of a model's containers is larger than CreateModel takes."""

from __future__ import annotations

from cfgen.lint.evaluate import Map, mapping, text
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource

_ENTRIES, _EACH, _ALL = 100, 1_024, 32_768


class EnvironmentLimits(Rule):
    """Entries, bytes of each, bytes together."""

    id = "E9201"
    shortdesc = "A model's environment is within the limits of CreateModel"
    description = (
        "A container takes at most 100 environment entries, each name and each value at most 1,024 bytes; "
        "the environments of all containers of a model together at most 32 KB. The resource schema knows "
        "none of this."
    )
    fix = "shorten the values, or put them in a file of the model's artifact"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"
    source_title = "ContainerDefinition"
    tags = ("resources", "sagemaker", "model", "environment")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """Count in bytes: the limits are not in characters."""
        total = 0
        for container in containers(resource):
            environment = mapping(container, "Environment")
            if len(environment) > _ENTRIES:
                yield environment.path, f"{len(environment)} environment entries; at most {_ENTRIES}"
            for name, value in environment.items():
                sizes = len(name.encode("utf-8", "replace")), _size(value)
                total += sum(sizes)
                if max(sizes) > _EACH:
                    part = "name" if sizes[0] > _EACH else "value"
                    message = f"the {part} of '{name[:40]}' has {max(sizes):,} bytes; at most {_EACH:,}"
                    yield environment.where(name), message
        if total > _ALL:
            yield (
                (*resource.path, "Properties"),
                f"the environment has {total:,} bytes; at most {_ALL:,} together",
            )


def _size(value: object) -> int:
    return 0 if isinstance(value, (Map, list)) else len(text(value).encode("utf-8", "replace"))
