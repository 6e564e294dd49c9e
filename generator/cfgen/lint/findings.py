"""What linting takes and gives: a template's text with its regions in, findings out. Imports no linter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Severity = Literal["error", "warning", "info"]
Judge = Literal["cfn-lint", "cfgen", "cloudformation-validate"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class TemplateSource:
    """A template to lint: a name for reports, its text (or raw bytes), and the regions it is meant for.

    No regions: those of the template's own ``Metadata: cfn-lint``, else those its Rules allow, else us-east-1.
    ``rendered``: ``name`` is a spec, of which ``text`` is the rendering.
    """

    name: str
    text: str | bytes
    regions: tuple[str, ...] = ()
    rendered: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a linter says about a template. Lines and columns count from 1; 0 means not known.

    ``rendered``: ``file`` is a spec, and the position is in the template rendered from it.
    """

    rule_id: str
    severity: Severity
    title: str
    message: str
    file: str
    line: int = 0
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    path: str = ""
    fix: str = ""
    source: Judge = "cfn-lint"
    regions: tuple[str, ...] = ()
    rendered: bool = False

    @property
    def place(self) -> str:
        """``file:line:column``, as much of it as is known."""
        if not self.line:
            return self.file
        between = ": template line " if self.rendered else ":"
        return f"{self.file}{between}{self.line}:{self.column}"


def order(finding: Finding) -> tuple[str, int, int, str, str]:
    """Sort key: as a reader walks through the files."""
    return finding.file, finding.line, finding.column, finding.rule_id, finding.message


def counts(findings: Iterable[Finding]) -> dict[Severity, int]:
    """How many findings of each severity, all three always present."""
    result: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)
    for finding in findings:
        result[finding.severity] += 1
    return result


def ignored(rule_id: str, ignore: Iterable[str]) -> bool:
    """Whether ``rule_id`` matches one of the ids or id prefixes (``W97``) to leave out."""
    return any(prefix and rule_id.startswith(prefix) for prefix in ignore)


def of_source(findings: Iterable[Finding], source: TemplateSource) -> list[Finding]:
    """The findings, marked as made on a rendering if the source is one."""
    return [replace(finding, rendered=True) if source.rendered else finding for finding in findings]
