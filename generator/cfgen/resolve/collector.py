"""Gathers what is wrong or doubtful while a spec is resolved, so that all of it is reported at once."""

from __future__ import annotations

from cfgen.errors import CfgenError, Problem
from cfgen.resolve.errors import ResolveError
from cfgen.spec import Spec


class Stop(Exception):
    """A decision on which others rest cannot be taken; the problem is already noted."""


class Collector:
    """Problems and warnings of one spec, each at its place in the file."""

    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def refuse(self, path: str, message: str, fix: str = "") -> None:
        """Note what cannot be resolved."""
        self.problems.append(self.spec.problem(path, message, fix))

    def stop(self, path: str, error: CfgenError) -> Stop:
        """Note an error of the catalogue at ``path``; raise what is returned."""
        self.refuse(path, error.message, error.hint)
        return Stop()

    def warn(self, path: str, message: str, fix: str = "") -> None:
        """Note what works but may surprise."""
        self.warnings.append(self.spec.problem(path, message, fix, warning=True))

    def check(self) -> None:
        """Raise ResolveError when anything was refused."""
        if self.problems:
            unique = dict.fromkeys(self.problems)
            raise ResolveError(sorted(unique, key=lambda p: (p.line, p.column)))
