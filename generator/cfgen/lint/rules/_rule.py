"""The base of cfgen's rules: data in class attributes, ``check`` called for each resource in each world.

A rule is read three times: by cfn-lint (``id shortdesc description source_url tags match``), by ``cfgen
explain`` and by the page that documents all rules (``fix`` and ``source_title`` besides).
"""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any, ClassVar

from cfnlint.rules import CloudFormationLintRule, RuleMatch

from cfgen.lint.evaluate import Path
from cfgen.lint.messages import region_tail
from cfgen.lint.worlds import Resource, Template, World

Hits = Iterator[tuple[Path, str]]


class Rule(CloudFormationLintRule):  # type: ignore[misc]
    """A mistake that cfn-lint passes. Subclasses set the attributes and yield (path, message) from ``check``.

    ``types``: resource types to look at. ``every_region``: look at each region apart, not only at those the
    template itself tells apart. ``choices``: look beyond the parameters' defaults.
    """

    id: ClassVar[str] = ""
    shortdesc: ClassVar[str] = ""
    description: ClassVar[str] = ""
    fix: ClassVar[str] = ""
    source_url: ClassVar[str] = ""
    source_title: ClassVar[str] = ""
    tags: ClassVar[tuple[str, ...]] = ()
    types: ClassVar[tuple[str, ...]] = ()
    every_region: ClassVar[bool] = False
    choices: ClassVar[bool] = True

    def check(self, resource: Resource) -> Hits:
        """What is wrong with one resource in one world."""
        raise NotImplementedError

    def check_world(self, world: World) -> Hits:
        """What is wrong in one world; rules that do not go by resource replace this."""
        for resource in world.of_type(*self.types):
            yield from self.check(resource)

    def match(self, cfn: Any) -> list[Any]:
        """cfn-lint's hook: each hit once, with the regions or the choice it holds for."""
        template = _template(cfn)
        if self.types and not template.names_of(self.types):
            return []
        regions: dict[tuple[Path, str], dict[str, None]] = {}
        first: list[tuple[Path, str]] = []
        touched: set[str] = set()
        for number, world in enumerate(template.by_region if self.every_region else template.distinct):
            if number == 0 or self.every_region or _differs(world, touched):
                world.touched.clear()
                hits = list(self.check_world(world))
            else:
                hits = first  # nothing the rule looked at is different here
            if number == 0:
                first, touched = hits, set(world.touched)
            for hit in hits:
                regions.setdefault(hit, {}).update(dict.fromkeys(world.regions))
        notes: dict[tuple[Path, str], str] = {}
        for world in template.others if self.choices else ():
            for hit in self.check_world(world) if _differs(world, touched) else ():
                if hit not in regions:
                    notes.setdefault(hit, world.note)
        asked = template.regions
        found = []
        for (path, message), where in regions.items():
            partial = self.every_region or len(where) < len(asked)
            tail = region_tail(list(where), len(asked)) if partial and len(asked) > 1 else ""
            found.append(RuleMatch(list(path), message + tail, regions=list(where) if tail else []))
        found += [RuleMatch(list(path), f"{message} when {note}") for (path, message), note in notes.items()]
        return found


def _differs(world: World, touched: set[str]) -> bool:
    """Whether any resource the rule looked at can be another one in this world."""
    return any(world.changes(name) for name in touched)


@functools.lru_cache(maxsize=2)
def _template(cfn: Any) -> Template:
    """The worlds of the template cfn-lint is at; all rules share them."""
    return Template(cfn.template, cfn.regions, cfn.filename)
