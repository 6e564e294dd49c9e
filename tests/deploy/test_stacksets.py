"""Stack sets: plans by comparison, and the whole life against the sandbox, by the command line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import Any

import pytest
from click import UsageError

from cfgen.deploy import errors, stacksets, stacksets_preflight, stacksets_run
from cfgen.deploy.stacksets import Preferences, Rollout
from cfgen.deploy.stacksets_present import Instance, Present
from cfgen.resolve.stack import Asset

from .conftest import SMALL, SPEC, Run, template

ONE, TWO = "111111111111", "222222222222"


def rollout(**more: Any) -> Rollout:
    given: dict[str, Any] = {"regions": ("us-east-1", "eu-west-1"), "accounts": (ONE, TWO), **more}
    return Rollout(template(), "set", "us-east-1", **given)


def present(*instances: Instance, text: str = SMALL, **raw: Any) -> Present:
    return Present({"TemplateBody": text, "PermissionModel": "SELF_MANAGED", **raw}, instances)


def at(account: str, region: str, status: str = "CURRENT", **more: Any) -> Instance:
    return Instance(account, region, status, **more)


def titles(wanted: Rollout, before: Present | None, assets: Any = None) -> list[str]:
    return [step.title for step in stacksets.plan(wanted, before, assets or {}).steps]


ALL = [at(account, region) for region in ("us-east-1", "eu-west-1") for account in (ONE, TWO)]


def test_a_new_set_is_made_and_filled() -> None:
    plan = stacksets.plan(rollout(), None, {})
    assert [step.call for step in plan.steps] == ["create_stack_set", "create_stack_instances"]
    assert plan.steps[0].request["PermissionModel"] == "SELF_MANAGED"
    assert plan.steps[1].request == {"Regions": ["us-east-1", "eu-west-1"], "Accounts": [ONE, TWO]}


def test_what_is_as_wanted_is_left_alone() -> None:
    assert stacksets.plan(rollout(), present(*ALL), {}).lines() == ["nothing to change"]
    assert titles(rollout(regions=(), accounts=()), present(*ALL)) == []


@pytest.mark.parametrize(
    ("wanted", "before", "expected"),
    [
        ({}, present(*ALL, text=SMALL + "# new\n"), ["update set and its 4 stacks: template"]),
        ({"parameters": {"Days": "30"}}, present(*ALL), ["update set and its 4 stacks: Parameters"]),
        ({"tags": {"a": "b"}}, present(*ALL), ["update set and its 4 stacks: Tags"]),
        ({}, present(*ALL, Tags=[{"Key": "a", "Value": "b"}]), []),
        ({}, present(*ALL[:2]), [f"create {ONE}, {TWO} in eu-west-1"]),
        ({}, present(*ALL[:3]), [f"create {TWO} in eu-west-1"]),
        ({}, present(*ALL[:3], at(TWO, "eu-west-1", "OUTDATED")), [f"try again {TWO} in eu-west-1"]),
        ({"regional": {"eu-west-1": {"Days": "1"}}}, present(*ALL), [f"change the parameters of {ONE}, {TWO} in eu-west-1"]),
        ({"accounts": (ONE,), "prune": True}, present(*ALL), [f"delete {TWO} in us-east-1, eu-west-1"]),
        ({"execution_role": "mine"}, present(*ALL), ["update set and its 4 stacks: ExecutionRoleName"]),
    ],
)  # fmt: skip
def test_only_what_differs_is_done(wanted: Any, before: Present, expected: list[str]) -> None:
    assert titles(rollout(**wanted), before) == expected


def test_stacks_elsewhere_stay_and_are_named() -> None:
    plan = stacksets.plan(rollout(accounts=(ONE,)), present(*ALL), {})
    assert plan.steps == ()
    assert f"stays: {TWO} us-east-1 (--prune deletes it)" in plan.lines()


def test_what_was_once_chosen_stays_and_old_defaults_do_not() -> None:
    values = [
        {"ParameterKey": "Days", "ParameterValue": "30"},
        {"ParameterKey": "Name", "ParameterValue": "one"},
    ]
    (step,) = stacksets.plan(rollout(tags={"x": "y"}), present(*ALL, Parameters=values), {}).steps
    assert step.request["Parameters"] == [{"ParameterKey": "Days", "ParameterValue": "30"}]
    (step,) = stacksets.plan(rollout(reset=True), present(*ALL, Parameters=values), {}).steps
    assert step.request["Parameters"] == []


def test_a_value_is_needed_in_the_set_or_in_every_region() -> None:
    wanted = replace(rollout(), template=template(parameters=(("Days", "7"), ("Name", None))))
    with pytest.raises(errors.ParameterMissing):
        stacksets.plan(wanted, None, {})
    with pytest.raises(errors.ParameterMissing):
        stacksets.plan(replace(wanted, regional={"us-east-1": {"Name": "a"}}), None, {})
    both = {"us-east-1": {"Name": "a"}, "eu-west-1": {"Name": "b"}}
    steps = stacksets.plan(replace(wanted, regional=both), None, {}).steps
    assert [step.request.get("ParameterOverrides", [{}])[0].get("ParameterValue") for step in steps] == [
        None,
        "a",
        "b",
    ]


def test_units_by_the_organization() -> None:
    wanted = rollout(units=("ou-cfgn-sandbox1",), accounts=(), service_managed=True, auto_deployment=True)
    made, filled = stacksets.plan(wanted, None, {}).steps
    assert made.request["AutoDeployment"] == {"Enabled": True, "RetainStacksOnAccountRemoval": False}
    assert filled.request["DeploymentTargets"] == {"OrganizationalUnitIds": ["ou-cfgn-sandbox1"]}
    only = replace(wanted, accounts=(ONE,))
    assert (
        stacksets.plan(only, None, {}).steps[1].request["DeploymentTargets"]["AccountFilterType"]
        == "INTERSECTION"
    )


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"units": ("ou-a",)}, "--ou takes --permission-model service-managed"),
        ({"service_managed": True, "execution_role": "x"}, "take no roles"),
        ({"service_managed": True}, "take organizational units"),
        ({"auto_deployment": True}, "--auto-deployment takes"),
        ({"delegated": True}, "--delegated-admin takes"),
        ({"preferences": Preferences(("mars",))}, "--region-order names mars"),
    ],
)
def test_what_cannot_be_is_said_before_aws_is_asked(wanted: Any, said: str) -> None:
    with pytest.raises(errors.UsageError, match=said):
        stacksets.plan(rollout(**wanted), None, {})


def test_the_permission_model_stays() -> None:
    with pytest.raises(errors.UsageError, match="is service-managed"):
        stacksets.plan(rollout(), present(*ALL, PermissionModel="SERVICE_MANAGED"), {})
    with pytest.raises(errors.UsageError, match="no name for a stack set"):
        stacksets.plan(replace(rollout(), name="1 bad"), None, {})


def test_preferences_as_the_api_takes_them() -> None:
    assert Preferences(("b", "a"), "PARALLEL", "10%", "3").request() == {
        "RegionConcurrencyType": "PARALLEL", "RegionOrder": ["b", "a"],
        "FailureTolerancePercentage": 10, "MaxConcurrentCount": 3,
    }  # fmt: skip


def test_every_region_has_a_bucket_of_its_own() -> None:
    wanted = replace(
        rollout(s3_bucket="models-{region}"), template=replace(template(), assets=(Asset("a.zip", b"x"),))
    )
    assert stacksets_run.bucket_in(wanted, "eu-west-1") == "models-eu-west-1"
    with pytest.raises(errors.TemplateTooLarge, match="needs files in S3"):
        stacksets_run.bucket_in(replace(wanted, s3_bucket=None), "eu-west-1")


def test_values_of_a_region_are_the_sets_and_its_own() -> None:
    before = present(at(ONE, "us-east-1"), Parameters=[{"ParameterKey": "Days", "ParameterValue": "3"}])
    wanted = rollout(regions=(), regional={"us-east-1": {"Days": "5"}})
    assert stacksets.values(rollout(regions=()), before, {})["us-east-1"]["Days"] == "3"
    assert stacksets.values(wanted, before, {})["us-east-1"]["Days"] == "5"


def test_what_is_not_looked_at_is_named() -> None:
    def said(wanted: Rollout, before: Present | None = None) -> str:
        return " ".join(stacksets_preflight.unseen(wanted, before, ONE))

    assert said(rollout(accounts=(ONE,))) == ""
    assert f"of {TWO} are" in said(rollout())
    assert f"of {TWO} are" in said(rollout(accounts=()), present(*ALL))
    assert "of the units' accounts" in said(rollout(service_managed=True, accounts=(), units=("ou-1",)))
    many = rollout(accounts=(ONE, TWO, "3" * 12, "4" * 12, "5" * 12, "6" * 12))
    assert f"of {TWO}, {'3' * 12}, {'4' * 12} and 2 more" in said(many)


# -- against the sandbox ---------------------------------------------------------------------------------------------


@pytest.fixture
def roles(sandbox: Any) -> None:
    from cfgen.cli.stack_sets import rehearse

    rehearse(
        sandbox, {"permission_model": "self-managed", "admin_role_arn": None, "execution_role_name": None}
    )


def rows(out: str) -> dict[str, str]:
    return {f"{row['account']} {row['region']}": row["status"] for row in json.loads(out)["stacks"]}


def test_a_life_in_one_account(cfgen: Run, sandbox: Any, roles: None, name: str) -> None:
    two = ("--region", "us-east-1", "--region", "eu-west-1", "--no-confirm")
    account = "123456789012"
    made = cfgen("deploy", SPEC, "--stack-set", name, *two, "--format", "json")
    assert made.code == 0, made.err
    assert rows(made.out) == {f"{account} us-east-1": "SUCCEEDED", f"{account} eu-west-1": "SUCCEEDED"}
    # how much of RUNNING is seen depends on when one looks; the end is always told
    assert f"  {account} eu-west-1 SUCCEEDED" in made.err

    again = cfgen("deploy", SPEC, "--stack-set", name, "--no-confirm")
    assert (again.code, again.out) == (0, f"{name} in us-east-1: unchanged\n")
    planned = cfgen("deploy", SPEC, "--stack-set", name, "--no-execute", "-p", "InstanceCount=1")
    assert planned.out == f"{name} in us-east-1: planned\n"
    assert f"update {name} and its 2 stacks: Parameters" in planned.err

    moved = cfgen(
        "deploy", SPEC, "--stack-set", name, "--region", "us-east-1", "--region", "ap-southeast-2", "--prune",
        "-p", "InstanceCount=3", "-p", "ap-southeast-2:InstanceCount=1", "--no-confirm",
    )  # fmt: skip
    assert moved.code == 0, moved.err
    found = json.loads(cfgen("status", name, "--stack-set", "--format", "json").out)
    assert {one["region"]: one["status"] for one in found["stacks"]} == {
        "us-east-1": "CURRENT", "ap-southeast-2": "CURRENT",
    }  # fmt: skip
    counts = {}
    for one in found["stacks"]:
        stack = sandbox.client("cloudformation", one["region"]).describe_stacks(StackName=one["stack"])[
            "Stacks"
        ][0]
        values = {item["ParameterKey"]: item["ParameterValue"] for item in stack["Parameters"]}
        counts[one["region"]] = values["InstanceCount"]
    assert counts == {"us-east-1": "3", "ap-southeast-2": "1"}

    looked = cfgen("status", name, "--stack-set", "--drift")
    assert "drift: IN_SYNC, 0 of 2 stacks" in looked.out
    assert cfgen("destroy", name, "--stack-set").code == 2  # nobody to ask
    gone = cfgen("destroy", name, "--stack-set", "--no-confirm", "--region-concurrency", "PARALLEL")
    assert gone.out == f"{name} in us-east-1: deleted, with 2 stacks\n", gone.err
    missing = cfgen("status", name, "--stack-set")
    assert (missing.code, missing.err.splitlines()[0]) == (1, f"Error: no stack set {name} in us-east-1")


def test_units_of_an_organization_with_drift(cfgen: Run, sandbox: Any, name: str) -> None:
    unit = ("--permission-model", "service-managed", "--ou", "ou-cfgn-sandbox1")
    made = cfgen(
        "deploy", SPEC, "--stack-set", name, *unit, "--region", "eu-west-1", "--auto-deployment", "--no-confirm",
        "--failure-tolerance", "50%", "--max-concurrent", "2", "--region-concurrency", "PARALLEL", "--format", "json",
    )  # fmt: skip
    assert made.code == 0, made.err
    assert rows(made.out) == {f"{ONE} eu-west-1": "SUCCEEDED", f"{TWO} eu-west-1": "SUCCEEDED"}
    shown = cfgen("status", name, "--stack-set", "--region", "us-east-1").out
    assert "service-managed, new accounts deployed to by themselves" in shown
    assert cfgen(
        "deploy", SPEC, "--stack-set", name, *unit, "--auto-deployment", "--no-confirm"
    ).out.endswith("unchanged\n")

    (stack, _) = json.loads(cfgen("status", name, "--stack-set", "--format", "json").out)["stacks"]
    client = sandbox.client("cloudformation", "eu-west-1")
    listed = client.list_stack_resources(StackName=stack["stack"])["StackResourceSummaries"]
    group = next(row["PhysicalResourceId"] for row in listed if row["ResourceType"] == "AWS::Logs::LogGroup")
    sandbox.client("logs", "eu-west-1").put_retention_policy(logGroupName=group, retentionInDays=1)
    drifted = cfgen("status", name, "--stack-set", "--drift").out
    assert "drift: DRIFTED, 1 of 2 stacks" in drifted
    assert f"(AWS::Logs::LogGroup) in {stack['account']} eu-west-1" in drifted
    assert "/RetentionInDays: 30 → 1" in drifted
    gone = cfgen("destroy", name, "--stack-set", "--no-confirm")
    assert gone.code == 0, gone.err


def test_a_failure_tells_where_and_what_it_means(cfgen: Run, sandbox: Any, roles: None, name: str) -> None:
    sandbox.fault("resource", resource="Endpoint", action="create", message="no capacity")
    arguments = (
        "deploy",
        SPEC,
        "--stack-set",
        name,
        "--no-confirm",
        "--region",
        "us-east-1",
        "--region",
        "eu-west-1",
    )
    failed = cfgen(*arguments, "--region-order", "eu-west-1,us-east-1")
    assert failed.code == 1
    assert f"Error: {name}: the operation failed, 1 not begun" in failed.err
    assert "eu-west-1 FAILED: ResourceLogicalId:Endpoint" in failed.err
    assert "us-east-1 CANCELLED" in failed.err
    mended = cfgen(*arguments)
    assert mended.code == 0, mended.err
    assert cfgen("destroy", name, "--stack-set", "--no-confirm").code == 0


@pytest.mark.parametrize("accounts", ["123456789012", TWO])
def test_what_would_fail_is_seen_first(
    cfgen: Run, sandbox: Any, roles: None, name: str, accounts: str
) -> None:
    """Also for other accounts: what the catalogue knows holds in each."""
    arguments = (
        "deploy", SPEC, "--stack-set", name, "--no-execute", "--region", "us-east-1", "--region", "ap-south-1",
        "--accounts", accounts, "-p", "ap-south-1:InstanceType=ml.c7i.2xlarge",
    )  # fmt: skip
    refused = cfgen(*arguments)
    assert refused.code == 1
    assert "not launched, because it would fail" in refused.err
    assert f"[{name} ap-south-1] ap-south-1 does not host ml.c7i.2xlarge" in refused.err
    assert f"[{name} us-east-1]" not in refused.err
    assert (f"quotas and secrets of {TWO} are not looked at" in refused.err) == (accounts == TWO)
    planned = cfgen(*arguments, "--skip-preflight")
    assert (planned.code, planned.out) == (0, f"{name} in us-east-1: planned\n")


def test_the_callers_own_quotas_count(cfgen: Run, sandbox: Any, roles: None, name: str) -> None:
    sandbox.configure(quotas={"L-7A3DF611": 1})
    refused = cfgen("deploy", SPEC, "--stack-set", name, "--no-confirm", "--region", "us-east-1")
    sandbox.configure(quotas={})
    assert refused.code == 1
    assert "Number of instances across active endpoints: 2 needed of 1" in refused.err


def test_roles_that_are_missing_are_explained(cfgen: Run, sandbox: Any, name: str) -> None:
    failed = cfgen(
        "deploy", SPEC, "--stack-set", name, "--no-confirm", "--region", "us-east-1",
        "--admin-role-arn", "arn:aws:iam::123456789012:role/nobody",
    )  # fmt: skip
    assert failed.code == 1
    assert "Roles of the stack set missing" in failed.err
    assert cfgen("destroy", name, "--stack-set", "--no-confirm").code in {0, 1}


def test_ctrl_c_stops_following_and_says_how_to_go_on(
    sandbox: Any, roles: None, cfgen: Run, name: str
) -> None:
    sandbox.configure(endpoint_seconds=8)
    command = [
        sys.executable,
        "-m",
        "cfgen",
        "deploy",
        str(SPEC),
        "--stack-set",
        name,
        "--no-confirm",
        "--region",
        "us-east-1",
    ]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ)  # fmt: skip
    assert process.stderr is not None
    for line in process.stderr:
        if "RUNNING" in line:
            break
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "nothing was cancelled" in err
    assert f"cfgen status {name} --stack-set --region us-east-1 --follow" in err
    assert "stop-stack-set-operation" in err

    busy = cfgen("deploy", SPEC, "--stack-set", name, "--no-confirm", "-p", "InstanceCount=1")
    assert busy.code == 1
    assert "another operation is under way" in busy.err
    sandbox.configure(endpoint_seconds=0.1)
    followed = cfgen("status", name, "--stack-set", "--follow")
    assert followed.code == 0, followed.err
    assert "us-east-1 CURRENT" in followed.out
    sandbox.configure(endpoint_seconds=3)
    late = cfgen(
        "deploy", SPEC, "--stack-set", name, "--no-confirm", "-p", "InstanceCount=1", "--timeout", "0s"
    )
    assert (late.code, "the operation goes on in AWS" in late.err) == (1, True)
    assert cfgen("status", name, "--stack-set", "--follow").code == 0
    assert cfgen("destroy", name, "--stack-set", "--no-confirm").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploy", SPEC, "--prune", "--no-confirm"], "--prune goes with --stack-set NAME"),
        (["deploy", SPEC, "--ou", "ou-a", "--no-confirm"], "--ou goes with --stack-set NAME"),
        (["deploy", SPEC, SPEC.parent / "mistral-7b.yaml", "--stack-set", "x", "--no-confirm"], "one template; 2 specs"),
        (["deploy", SPEC, "--stack-set", "x", "--role-arn", "a", "--no-confirm"], "--role-arn does not go with"),
        (["deploy", SPEC, "--stack-set", "x", "--on-failure", "keep", "--no-confirm"], "--on-failure does not go with"),
        (["deploy", SPEC, "--stack-set", "x", "--failure-tolerance", "many", "--no-confirm"], "a share like 20%"),
        (["deploy", SPEC, "--stack-set", "x", "-p", "eu-west-1:InstanceCount=1", "--region", "us-east-1", "--no-confirm"], "speaks of eu-west-1"),
        (["status", "x", "--delegated-admin"], "--delegated-admin goes with --stack-set"),
        (["destroy", "x", "--no-confirm", "--max-concurrent", "2"], "--max-concurrent goes with --stack-set"),
    ],
)  # fmt: skip
def test_usage(
    cfgen: Run, no_aws: None, monkeypatch: pytest.MonkeyPatch, arguments: list[Any], said: str
) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    ran = cfgen(*arguments)
    assert ran.code == 2, ran.err
    assert said in ran.err


def test_files_go_to_a_bucket_in_each_region(sandbox: Any, name: str) -> None:
    from cfgen.cli.stack_sets import _assets

    for region in ("us-east-1", "eu-west-1"):
        where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
        sandbox.client("s3", region).create_bucket(Bucket=f"{name}-{region}", **where)
    with_file = replace(template(), assets=(Asset("a.zip", b"x"),))
    wanted = replace(rollout(s3_bucket=name + "-{region}"), template=with_file)
    assert _assets(wanted, []) == {
        region: {"AssetBucket": f"{name}-{region}", "AssetPrefix": "cfgen/small/"}
        for region in wanted.regions
    }
    kept = sandbox.client("s3", "eu-west-1").get_object(Bucket=f"{name}-eu-west-1", Key="cfgen/small/a.zip")
    assert kept["Body"].read() == b"x"
    with pytest.raises(UsageError, match="needs its files in each region"):
        _assets(replace(wanted, s3_bucket="one"), [])
