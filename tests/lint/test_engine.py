"""The engine: nothing read but the template, any bytes taken, findings merged over regions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cfgen.lint import Finding, TemplateSource, lint_templates
from cfgen.lint.engine import OWN_RULES, RegionError, all_regions, template_regions
from cfgen.lint.messages import cut, merge_regions
from tests.conftest import ROOT
from tests.lint.cases import KNOWN
from tests.lint.kit import BASE, REGIONS, both, config, container, template, variant

NVME = template(variant(VolumeSizeInGB=100))


def lint(text: str | bytes, *regions: str) -> list[Finding]:
    return lint_templates([TemplateSource("t.yaml", text, regions)])


def ids(findings: list[Finding]) -> set[str]:
    return {finding.rule_id for finding in findings}


PROBE = """
import json, sys
from cfgen.lint import TemplateSource, lint_templates
text = open(sys.argv[1]).read()
print(json.dumps([f.rule_id for f in lint_templates([TemplateSource("t", text)])]))
"""


@pytest.fixture
def hostile_home(tmp_path: Path) -> Path:
    """A home and a working folder full of what cfn-lint would read, and a schema cache newer than its own."""
    schemas = tmp_path / ".cache" / "aws" / "cfn-lint" / "schemas"
    (schemas / "providers").mkdir(parents=True)
    (schemas / "resources").mkdir()
    (schemas / "version.json").write_text('{"schema_date": "2999-01-01"}')
    for region in all_regions():
        (schemas / "providers" / f"{region}.json").write_text("{}")
    for name in (".cfnlintrc", ".cfnlintrc.yaml", ".cfnlintrc.yml"):
        (tmp_path / name).write_text("ignore_checks: [E, W]\nregions: [cn-north-1]\n")
    (tmp_path / "t.yaml").write_text(NVME.replace("InitialInstanceCount: 1", "InitialInstanceCount: one"))
    return tmp_path


def test_nothing_of_home_folder_or_environment_is_read(hostile_home: Path) -> None:
    environment = {
        **os.environ,
        "HOME": str(hostile_home),
        "XDG_CACHE_HOME": str(hostile_home / ".cache"),
        "AWS_REGION": "cn-north-1",
    }
    command = [sys.executable, "-c", PROBE, "t.yaml"]
    done = subprocess.run(
        command, cwd=hostile_home, env=environment, capture_output=True, text=True, check=True
    )
    assert {"E3012", "E9305"} <= set(json.loads(done.stdout)), "what a clean home gives"
    assert "E3006" not in done.stdout, "the planted cache knows no resource type"
    assert done.stderr == ""


def test_cfn_lint_itself_would_have_read_them(hostile_home: Path) -> None:
    """Otherwise the test above proves nothing."""
    command = [str(Path(sys.executable).parent / "cfn-lint"), "t.yaml"]
    environment = {**os.environ, "HOME": str(hostile_home), "XDG_CACHE_HOME": str(hostile_home / ".cache")}
    done = subprocess.run(
        command, cwd=hostile_home, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_cfn_lint_command_takes_our_rules_folder(tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(NVME)
    command = [
        str(Path(sys.executable).parent / "cfn-lint"),
        "--append-rules",
        str(OWN_RULES),
        "--",
        "t.yaml",
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout.startswith("E9305 ml.g5.2xlarge has local storage and takes no volume size\nt.yaml:")
    assert "E0002" not in done.stdout
    assert done.stderr == ""


def test_findings_are_those_of_the_cfn_lint_command(tmp_path: Path) -> None:
    """One process, reused rules and quickened look-ups change nothing of what cfn-lint finds."""
    texts = [
        *list(KNOWN.values())[:18],
        (ROOT / "tests" / "goldens" / "created-vpc.template.yaml").read_text(),
    ]
    names = [f"{index:02}.yaml" for index in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (tmp_path / name).write_text(text)
    command = [str(Path(sys.executable).parent / "cfn-lint"), "-f", "json", "-r", "us-east-1", "-t", *names]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    theirs = {
        (row["Filename"], row["Rule"]["Id"], row["Location"]["Start"]["LineNumber"])
        for row in json.loads(done.stdout)
    }
    sources = [TemplateSource(name, text, ("us-east-1",)) for name, text in zip(names, texts, strict=True)]
    ours = {(f.file, f.rule_id, f.line) for f in lint_templates(sources) if f.source == "cfn-lint"}
    assert {row for row in ours if row[1] != "E0000"} == {row for row in theirs if row[1] != "E0000"}
    assert {row[0] for row in ours} == {row[0] for row in theirs}


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        (b"  \n", "the file is empty"),
        (b"\x89PNG\r\n", "not UTF-8 text (byte 0x89)"),
        (b"a: \x00", "a control character (U+0000): not a text file"),
        ("a: \ud800", "not Unicode text (a lone surrogate)"),
        (b"a" * 1_048_577, "the file has 1,048,577 bytes; CloudFormation takes at most 1,048,576"),
        ("[" * 4000, "nested more than 120 levels deep"),
        ("- " * 4000, "nested more than 120 levels deep"),
        ("a: &a [*a]", "a YAML alias contains itself"),
    ],
)
def test_a_file_no_linter_can_read_is_one_clean_error(data: str | bytes, said: str) -> None:
    (finding,) = lint(data)
    assert (finding.rule_id, finding.severity, finding.message) == ("E9200", "error", said)


def test_an_alias_bomb_is_refused_before_it_explodes() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 30)]
    (finding,) = lint("\n".join(lines))
    assert finding.message.startswith("YAML aliases expand to ")


@given(st.one_of(st.binary(max_size=300), st.text(max_size=300)))
@settings(max_examples=40)
def test_any_bytes_give_findings_and_no_traceback(data: str | bytes) -> None:
    findings = lint(data)
    assert findings, "random bytes are no template"
    assert all(finding.file == "t.yaml" and finding.message for finding in findings)


SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5000), st.sampled_from(["", "x", "ml.g5.xlarge", "*"])
)
FUNCTIONS = st.sampled_from(
    [
        {"Ref": "InstanceType"},
        {"Ref": "AWS::NoValue"},
        {"Ref": ["x"]},
        {"Fn::GetAtt": ["Role", "Arn"]},
        {"Fn::GetAtt": 5},
        {"Fn::Sub": "${Model}/${AWS::Region}"},
        {"Fn::Sub": ["${A}", {"A": {"Ref": "Role"}}]},
        {"Fn::Sub": []},
        {"Fn::If": ["Never", 1, {"Ref": "Model"}]},
        {"Fn::If": [1]},
        {"Fn::FindInMap": ["Registry", {"Ref": "AWS::Region"}, "Account"]},
        {"Fn::FindInMap": [{}, [], "Account"]},
        {"Fn::Join": [",", ["a", {"Ref": "Endpoint"}]]},
        {"Fn::Select": [9, ["a"]]},
        {"Fn::Split": ["", "a"]},
    ]
)
NAMES = [
    *sorted({key for part in BASE["Resources"].values() for key in part["Properties"]}),
    "ServerlessConfig", "VpcConfig", "Containers", "DeploymentConfig", "ScalableDimension", "ResourceId",
    "Dimensions", "MetricName", "Specification", "Statement", "ZipFile", "Code", "Policies", "InstanceType",
]  # fmt: skip
VALUES = st.recursive(
    st.one_of(SCALARS, FUNCTIONS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)
    ),
    max_leaves=12,
)
TYPES = st.sampled_from(
    [
        "AWS::SageMaker::Model",
        "AWS::SageMaker::EndpointConfig",
        "AWS::SageMaker::Endpoint",
        "AWS::SageMaker::InferenceComponent",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        "AWS::CloudWatch::Alarm",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::CodeBuild::Project",
        "AWS::CloudFormation::WaitCondition",
        "Custom::X",
    ]
)


@given(TYPES, st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=6))
@settings(max_examples=60)
def test_no_rule_of_ours_breaks_on_malformed_properties(kind: str, properties: object) -> None:
    document = {
        **BASE,
        "Conditions": {"Never": {"Fn::Equals": ["a", "b"]}},
        "Resources": {**BASE["Resources"], "Odd": {"Type": kind, "Properties": properties}},
    }
    broken = [f.message for f in lint(yaml.safe_dump(document)) if f.rule_id in {"E0002", "E9200"}]
    assert not [
        message for message in broken if "E92" in message or " rule E9" in message or " rule W9" in message
    ]


def test_equal_findings_of_several_regions_are_one() -> None:
    findings = lint(template(config(ProductionVariants=[])), "us-east-1", "me-central-1", "us-gov-east-1")
    missing = [f for f in findings if f.rule_id == "E3006" and f.path.startswith("Resources/Model")]
    assert len(missing) == 1
    assert missing[0].regions == ("me-central-1", "us-gov-east-1")
    assert " in 2 regions (me-central-1, us-gov-east-1)" in missing[0].message
    assert missing[0].severity == "info", "hosting is priced there: cfn-lint's own data disagree"


def test_a_rule_of_ours_names_the_regions_it_holds_in() -> None:
    text = template({"Parameters": {"InstanceType": {"Default": "ml.g7e.2xlarge"}}})
    (finding,) = [f for f in lint(text, *REGIONS) if f.rule_id == "E9307"]
    assert finding.message == "ml.g7e.2xlarge is not hosted in eu-west-1"
    assert finding.regions == ("eu-west-1",)


def test_regions_come_from_the_template_where_it_says() -> None:
    assert template_regions({}) == ("us-east-1",)
    assert template_regions({"Metadata": {"cfn-lint": {"config": {"regions": ["eu-west-1", 5]}}}}) == (
        "eu-west-1",
    )
    contains = {"Fn::Contains": [["eu-west-1", "us-west-2"], {"Ref": "AWS::Region"}]}
    rules = {"Rules": {"Region": {"Assertions": [{"Assert": contains}]}}}
    assert set(template_regions(rules)) == {"eu-west-1", "us-west-2"}


def test_what_the_templates_rules_refuse_is_no_finding() -> None:
    contains = {"Fn::Contains": [["us-east-1", "us-west-2"], {"Ref": "AWS::Region"}]}
    g7e = {"Parameters": {"InstanceType": {"Default": "ml.g7e.2xlarge"}}}
    refusing = {"Rules": {"Region": {"Assertions": [{"Assert": contains}]}}}
    assert "E9307" in ids(lint(template(g7e), *REGIONS))
    assert "E9307" not in ids(lint(template(both(g7e, refusing)), *REGIONS))


def test_unknown_region_is_refused_with_a_guess() -> None:
    with pytest.raises(RegionError) as caught:
        lint(template(), "eu-wset-1")
    assert caught.value.hint == "did you mean eu-west-1?"


def test_a_template_may_silence_a_rule_for_one_resource() -> None:
    metadata = {"cfn-lint": {"config": {"ignore_checks": ["E9305"]}}}
    silenced = both(variant(VolumeSizeInGB=100), {"Resources": {"Config": {"Metadata": metadata}}})
    assert "E9305" in ids(lint(NVME))
    assert "E9305" not in ids(lint(template(silenced)))


def test_one_templates_settings_do_not_reach_the_next() -> None:
    quiet = template(
        {"Metadata": {"cfn-lint": {"config": {"ignore_checks": ["E9305"]}}}}, variant(VolumeSizeInGB=100)
    )
    sources = [TemplateSource("a", quiet), TemplateSource("b", NVME)]
    assert [f.file for f in lint_templates(sources, processes=1) if f.rule_id == "E9305"] == ["b"]


def test_workers_give_what_one_process_gives() -> None:
    sources = [TemplateSource(f"{i}", NVME if i % 2 else template(), REGIONS) for i in range(4)]
    assert lint_templates(sources, processes=2) == lint_templates(sources, processes=1)


def test_cfn_lint_alone_can_be_asked() -> None:
    text = template(variant(VolumeSizeInGB=100))
    assert lint_templates([TemplateSource("t", text)], own_rules=False) == []


def test_a_comment_beside_a_wildcard_is_its_reason() -> None:
    text = template().replace("Action: sns:Publish", "Action: s3:*")
    assert "W9707" in ids(lint(text))
    assert "W9707" not in ids(lint(text.replace("Action: s3:*", "Action: s3:*  # the bucket is ours alone")))


def test_secrets_are_not_repeated_in_messages() -> None:
    token = "hf_" + "Z" * 34
    findings = lint(template(container(Environment={"HF_TOKEN": token})))
    assert "E9203" in ids(findings)
    assert not [f for f in findings if token in f.message]


def test_long_enumerations_show_what_is_nearest() -> None:
    values = [f"ml.g{i}.xlarge" for i in range(149)]
    message = cut(f"'ml.g5.xlargo' is not one of {values!r}")
    assert message.startswith("'ml.g5.xlargo' is not one of ['ml.g5.xlarge', ")
    assert message.endswith(", … and 143 more]")
    assert len(cut("x" * 5000)) == 480


def test_regions_in_the_middle_of_a_message_stay() -> None:
    finding = Finding("E1", "error", "t", "'us-east-1' is not one of 'b'", "f")
    assert merge_regions([finding], ["us-east-1"]) == [finding]
