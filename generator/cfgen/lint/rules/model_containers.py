"""E9206: a model with both kinds of containers, or with none."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._sagemaker import MODEL, containers
from cfgen.lint.worlds import Resource


class ModelContainers(Rule):
    """PrimaryContainer for one, Containers for a pipeline; never both."""

    id = "E9206"
    shortdesc = "A model has either PrimaryContainer or Containers"
    description = (
        "CreateModel refuses a request with PrimaryContainer and Containers, and one with neither. In the "
        "resource schema both are optional."
    )
    fix = "keep PrimaryContainer for one container, Containers for an inference pipeline"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html"
    source_title = "CreateModel"
    tags = ("resources", "sagemaker", "model")
    types = (MODEL,)

    def check(self, resource: Resource) -> Hits:
        """A value that cannot be evaluated counts as given."""
        given = [name for name in ("PrimaryContainer", "Containers") if resource.properties.get(name)]
        if len(given) == 2:
            yield (
                resource.properties.where("Containers"),
                "PrimaryContainer and Containers exclude each other",
            )
        elif not given and not containers(resource):
            yield (*resource.path, "Properties"), "a model needs PrimaryContainer or Containers"
