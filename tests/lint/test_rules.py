"""Every rule of ours finds its mistakes, keeps silent on the right way, and carries its data."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cfgen.lint import TemplateSource, lint_templates
from cfgen.lint.engine import OWN_RULES, rules
from cfgen.lint.explain import own
from tests.lint.cases import CASES
from tests.lint.conftest import Findings
from tests.lint.kit import REGIONS, Case, template
from tests.specs import CONTAINER, changed, template_of

NAMES = [f"{case.rule} {case.name}" for case in CASES]
# The engine makes this one itself: test_engine.py has its cases.
WITHOUT_CASES = {"E9200"}


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_rule_finds_the_mistake_and_cfn_lint_does_not(case: Case, found: Findings) -> None:
    bad = found[f"bad {case.name}"]
    mine = [finding for finding in bad if finding.rule_id == case.rule]
    assert mine, [(finding.rule_id, finding.message) for finding in bad]
    assert all(finding.line > 1 and finding.fix and finding.source == "cfgen" for finding in mine)
    theirs = [(f.rule_id, f.message) for f in bad if f.source == "cfn-lint" and f.severity != "info"]
    assert bool(theirs) == bool(case.cfn_lint), theirs


@pytest.mark.parametrize("case", CASES, ids=NAMES)
def test_the_right_way_has_no_error_and_no_warning(case: Case, found: Findings) -> None:
    good = found[f"good {case.name}"]
    assert [(f.rule_id, f.message) for f in good if f.severity != "info" or f.rule_id == case.rule] == []


def test_every_rule_has_a_case() -> None:
    assert {rule.rule_id for rule in own()} - {case.rule for case in CASES} == WITHOUT_CASES
    assert {case.rule for case in CASES} <= {rule.rule_id for rule in own()}


def test_base_template_is_clean() -> None:
    assert lint_templates([TemplateSource("base", template(), REGIONS)]) == []


def test_rules_carry_their_data() -> None:
    for rule in own():
        assert re.fullmatch(r"[EWI]9[2-8]\d\d", rule.rule_id), rule
        assert rule.title, rule
        assert len(rule.why) > 60, rule
        assert rule.fix, rule
        assert not rule.fix.endswith("."), rule
        assert rule.url.startswith("https://"), rule
        assert rule.source_title, rule
        assert rule.tags, rule
        assert not rule.title.endswith("."), rule


def test_rule_numbers_are_unique_and_in_the_range_for_users() -> None:
    """cfn-lint keeps 9xxx for users; cloudformation-validate uses some of the lower ones for its own."""
    numbers = [rule.rule_id[1:] for rule in own()]
    assert len(numbers) == len(set(numbers))
    from cfgen.lint.explain import of_cfn_lint, of_validator

    assert not {rule.rule_id for rule in own()} & (set(of_cfn_lint()) | set(of_validator()))


def test_one_class_a_file_and_every_file_is_loaded() -> None:
    loaded = {rule_id for rule_id in rules() if rule_id not in rules(own=False)}
    assert loaded == {rule.rule_id for rule in own()}
    for file in Path(OWN_RULES).glob("[a-z]*.py"):
        assert len(re.findall(r"(?m)^class \w+\(Rule\):", file.read_text())) == 1, file


def test_trainium_is_not_taken_for_a_burstable_type() -> None:
    """Both begin with ``ml.t``; Trainium is hosted in fewer regions than the cases are linted in."""
    data = changed(CONTAINER, model__container="huggingface-vllm-neuronx", scaling={"max": 2})
    text = template_of(changed(data, endpoint__instanceType="ml.trn1.32xlarge")).text
    found = lint_templates([TemplateSource("trn", text, ("us-east-1",))])
    assert [one.rule_id for one in found if one.severity == "error"] == []
