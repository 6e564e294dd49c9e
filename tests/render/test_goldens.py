"""What users get: each example of specs/ beside the template it becomes, byte for byte."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cfgen.lint import TemplateSource, lint_templates
from cfgen.pipeline import check, render_spec
from tests.conftest import ROOT, SPECS
from tests.templates import load

GOLDENS = ROOT / "tests" / "goldens"
IDS = [spec.stem for spec in SPECS]


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_example_renders_as_its_golden(spec: Path, golden: Callable[[Path, str], None]) -> None:
    template = render_spec(spec.relative_to(ROOT))
    golden(GOLDENS / f"{spec.stem}.template.yaml", template.text)
    # and for meaning, read by the strict loader of the tests rather than by cfgen's
    assert load((GOLDENS / f"{spec.stem}.template.yaml").read_text()) == load(template.text)
    golden(GOLDENS / f"{spec.stem}.parameters.json", template.parameters_json())


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_rendering_twice_gives_the_same_bytes(spec: Path) -> None:
    assert render_spec(spec).text == render_spec(spec).text


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_example_stays_under_the_limit_for_direct_launch(spec: Path) -> None:
    assert render_spec(spec).size < 51_200


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_example_passes_the_fast_validator(spec: Path) -> None:
    check(render_spec(spec))


def test_every_example_lints_without_errors_and_warnings_in_all_its_regions() -> None:
    templates = [render_spec(spec) for spec in SPECS]
    findings = lint_templates([TemplateSource(t.name, t.text, t.regions) for t in templates])
    assert [f for f in findings if f.severity in {"error", "warning"}] == []


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_no_region_account_or_partition_stands_in_a_resource(spec: Path) -> None:
    import json
    import re

    text = json.dumps(load(render_spec(spec).text)["Resources"])
    assert not re.search(r"\b\d{12}\b", text)
    assert not re.search(r"\b(us|eu|ap|sa|ca|me|af|il|cn|mx)-[a-z]+-\d\b", text)
    assert "arn:aws:" not in text
    # service principals are written so in every partition (IAM: AWS service principals)
    assert (
        re.findall(
            r"[\w.-]*amazonaws\.com", re.sub(r'"(Service|Principal)": "[a-z]+\.amazonaws\.com"', "", text)
        )
        == []
    )


def test_a_front_door_in_the_syntax_of_sam_too(golden: Callable[[Path, str], None]) -> None:
    template = render_spec(Path("specs/openai-api.yaml"), form="sam")
    golden(GOLDENS / "openai-api.sam.yaml", template.text)
    check(template)
    findings = lint_templates([TemplateSource(template.name, template.text, template.regions)])
    assert [f for f in findings if f.severity in {"error", "warning"}] == []


def test_no_golden_is_left_over() -> None:
    expected = {f"{stem}.{kind}" for stem in IDS for kind in ("template.yaml", "parameters.json")}
    others = {path.name for path in GOLDENS.glob("portfolio*.yaml")} | {"openai-api.sam.yaml"}
    assert {path.name for path in GOLDENS.iterdir()} == expected | others
