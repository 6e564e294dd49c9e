"""cfgen lint and cfgen explain as a user types them, and the forms of the report."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cfgen.cli import lint as lint_command
from cfgen.cli.explain import command as explain_command
from cfgen.lint import Finding, TemplateSource, fast, sources
from cfgen.lint.docs import page
from cfgen.lint.explain import UnknownRule, explain, own
from cfgen.lint.report import MACHINE
from cfgen.lint.report.pretty import as_pretty
from cfgen.lint.report.sarif import as_sarif
from tests.conftest import ROOT
from tests.lint.kit import template, variant

BAD = template(variant(VolumeSizeInGB=100))
WARNED = template({"Resources": {"Role": {"Properties": {"RoleName": "mine"}}}})
FINDINGS = [
    Finding(
        "E9305",
        "error",
        "No volume",
        "no <volume> & \x07 here",
        "a b.yaml",
        3,
        4,
        3,
        9,
        "Resources/A",
        "drop it",
        "cfgen",
    ),
    Finding("W1030", "warning", "Values", "odd", "a b.yaml", 5, 1, source="cfn-lint"),
    Finding("I9708", "info", "Wait", "held", "c.yaml", source="cfgen"),
    Finding("E9101", "error", "Theirs", "nested", "c.yaml", 1, 1, source="cloudformation-validate"),
]
FILES = ["a b.yaml", "c.yaml", "clean.yaml"]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.yaml").write_text(BAD)
    (tmp_path / "good.yaml").write_text(template())
    (tmp_path / "warned.yaml").write_text(WARNED)
    (tmp_path / "notes.yaml").write_text("a: list\nof: things\n")

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(lint_command.command, arguments, standalone_mode=False)

    return invoke


def test_exit_codes(run: Any) -> None:
    assert run("good.yaml").return_value == 0
    assert run("warned.yaml").return_value == 0, "warnings alone do not fail"
    assert run("warned.yaml", "--strict").return_value == 1
    assert run("bad.yaml").return_value == 1
    assert run("bad.yaml", "--ignore", "E93").return_value == 0
    assert run("bad.yaml", "--ignore", "e9").return_value == 1, "ids are as they are written"


def test_pretty_groups_by_file_and_counts(run: Any) -> None:
    lines = run("bad.yaml", "good.yaml").stdout.splitlines()
    assert lines[0] == "bad.yaml"
    assert lines[1].startswith("  bad.yaml:")
    assert "E9305 error: ml.g5.2xlarge has local storage" in lines[1]
    assert lines[2] == "      fix: leave VolumeSizeInGB out"
    assert lines[-1] == "2 templates: 1 error"
    assert run("good.yaml").stdout == "1 template: nothing wrong\n"


def test_a_folder_gives_specs_and_templates_only(run: Any) -> None:
    result = run(".", "--format", "json")
    assert json.loads(result.stdout)["files"] == ["bad.yaml", "good.yaml", "warned.yaml"]


def test_globs_and_missing_files(run: Any) -> None:
    assert json.loads(run("[bg]*.yaml", "--format", "json").stdout)["files"] == ["bad.yaml", "good.yaml"]
    missing = run("none.yaml").exception
    assert isinstance(missing, sources.NothingToLint)
    assert missing.message == "no such file: none.yaml"


def test_report_goes_to_a_file(run: Any, tmp_path: Path) -> None:
    result = run("bad.yaml", "--format", "sarif", "--output", "out.sarif")
    assert result.stdout == ""
    assert json.loads((tmp_path / "out.sarif").read_text())["version"] == "2.1.0"


def test_regions(run: Any) -> None:
    found = json.loads(run("good.yaml", "--region", "sa-east-1", "--format", "json").stdout)["findings"]
    assert [finding["rule_id"] for finding in found] == ["E9714"]
    assert found[0]["regions"] == [], "one region asked: there is nothing to tell apart"


def test_fast_asks_the_validator_only(run: Any, tmp_path: Path) -> None:
    assert run("bad.yaml", "--fast").return_value == 0
    (tmp_path / "odd.yaml").write_text(template(variant(Odd=1)))
    result = run("odd.yaml", "--fast", "--format", "json")
    (finding,) = [f for f in json.loads(result.stdout)["findings"] if f["severity"] == "error"]
    assert (finding["rule_id"], finding["source"]) == ("F3002", "cloudformation-validate")
    assert finding["path"].startswith("Resources/Config/Properties/ProductionVariants")
    assert result.return_value == 1


def test_a_spec_is_rendered_first(run: Any) -> None:
    result = run(str(ROOT / "specs" / "embeddings-tei.yaml"), "--format", "json", "--region", "us-east-1")
    report = json.loads(result.stdout)
    assert result.return_value == 0, report
    assert report["summary"] == {"error": 0, "warning": 0, "info": 0}


def test_a_spec_that_does_not_render_does_not_stop_the_others(run: Any, tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("name: broken\nmodel: {type: nonsense}\n")
    result = run("spec.yaml", "bad.yaml")
    assert result.return_value == 1
    assert "E9305" in result.stdout
    assert "spec.yaml:2" in result.stderr


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("name: a\nmodel: {type: container}\n", "spec"),
        ("# comment\nendpoint: {}\nmodel:\n  Resources: {}\n", "spec"),
        ("Resources: {}\nmodel: x\nname: y\n", "template"),
        ('{"AWSTemplateFormatVersion": "2010-09-09"}', "template"),
        ("a: b\n", ""),
        ("- model\n- name\n", ""),
        ("Resources: [", "template"),
        ("\x00", "template"),
    ],
)
def test_specs_are_told_from_templates_by_content(text: str, kind: str, tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_text(text)
    assert sources.kind(tmp_path / "x.yaml") == kind


def test_pretty_colours_only_when_told() -> None:
    assert "\x1b[" not in as_pretty(FINDINGS, FILES)
    assert "\x1b[31merror\x1b[0m" in as_pretty(FINDINGS, FILES, colour=True)
    assert "\x07" not in as_pretty(FINDINGS, FILES)


@pytest.mark.parametrize(
    ("tty", "no_color", "coloured"), [(True, "", True), (True, "1", False), (False, "", False)]
)
def test_colour_needs_a_terminal_and_no_objection(
    tty: bool,
    no_color: str,
    coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NO_COLOR", no_color)
    monkeypatch.setattr("sys.stdout.isatty", lambda: tty)
    texts: list[str] = []
    monkeypatch.setattr("click.echo", lambda text, **_: texts.append(text))
    lint_command._print(FINDINGS, FILES, "pretty", None, False)
    assert ("\x1b[" in texts[0]) is coloured


def test_sarif_has_what_the_standard_requires() -> None:
    """By hand, from the requirements of SARIF 2.1.0: its schema is not part of this project."""
    log = json.loads(as_sarif(FINDINGS, FILES))
    assert log["version"] == "2.1.0"
    (sarif_run,) = log["runs"]
    driver = sarif_run["tool"]["driver"]
    assert driver["name"] == "cfgen"
    ids = [rule["id"] for rule in driver["rules"]]
    assert ids == ["E9305", "W1030", "I9708", "cloudformation-validate/E9101"]
    assert len(ids) == len(set(ids))
    for result in sarif_run["results"]:
        assert ids[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in {"error", "warning", "note", "none"}
        assert result["message"]["text"]
        for location in result["locations"]:
            physical = location["physicalLocation"]
            assert " " not in physical["artifactLocation"]["uri"]
            region = physical.get("region", {"startLine": 1})
            assert all(isinstance(value, int) and value >= 1 for value in region.values())
            assert region.get("endLine", 10) >= region["startLine"]


def test_junit_has_the_shape_readers_expect() -> None:
    suite = ElementTree.fromstring(MACHINE["junit"](FINDINGS, FILES))
    assert suite.tag == "testsuite"
    cases = suite.findall("testcase")
    assert int(suite.get("tests", "0")) == len(cases) == 4
    assert int(suite.get("failures", "0")) == len(suite.findall("testcase/failure")) == 3
    assert {case.get("classname") for case in cases} == set(FILES)
    assert all(case.get("name") for case in cases)
    assert suite.find("testcase/failure").get("message") == "no <volume> & \ufffd here"  # type: ignore[union-attr]


def test_json_carries_every_field() -> None:
    report = json.loads(MACHINE["json"](FINDINGS, FILES))
    assert report["summary"] == {"error": 2, "warning": 1, "info": 1}
    assert report["findings"][0]["fix"] == "drop it"


def invoke_explain(*arguments: str) -> Result:
    return CliRunner().invoke(explain_command, arguments, standalone_mode=False)


def test_explain_lists_ours() -> None:
    lines = invoke_explain().stdout.splitlines()
    assert len(lines) == len(own())
    assert "E9305  No VolumeSizeInGB on instance types with local storage" in lines


def test_explain_knows_all_three_linters() -> None:
    text = invoke_explain("e9305").stdout
    assert text.startswith("E9305: No VolumeSizeInGB")
    assert "\nFix: leave VolumeSizeInGB out\n" in text
    assert "Source: Instance storage volumes, https://docs.aws" in text
    assert [rule.judge for rule in explain("E3012")] == ["cfn-lint", "cloudformation-validate"]
    assert [rule.judge for rule in explain("F3002")] == ["cloudformation-validate"]


def test_explain_guesses() -> None:
    with pytest.raises(UnknownRule) as caught:
        explain("E93055")
    assert "E9305" in caught.value.hint
    with pytest.raises(UnknownRule) as caught:
        explain("kms")
    assert "W9304" in caught.value.hint


def test_explain_as_json() -> None:
    (rule,) = json.loads(invoke_explain("W9304", "--format", "json").stdout)
    assert rule["severity"] == "warning"


def test_rules_page_is_fresh(golden: Any) -> None:
    golden(ROOT / "docs" / "reference" / "rules.md", page())


def test_fast_pass_takes_any_bytes() -> None:
    for data in (b"\xff", "", "[", "a: &a [*a]", "Resources: 5", "Resources: {A: 5}"):
        findings = fast.check(data, "odd")
        assert findings, data
        assert all(finding.file == "odd" for finding in findings)


def test_warming_makes_the_engine_that_is_used() -> None:
    fast.warm()
    assert fast.engine() is fast.engine()


def test_source_of_a_template_keeps_its_name(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(template())
    source = sources.read(tmp_path / "t.yaml", ["eu-west-1"])
    assert source == TemplateSource(str(tmp_path / "t.yaml"), template().encode(), ("eu-west-1",))
