"""The first failed event → what it means and what to do, with the end of the log that tells more."""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cfgen.deploy.events import Event


@dataclass(frozen=True, slots=True)
class Cause:
    """One row of causes.toml. ``page`` is the title of a page in the AWS documentation."""

    id: str
    title: str
    patterns: tuple[str, ...]
    meaning: str
    remedy: str
    page: str

    def data(self) -> dict[str, str]:
        """For ``--format json``."""
        return {name: getattr(self, name) for name in ("id", "title", "meaning", "remedy", "page")}


@functools.cache
def table(name: str) -> tuple[Cause, ...]:
    """The known causes of failed ``events``, or those that ``logs`` tell."""
    rows = tomllib.loads(Path(__file__).with_name("causes.toml").read_text(encoding="utf-8"))[name]
    return tuple(Cause(**{**row, "patterns": tuple(row["patterns"])}) for row in rows)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is known of a failure. ``causes`` may hold two: of the event and of its log, the log's first."""

    causes: tuple[Cause, ...] = ()
    log_group: str = ""
    log: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """As a person reads it."""
        shown = []
        for cause in self.causes:
            shown += [
                f"{cause.title}: {cause.meaning}",
                f"  do: {cause.remedy}",
                f'  see: "{cause.page}" (AWS documentation)',
            ]
        if self.log:
            shown += [f"the last lines of {self.log_group}:", *(f"  | {line}" for line in self.log)]
        return shown

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "causes": [cause.data() for cause in self.causes],
            "logGroup": self.log_group,
            "log": list(self.log),
        }


@functools.cache
def _compiled(cause: Cause) -> re.Pattern[str]:
    return re.compile("|".join(cause.patterns), re.IGNORECASE | re.DOTALL)


def cause_of(reason: str, name: str = "events") -> Cause | None:
    """The first row whose words stand in ``reason``."""
    return next((cause for cause in table(name) if _compiled(cause).search(reason)), None)


def cause_in_log(lines: Iterable[str]) -> Cause | None:
    """The row for the last line of a log that one matches: what a container says at its end killed it."""
    for line in reversed(list(lines)):
        if found := cause_of(line, "logs"):
            return found
    return None


def diagnose(reason: str, log_group: str = "", log: Sequence[str] = ()) -> Diagnosis:
    """Put the table's knowledge of the reason and of the log together."""
    found = (cause_in_log(log), cause_of(reason))
    return Diagnosis(
        tuple(cause for cause in found if cause is not None), log_group if log else "", tuple(log)
    )


def log_group_of(event: Event, physical: Mapping[str, str], types: Mapping[str, str]) -> str:
    """The log group that tells more about a failed resource, as far as its kind has one.

    ``physical`` and ``types`` are the stack's resources by logical id.
    """

    def first(kind: str) -> str:
        return next((physical.get(name, "") for name, found in types.items() if found == kind), "")

    hosted = {"AWS::SageMaker::Endpoint", "AWS::SageMaker::InferenceComponent"}
    if event.type in hosted or "smoke" in event.logical_id.lower():
        own = event.physical_id if event.type == "AWS::SageMaker::Endpoint" else ""
        endpoint = (own or first("AWS::SageMaker::Endpoint")).rsplit("/", 1)[-1]
        return f"/aws/sagemaker/Endpoints/{endpoint}" if endpoint else first("AWS::Logs::LogGroup")
    if event.type == "AWS::CloudFormation::WaitCondition":
        project = first("AWS::CodeBuild::Project")
        return f"/aws/codebuild/{project}" if project else ""
    if event.type.startswith("Custom::") or event.type == "AWS::CloudFormation::CustomResource":
        function = first("AWS::Lambda::Function")
        return f"/aws/lambda/{function}" if function else ""
    return ""


def page() -> str:
    """docs/explanation/failures.md."""
    head = (
        "# Failures and what they mean\n\n"
        "<!-- Generated from generator/cfgen/deploy/causes.toml: change that, then pytest --update-goldens. -->\n\n"
        "When a launch fails, `cfgen deploy` looks up the reason of the *first* event that failed in this table,\n"
        "and the last lines of the log that belongs to it. Rows are tried from the top; the first that fits is told.\n"
    )
    return head + _section("What CloudFormation reports", "events") + _section("What a log says", "logs")


def _section(title: str, name: str) -> str:
    rows = [f"\n## {title}\n"]
    for cause in table(name):
        words = "\n".join(f"    {pattern}" for pattern in cause.patterns)
        rows.append(
            f"\n### {cause.title} {{#{cause.id}}}\n\n{cause.meaning}\n\n**What to do.** {cause.remedy}\n\n"
            f"AWS documentation: *{cause.page}*. Recognised by:\n\n{words}\n"
        )
    return "".join(rows)
