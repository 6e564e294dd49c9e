"""From a path to a validated :class:`Spec`, with every problem of the file reported at once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgen.errors import Problem
from cfgen.spec import document as yaml_document
from cfgen.spec.document import Document
from cfgen.spec.errors import SpecError

if TYPE_CHECKING:
    from cfgen.spec.schema import SpecData

Step = str | int
DEPLOYMENT_TYPES = ("container", "model-package", "jumpstart", "custom-inference")


@dataclass(frozen=True, slots=True)
class Spec:
    """A validated spec and where its values stand. ``data`` is immutable; ``folder`` anchors relative paths."""

    data: SpecData
    source: Document = field(repr=False, compare=False)
    folder: Path = field(default=Path(), compare=False)

    @property
    def name(self) -> str:
        """The spec's name, stem of stack and endpoint names."""
        return self.data.name

    def problem(self, path: str, message: str, fix: str = "", *, warning: bool = False) -> Problem:
        """A problem of the value at the dotted ``path`` (``endpoint.instanceType``, ``regions.0``)."""
        words = path.split(".") if path else []
        steps: tuple[Step, ...] = tuple(int(word) if word.isdigit() else word for word in words)
        return self.source.problem(steps, message, fix, warning=warning)


def load_spec(path: Path) -> Spec:
    """Read and validate one file. Raises SpecError with all its problems."""
    return parse_spec(yaml_document.read(path), str(path), path.parent)


def parse_spec(text: str, file: str = "<spec>", folder: Path = Path()) -> Spec:
    """Validate the text of one spec. Raises SpecError with all its problems."""
    document = yaml_document.parse(text, file)
    problems = list(document.problems)
    if not isinstance(document.data, dict):
        kind = "a list" if isinstance(document.data, list) else "a single value"
        fix = "a spec begins with keys such as name: and model:"
        raise SpecError([*problems, document.problem((), f"is {kind}, not a mapping", fix)])
    from pydantic import ValidationError

    from cfgen.spec.schema import SpecData

    data: Any = None
    try:
        data = SpecData.model_validate(dict(document.data))
    except ValidationError as error:
        from cfgen.spec.messages import problems_of

        problems += problems_of(error, document, SpecData)
    problems += _without_instances(document)
    if problems:
        raise SpecError(sorted(_unique(problems), key=lambda p: (p.line, p.column)))
    return Spec(data, document, folder)


def _without_instances(document: Document) -> Iterable[Problem]:
    """An endpoint must say what it stands on; of the schema's keys none alone is required."""
    data = document.data
    endpoint = data.get("endpoint", {})
    if "serverless" in data or not isinstance(endpoint, dict):
        return
    if not endpoint.keys() & {"instanceType", "instance_type", "instancePools"}:
        at = ("endpoint", "instanceType") if "endpoint" in data else ("endpoint",)
        yield document.problem(at, "is required", "an instance type such as ml.g6.2xlarge, or auto")


def _unique(problems: Iterable[Problem]) -> list[Problem]:
    return list(dict.fromkeys(problems))
