"""Gathers what is wrong or doubtful while a spec is resolved, so that all of it is reported at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cfgen.errors import CfgenError, Problem
from cfgen.resolve.errors import ResolveError
from cfgen.spec import Spec

if TYPE_CHECKING:
    from cfgen.models.facts import ModelFacts

FactsOf = Callable[[str, str], "ModelFacts"]
"""Facts about a model at a revision (empty: none is pinned), wherever they are kept. Raises CfgenError."""


class Stop(Exception):
    """A decision on which others rest cannot be taken; the problem is already noted."""


class Collector:
    """Problems and warnings of one spec, each at its place in the file; ``facts`` tells of models, to who asks."""

    def __init__(self, spec: Spec, facts: FactsOf | None = None) -> None:
        self.spec, self.facts = spec, facts
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []
        self._places: Mapping[str, str] = {}

    def view(self, spec: Spec, places: Mapping[str, str]) -> Collector:
        """The same notes for a spec in which other values stand: ``spec``.

        ``places``: path in ``spec`` → path in the file, for what was put there; the longest that fits counts.
        """
        other = Collector(spec, self.facts)
        other.problems, other.warnings, other._places = self.problems, self.warnings, places
        return other

    def refuse(self, path: str, message: str, fix: str = "") -> None:
        """Note what cannot be resolved."""
        self.problems.append(self.spec.problem(self._in_file(path), message, fix))

    def stop(self, path: str, error: CfgenError) -> Stop:
        """Note an error of the catalogue at ``path``; raise what is returned."""
        self.refuse(path, error.message, error.hint)
        return Stop()

    def warn(self, path: str, message: str, fix: str = "") -> None:
        """Note what works but may surprise; once, however many models it is true of."""
        warning = self.spec.problem(self._in_file(path), message, fix, warning=True)
        if warning not in self.warnings:
            self.warnings.append(warning)

    def check(self) -> None:
        """Raise ResolveError when anything was refused."""
        if self.problems:
            unique = dict.fromkeys(self.problems)
            raise ResolveError(sorted(unique, key=lambda p: (p.line, p.column)))

    def _in_file(self, path: str) -> str:
        for place in sorted(self._places, key=len, reverse=True):
            if path == place or path.startswith(f"{place}."):
                return self._places[place] + path[len(place) :]
        return path
