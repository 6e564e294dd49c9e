"""A template's ``Rules`` section, evaluated for one world: would CloudFormation refuse these parameters here?

What a template refuses before anything is created needs no finding. Answers are True, False or, where a function
asks AWS (``Fn::ValueOf``, ``Fn::RefAll``), None. AWS documentation: "Rule-specific intrinsic functions".
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from cfgen.lint.evaluate import Seq, known, text

Answer = bool | None


def refused(rules: Mapping[str, Any], value: Callable[[Any], Any]) -> bool:
    """Whether some rule's condition holds and one of its assertions certainly fails."""
    return next(refusals(rules, value), None) is not None


def refusals(rules: Mapping[str, Any], value: Callable[[Any], Any]) -> Iterator[str]:
    """What each assertion says that certainly fails, of rules whose condition holds; the rule's name if it is mute."""
    for name, rule in rules.items():
        if not isinstance(rule, Mapping):
            continue
        if "RuleCondition" in rule and holds(rule["RuleCondition"], value) is not True:
            continue
        listed = rule.get("Assertions")
        for assertion in listed if isinstance(listed, Sequence) and not isinstance(listed, str) else ():
            if isinstance(assertion, Mapping) and holds(assertion.get("Assert"), value) is False:
                yield text(assertion.get("AssertDescription", name))


def holds(node: Any, value: Callable[[Any], Any]) -> Answer:
    """One condition of a rule."""
    if not isinstance(node, Mapping) or len(node) != 1:
        return None
    name, arguments = next(iter(node.items()))
    if not isinstance(arguments, Sequence) or isinstance(arguments, str) or not arguments:
        return None
    if name == "Fn::Not":
        inner = holds(arguments[0], value)
        return inner if inner is None else not inner
    if name in {"Fn::And", "Fn::Or"}:
        answers = [holds(item, value) for item in arguments]
        decides = bool(name == "Fn::Or")
        if decides in answers:
            return decides
        return None if None in answers else not decides
    if len(arguments) != 2:
        return None
    left, right = (value(item) for item in arguments)
    if name == "Fn::Equals":
        return text(left) == text(right) if known(left) and known(right) else None
    if (
        name == "Fn::Contains"
        and isinstance(left, Seq)
        and known(right)
        and all(known(item) for item in left)
    ):
        return text(right) in [text(item) for item in left]
    return None
