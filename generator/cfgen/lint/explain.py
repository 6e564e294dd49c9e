"""What a rule is, why and how to mend what it finds: cfgen's rules, cfn-lint's and cloudformation-validate's."""

# mypy: disable-error-code="import-untyped"

from __future__ import annotations

import difflib
import importlib
from dataclasses import dataclass
from functools import cache
from typing import Any

from cfgen.errors import CfgenError
from cfgen.lint.engine import OWN_RULES
from cfgen.lint.findings import Judge


class UnknownRule(CfgenError):
    """No linter has a rule of this id."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A rule in words. ``severity`` is cfn-lint's word; ``source_title`` names the page behind ``url``."""

    rule_id: str
    severity: str
    title: str
    why: str
    fix: str = ""
    url: str = ""
    source_title: str = ""
    tags: tuple[str, ...] = ()
    judge: Judge = "cfgen"


@cache
def own() -> tuple[Explanation, ...]:
    """cfgen's rules in the order of their numbers."""
    from cfgen.lint.rules._rule import Rule

    found: dict[str, Explanation] = {}
    for file in sorted(OWN_RULES.glob("[a-z]*.py")):
        module = importlib.import_module(f"cfgen.lint.rules.{file.stem}")
        for kind in vars(module).values():
            if isinstance(kind, type) and issubclass(kind, Rule) and kind.__module__ == module.__name__:
                found[kind.id] = _own(kind())
    return tuple(found[rule_id] for rule_id in sorted(found, key=lambda rule_id: rule_id[1:]))


def _own(rule: Any) -> Explanation:
    return Explanation(
        rule_id=rule.id,
        severity=rule.severity,
        title=rule.shortdesc,
        why=rule.description,
        fix=rule.fix,
        url=rule.source_url,
        source_title=rule.source_title,
        tags=tuple(rule.tags),
    )


def of_cfn_lint() -> dict[str, Explanation]:
    """cfn-lint's rules by id."""
    from cfgen.lint.engine import rules

    return {
        rule.id: Explanation(
            rule_id=rule.id,
            severity=rule.severity,
            title=rule.shortdesc,
            why=rule.description,
            url=rule.source_url,
            tags=tuple(rule.tags),
            judge="cfn-lint",
        )
        for rule in rules(own=False).values()
    }


def of_validator() -> dict[str, Explanation]:
    """cloudformation-validate's rules by id."""
    from cfgen.lint.fast import engine

    return {
        rule.id: Explanation(
            rule_id=rule.id,
            severity=rule.severity.name.lower(),
            title=str(rule.description),
            why=f"Category {rule.category}; origin {rule.origin.name.lower().replace('_', '-')}.",
            judge="cloudformation-validate",
        )
        for rule in engine().list_rules()
    }


def explain(rule_id: str) -> list[Explanation]:
    """All rules of that id: two linters may use one for different things. Raises UnknownRule."""
    wanted = rule_id.strip().upper()
    mine = [rule for rule in own() if rule.rule_id == wanted]
    if mine:
        return mine
    cfn_lint, validator = of_cfn_lint(), of_validator()
    found = [rules[wanted] for rules in (cfn_lint, validator) if wanted in rules]
    if found:
        return found
    known = sorted({rule.rule_id for rule in own()} | set(cfn_lint) | set(validator))
    near = difflib.get_close_matches(wanted, known, 3, 0.6)
    by_words = [
        rule.rule_id for rule in own() if wanted.lower() in f"{rule.title} {' '.join(rule.tags)}".lower()
    ]
    guesses = (by_words or near)[:5]
    hint = (
        f"did you mean {', '.join(guesses)}?"
        if guesses
        else "cfgen explain without an id lists cfgen's rules"
    )
    raise UnknownRule(f"no rule '{rule_id}'", hint=hint)
