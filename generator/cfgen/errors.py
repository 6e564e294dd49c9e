"""The root of cfgen's exceptions and the record of one problem in a file.

Hierarchy (each stage keeps its own classes beside the code that raises them)::

    CfgenError                exit code 1, one message, an optional hint
    ├── ProblemsError         several problems found in the user's files, all reported at once
    │   └── cfgen.spec.errors.SpecError …
    └── everything else a stage can fail of

One catcher stands at the edge (``cfgen.cli``): it prints ``Error: message`` and the hint, never a traceback.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


def shorten(text: str, most: int = 120) -> str:
    """``text`` as a message may quote it: cut where it goes on for too long."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def extra(name: str) -> str:
    """What to do where the packages of one of cfgen's extras are not installed.

    cfgen is installed from its repository: the package index has another project of the name.
    """
    return (
        f"install cfgen with [{name}], from its repository: pip install '.[{name}]' (docs/how-to/install.md)"
    )


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file: where, what, and what would be right.

    ``line`` and ``column`` count from 1; 0 means the position is not known.
    """

    file: str
    line: int
    column: int
    path: str
    message: str
    fix: str = ""
    warning: bool = False

    def __str__(self) -> str:
        place = self.file
        if self.line:
            place += f":{self.line}:{self.column}"
        text = f"{place}: "
        if self.warning:
            text += "warning: "
        if self.path:
            text += f"{self.path}: "
        text += self.message
        return f"{text}; {self.fix}" if self.fix else text


class CfgenError(Exception):
    """Any failure cfgen reports to its user. ``hint`` says what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class ProblemsError(CfgenError):
    """Several problems in the user's files, reported together."""

    def __init__(self, problems: Iterable[Problem], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems), hint=hint)
