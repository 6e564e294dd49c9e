"""Portfolios: what is rendered, which versions stay, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from cfgen import document, pipeline
from cfgen.deploy.errors import MalformedOption, RegionUnsupported
from cfgen.lint import TemplateSource, lint_templates
from cfgen.publish import constraints, portfolio, rendering, s3
from cfgen.publish import service_catalog as sc
from cfgen.publish.errors import PortfolioClash, RoleTooLarge
from cfgen.render import Template
from cfgen.render.errors import TemplateTooLarge
from tests.conftest import ROOT
from tests.templates import load

REGION = "us-east-1"
BUCKET = s3.Bucket("team-us-east-1", REGION, "amazonaws.com", False)
REQUEST = sc.Request("Models", "models", "ML platform", "team-{region}")
GOLDENS = ROOT / "tests" / "goldens"


@pytest.fixture(scope="module")
def templates() -> list[Template]:
    return [pipeline.render_checked(ROOT / "specs" / name) for name in ("mistral-7b.yaml", "embeddings.yaml")]


def planned(templates: list[Template], before: Any = None, **more: Any) -> sc.Ready:
    return sc.plan(replace(REQUEST, **more), templates, REGION, before or {}, BUCKET, "123456789012")


FULL: dict[str, Any] = {
    "principals": ("arn:aws:iam::123456789012:role/Data", "arn:aws:iam:::role/Data*"),
    "accounts": ("210987654321",),
    "options": ("team=search", "team=ads"),
    "allowed": {"InstanceCount": ["1", "2"], "mistral-7b-instruct:InstanceType": ["ml.g6.2xlarge"]},
}


FULL_FROZEN = {**FULL, "allowed": {"InstanceCount": ["1", "2"], "second:InstanceType": ["ml.m5.xlarge"]}}


def frozen() -> list[Template]:
    """Two products that stay as they are when our templates change."""
    text = (ROOT / "tests" / "fixtures" / "product.yaml").read_text()
    given = tuple((name, "") for name in document.load(text)["Parameters"])
    second = text.replace("A small product", "Another small product")
    return [Template("first", text, (REGION,), given, ()), Template("second", second, (REGION,), given, ())]


def test_golden(golden: Callable[[Path, str], None]) -> None:
    before = again(planned(frozen()[:1]))
    changed = replace(frozen()[0], text=frozen()[0].text.replace("RetentionInDays: 7", "RetentionInDays: 14"))
    ready = planned([changed, frozen()[1]], before, **FULL_FROZEN)
    golden(GOLDENS / "portfolio.yaml", ready.template.text)
    golden(GOLDENS / "portfolio.launch-roles.yaml", rendering.render_roles(ready.portfolio))
    assert load(ready.template.text)["Resources"]
    bounded = planned(frozen(), boundary="arn:aws:iam::123456789012:policy/Boundary")
    golden(GOLDENS / "portfolio.bounded.yaml", bounded.template.text)


def test_what_is_rendered_lints_clean(templates: list[Template]) -> None:
    bounded = planned(templates, boundary="arn:aws:iam::aws:policy/Boundary")
    own_role = planned(templates, role_arn="arn:aws:iam::123456789012:role/Launch")
    full = planned(templates, **FULL)
    texts = {
        "full": full.template.text,
        "roles": rendering.render_roles(full.portfolio),
        "bounded": bounded.template.text,
        "own": own_role.template.text,
    }
    found = lint_templates([TemplateSource(name, text, (REGION,)) for name, text in texts.items()])
    assert [one for one in found if one.severity != "info"] == []


def test_a_role_of_ones_own_replaces_those_made(templates: list[Template]) -> None:
    data = load(planned(templates, role_arn="arn:aws:iam::123456789012:role/Launch").template.text)
    types = [body["Type"] for body in data["Resources"].values()]
    assert "AWS::IAM::Role" not in types
    assert "PermissionsBoundaryArn" not in data["Parameters"]


# Versions


def again(ready: sc.Ready) -> dict[str, portfolio.Known]:
    return portfolio.known(document.load(ready.template.text))


def test_the_same_content_renders_the_same_bytes(templates: list[Template]) -> None:
    first = planned(templates, **FULL)
    second = planned(templates, again(first), **FULL)
    assert second.template.text == first.template.text
    assert (set(first.new), second.new) == ({"mistral-7b-instruct", "embeddings"}, {})


def test_new_content_is_a_version_after_the_old_ones(templates: list[Template]) -> None:
    first = planned(templates)
    other = replace(templates[0], text=templates[0].text.replace("MaxValue: 100", "MaxValue: 9"))
    second = planned([other, templates[1]], again(first))
    old, new = second.portfolio.products[0].versions
    assert old == first.portfolio.products[0].versions[0]
    assert new.name.startswith("v2-")
    assert second.new == {"mistral-7b-instruct": new.name}
    assert second.portfolio.products[1] == first.portfolio.products[1]
    # the first content once more is nothing new
    third = planned(templates, again(second))
    assert third.new == {}
    assert third.template.text == second.template.text


def test_a_version_keeps_its_address_when_the_bucket_changes(templates: list[Template]) -> None:
    first = planned(templates)
    moved = sc.plan(REQUEST, templates, REGION, again(first), replace(BUCKET, name="another"), "123456789012")
    assert moved.template.text == first.template.text


def test_permissions_of_earlier_versions_stay(templates: list[Template]) -> None:
    first = planned([templates[0]])
    # the next version makes no functions
    data = document.load(templates[0].text)
    assert any(b["Type"] == "AWS::Lambda::Function" for b in data["Resources"].values())
    bare = replace(templates[0], text="Resources: {L: {Type: AWS::Logs::LogGroup}}\n")
    second = planned([bare], again(first))
    sids = {grant.sid for grant in second.portfolio.products[0].grants}
    assert {"Functions", "PassLambda", "PassSagemaker"} <= sids


def test_labels(templates: list[Template]) -> None:
    first = planned([templates[0]], label="2026-11")
    assert first.portfolio.products[0].versions[0].name.startswith("2026-11-")
    with pytest.raises(MalformedOption, match="no spaces"):
        planned([templates[0]], label="2026 11")


def test_too_many_versions(templates: list[Template]) -> None:
    versions = tuple(portfolio.Version(f"v{n}-{n:012x}", "", "https://x") for n in range(100))
    before = {"mistral-7b-instruct": portfolio.Known("mistral-7b-instruct", versions, ())}
    with pytest.raises(PortfolioClash, match="100 versions"):
        planned([templates[0]], before)


def test_what_was_asked_for_stays_until_something_else_is() -> None:
    first = planned(frozen(), **FULL_FROZEN, boundary="arn:aws:iam::123456789012:policy/B", owner="Us")
    before = portfolio.settings(document.load(first.template.text))
    bare = replace(REQUEST, owner="")
    assert planned(frozen(), again(first), **_fields(bare.over(before))).template.text == first.template.text
    more = replace(
        bare, principals=("arn:aws:iam::123456789012:group/Ops",), allowed={"InstanceCount": ["3"]}
    )
    second = planned(frozen(), again(first), **_fields(more.over(before))).portfolio
    assert [one.arn.rsplit("/", 1)[1] for one in second.principals] == ["Data", "Data*", "Ops"]
    assert "must be 3" in second.products[0].rules_json
    assert second.settings["PermissionsBoundary"] == "arn:aws:iam::123456789012:policy/B"
    pruned = replace(bare, prune=True).over(before)
    assert (pruned.principals, pruned.boundary) == ((), "")


def _fields(request: sc.Request) -> dict[str, Any]:
    return {name: getattr(request, name) for name in sc.Request.__dataclass_fields__}


def test_a_boundary_holds_for_earlier_versions_too() -> None:
    free = planned(frozen()[:1])
    changed = replace(frozen()[0], text=frozen()[0].text.replace("RetentionInDays: 7", "RetentionInDays: 14"))
    bound = planned([changed], again(free), boundary="arn:aws:iam::aws:policy/B").portfolio.products[0]
    actions = [(action, grant.condition) for grant in bound.grants for action in grant.actions]
    assert "iam:DeleteRolePermissionsBoundary" not in dict(actions)
    for name in ("iam:CreateRole", "iam:PutRolePolicy"):
        conditions = [condition for action, condition in actions if action == name]
        assert conditions == [
            (("StringEquals", "iam:PermissionsBoundary", "arn:${AWS::Partition}:iam::aws:policy/B"),)
        ]


# What is refused


def test_products_that_are_not_given(templates: list[Template]) -> None:
    first = planned(templates)
    with pytest.raises(PortfolioClash, match="holds embeddings too"):
        planned(templates[:1], again(first))
    assert len(planned(templates[:1], again(first), prune=True).portfolio.products) == 1


def test_a_stack_that_is_no_portfolio() -> None:
    with pytest.raises(PortfolioClash, match="no portfolio"):
        portfolio.known({"Resources": {}, "Metadata": {"cfgen": {"Version": "1", "Spec": "x"}}})


def test_names_that_clash(templates: list[Template]) -> None:
    with pytest.raises(PortfolioClash, match="cannot stand in one template"):
        planned([replace(templates[0], name="a-b"), replace(templates[0], name="aB")])


@pytest.mark.parametrize("region", ["ap-east-2", "ap-southeast-5", "ap-southeast-7", "mx-central-1"])
def test_regions_without_service_catalog(region: str) -> None:
    with pytest.raises(
        RegionUnsupported, match="CloudFormation has no AWS::ServiceCatalog::CloudFormationProduct"
    ):
        sc.check_regions([REGION, region])


def test_a_region_the_product_cannot_be_launched_in() -> None:
    elsewhere = replace(frozen()[0], regions=("eu-west-1",))
    with pytest.raises(RegionUnsupported, match="first cannot be launched in us-east-1"):
        planned([elsewhere])


def test_a_role_over_iams_limit(templates: list[Template]) -> None:
    many = "".join(
        f"  L{n}: {{Type: AWS::Logs::LogGroup, Properties: {{LogGroupName: /x/{n}}}}}\n" for n in range(200)
    )
    with pytest.raises(RoleTooLarge, match="10,240"):
        planned([replace(templates[0], text=f"Resources:\n{many}")])


def test_more_products_than_a_template_holds() -> None:
    many = [replace(frozen()[0], name=f"p{number}") for number in range(101)]
    with pytest.raises(TemplateTooLarge, match="506 resources"):
        planned(many)


def test_code_that_does_not_fit(templates: list[Template]) -> None:
    from cfgen.resolve.stack import Asset

    with pytest.raises(PortfolioClash, match="code is too large"):
        planned([replace(templates[0], assets=(Asset("x.tar", b""),))])


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"allowed": {"Nothing": ["1"]}}, "no product has a parameter Nothing"),
        ({"allowed": {"mistral-7b-instruct:Nothing": ["1"]}}, "mistral-7b-instruct has no parameter Nothing"),
        (
            {"allowed": {"InstanceCount": ["1", "many"]}},
            "InstanceCount=many: .* refuses it: must be a number",
        ),
        ({"allowed": {"InstanceCount": ["-1"]}}, "refuses it: must be a number not less than"),
        ({"allowed": {"InstanceType": ["ml.x9.large"]}}, "InstanceType=ml.x9.large: .* refuses it"),
        ({"allowed": {"ExecutionRoleArn": ["Data"]}}, "refuses it: the ARN of an IAM role"),
        ({"principals": ("arn:aws:iam::123456789012:role/Data*",)}, "a pattern has no account in it"),
        ({"allowed": {"other:InstanceCount": ["1"]}}, "no such product"),
        ({"principals": ("Data",)}, "not the ARN"),
        ({"principals": ("arn:aws:iam::999999999999:role/Data",)}, "not of the account"),
        ({"options": ("team",)}, "KEY=VALUE"),
        ({"accounts": ("1234",)}, "not an account's id"),
        ({"accounts": ("123456789012",)}, "own account"),
        ({"units": ("r-ab12",)}, "neither an organisation nor a unit"),
    ],
)
def test_options_that_cannot_be_right(templates: list[Template], more: dict[str, Any], said: str) -> None:
    with pytest.raises(MalformedOption, match=said):
        planned([templates[0]], **more)


def test_names_of_stacks() -> None:
    assert portfolio.stack_name("ML models: 2026!") == "ml-models-2026"
    assert portfolio.stack_name("7 things") == "portfolio-7-things"
    for wrong in ("SC-models", "sc models"):
        with pytest.raises(MalformedOption, match="SC-"):
            portfolio.stack_name(wrong)
    with pytest.raises(MalformedOption, match="1 to 100"):
        portfolio.stack_name(" ")


def test_names_of_roles_fit_and_differ(templates: list[Template]) -> None:
    made = planned(templates, accounts=("210987654321",)).portfolio
    long = [replace(made.products[0], name="a" * 38 + end) for end in ("bc", "cd")]
    names = {
        replace(made, stack="s" * 60).role_name(one).replace("${AWS::Region}", "ap-southeast-1")
        for one in long
    }
    assert len(names) == 2
    assert all(len(name) <= 64 and not name.startswith("SC-") for name in names)


# Rules


def test_template_constraints(templates: list[Template]) -> None:
    allowed = {"InstanceCount": ["1", "2"]}
    data = document.load(templates[0].text)
    rules = constraints.rules_of(templates[0], data, allowed, "arn:aws:iam::aws:policy/B")
    said = {name: rule["Assertions"][0]["AssertDescription"] for name, rule in rules.items()}
    assert said == {
        "ExecutionRoleArnIsAllowed": "ExecutionRoleArn must be left empty",
        "PermissionsBoundaryArnIsAllowed": "PermissionsBoundaryArn must be arn:aws:iam::aws:policy/B",
        "InstanceCountIsAllowed": "InstanceCount must be 1 or 2",
    }
    assert rules["InstanceCountIsAllowed"]["Assertions"][0]["Assert"] == {
        "Fn::Contains": [["1", "2"], {"Ref": "InstanceCount"}]
    }


def test_what_runs_from_an_earlier_version_keeps_its_role(templates: list[Template]) -> None:
    """Version one made its role, version two has one of the user's: both must pass the one template constraint."""
    first = planned(templates[:1], boundary="arn:aws:iam::123456789012:policy/B")
    role = "arn:aws:iam::123456789012:role/Serving"
    text = templates[0].text
    start = text.index("  ExecutionRoleArn:", text.index("\nParameters:"))
    end = text.index('Default: ""', start)
    changed = replace(templates[0], text=text[:end] + f"Default: {role}" + text[end + len('Default: ""') :])
    second = planned([changed], again(first), boundary="arn:aws:iam::123456789012:policy/B")
    said = {
        name: rule["Assertions"][0]["AssertDescription"]
        for name, rule in second.portfolio.products[0].rules.items()
    }
    assert said["ExecutionRoleArnIsAllowed"] == f"ExecutionRoleArn must be left empty or {role}"
    assert (
        planned([changed], again(second), boundary="arn:aws:iam::123456789012:policy/B").template.text
        == second.template.text
    )


def test_each_of_a_lists_members_is_looked_at() -> None:
    template = pipeline.render_checked(ROOT / "specs" / "existing-vpc.yaml", None)
    subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
    rules = constraints.rules_of(template, document.load(template.text), {"SubnetIds": subnets}, "")
    assert rules["SubnetIdsIsAllowed"]["Assertions"][0]["Assert"] == {
        "Fn::EachMemberIn": [{"Ref": "SubnetIds"}, subnets]
    }


def test_what_is_allowed_goes_to_the_products_that_have_it(templates: list[Template]) -> None:
    serverless = pipeline.render_checked(ROOT / "specs" / "serverless-classifier.yaml", None)
    allowed = {"InstanceCount": ["1", "2"], f"{templates[0].name}:InstanceCount": ["2"]}
    ready = planned([templates[0], serverless], allowed=allowed)
    mine, other = ready.portfolio.products
    assert (
        mine.rules["InstanceCountIsAllowed"]["Assertions"][0]["AssertDescription"]
        == "InstanceCount must be 2"
    )
    assert "InstanceCountIsAllowed" not in other.rules
    assert ready.notes == (
        f"{mine.name}: the default of InstanceCount is not allowed, so whoever launches must choose another",
    )
