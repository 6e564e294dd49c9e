"""``cfgen publish service-catalog``: deployed by the real AWS CLI into the sandbox, with IAM enforced."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import ROOT, SPEC, Run

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "cloudformation.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
    ],
}


class Catalog:
    """A portfolio of a test's own, and what Service Catalog says of it."""

    def __init__(self, sandbox: Any, cfgen: Run, name: str, folder: Path) -> None:
        self.sandbox, self.cfgen, self.name, self.folder = sandbox, cfgen, name, folder
        self.bucket = f"{name}-templates"
        sandbox.client("s3").create_bucket(Bucket=self.bucket)
        self.spec = folder / "spec.yaml"
        self.spec.write_text(SPEC.read_text())

    @property
    def api(self) -> Any:
        return self.sandbox.client("servicecatalog")

    def publish(self, *arguments: object, specs: tuple[object, ...] = ()) -> dict[str, Any]:
        ran = self.run(*arguments, specs=specs)
        assert ran.code == 0, ran.said
        self.said = ran.said
        (one,) = json.loads(ran.out)
        return dict(one)

    def run(self, *arguments: object, specs: tuple[object, ...] = ()) -> Any:
        return self.cfgen(
            "publish", "service-catalog", *(specs or (self.spec,)), "--portfolio", self.name, "--bucket", self.bucket,
            "--no-confirm", "-o", self.folder / "build", "--format", "json", *arguments,
        )  # fmt: skip

    def change(self) -> None:
        """New content for the product."""
        text = self.spec.read_text()
        self.spec.write_text(text.replace("instanceCount: 2", "instanceCount: 3"))
        assert self.spec.read_text() != text

    def versions(self, done: dict[str, Any], product: str = "BgeSmall") -> dict[str, dict[str, Any]]:
        found = self.api.list_provisioning_artifacts(ProductId=done["outputs"][f"{product}ProductId"])
        return {one["Name"]: one for one in found["ProvisioningArtifactDetails"]}


@pytest.fixture
def catalog(sandbox: Any, cfgen: Run, name: str, tmp_path: Path) -> Catalog:
    return Catalog(sandbox, cfgen, name, tmp_path)


def test_versions_come_stay_and_retire(catalog: Catalog) -> None:
    first = catalog.publish()
    assert first["outcome"] == "created"
    (before,) = catalog.versions(first).values()
    again = catalog.publish()
    assert (again["outcome"], again["products"][0]["new"]) == ("unchanged", None)
    assert catalog.versions(again) == {before["Name"]: before}

    catalog.change()
    second = catalog.publish("--retire", "v1")
    assert second["outcome"] == "updated"
    assert "no version left" not in catalog.said
    new = second["products"][0]["new"]
    assert second["changedVersions"] == [
        {"product": "bge-small", "version": before["Name"], "what": "retired", "done": True}
    ]
    after = catalog.versions(second)
    # the id stays: what was launched from it can be updated
    assert after[before["Name"]]["Id"] == before["Id"]
    assert after[before["Name"]]["Guidance"] == "DEPRECATED"
    assert after[before["Name"]]["Active"]
    assert after[new]["Guidance"] == "DEFAULT"

    third = catalog.publish("--retire", f"bge-small:{before['Name']}", "--hide", "v1")
    assert [one["done"] for one in third["changedVersions"]] == [False, True]
    assert third["outcome"] == "unchanged"
    hidden = catalog.versions(third)[before["Name"]]
    assert (hidden["Id"], hidden["Active"], hidden["Guidance"]) == (before["Id"], False, "DEPRECATED")

    assert "no version left" in catalog.run("--retire", "v2").err
    wrong = catalog.run("--retire", "v9")
    assert wrong.code == 1
    assert "v9: no such version" in wrong.err
    assert f"bge-small:{new}" in wrong.err


def test_a_tag_option_of_the_account_is_used_not_made_again(catalog: Catalog) -> None:
    tag = f"{catalog.name}-shared"
    other = catalog.api.create_tag_option(Key="team", Value=tag)["TagOptionDetail"]
    for _ in range(2):
        done = catalog.publish("--tag-option", f"team={tag}")
        options = catalog.api.describe_portfolio(Id=done["outputs"]["PortfolioId"])["TagOptions"]
        assert [one["Id"] for one in options] == [other["Id"]]
    assert done["outcome"] == "unchanged"


def test_who_may_launch_what(catalog: Catalog) -> None:
    role = f"{catalog.name}-data"
    catalog.sandbox.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    arn = f"arn:aws:iam::123456789012:role/{role}"
    arguments = (
        "--principal", arn, "--share-with-account", "210987654321", "--share-with-ou", "ou-ab12-cdefghij",
        "--share-with-ou", "o-abcdefghij", "--tag-option", f"team={catalog.name}", "--allow", "InstanceCount=1,2",
    )  # fmt: skip
    done = catalog.publish(*arguments)
    portfolio, product = done["outputs"]["PortfolioId"], done["outputs"]["BgeSmallProductId"]
    assert done["sharedWith"] == ["ou-ab12-cdefghij", "o-abcdefghij"]
    assert catalog.api.list_principals_for_portfolio(PortfolioId=portfolio)["Principals"] == [
        {"PrincipalARN": arn, "PrincipalType": "IAM"}
    ]
    assert catalog.api.list_portfolio_access(PortfolioId=portfolio)["AccountIds"] == ["210987654321"]
    shares = catalog.api.describe_portfolio_shares(PortfolioId=portfolio, Type="ORGANIZATIONAL_UNIT")
    assert [one["PrincipalId"] for one in shares["PortfolioShareDetails"]] == ["ou-ab12-cdefghij"]
    options = catalog.api.describe_portfolio(Id=portfolio)["TagOptions"]
    assert [(one["Key"], one["Value"]) for one in options] == [("team", catalog.name)]
    listed = catalog.api.list_constraints_for_portfolio(PortfolioId=portfolio, ProductId=product)
    constraints = {
        one["Type"]: json.loads(
            catalog.api.describe_constraint(Id=one["ConstraintId"])["ConstraintParameters"]
        )
        for one in listed["ConstraintDetails"]
    }
    # by name, since every account launches with its own
    assert constraints["LAUNCH"] == {"LocalRoleName": f"cfgen-launch-{catalog.name}-bge-small-us-east-1"}
    assert {"InstanceCountIsAllowed", "ExecutionRoleArnIsAllowed"} == set(constraints["TEMPLATE"]["Rules"])
    assert (catalog.folder / "build" / catalog.name / "launch-roles.yaml").is_file()
    # what was asked for stays, said again or not
    for said in (arguments, ()):
        again = catalog.publish(*said)
        assert (again["outcome"], again["sharedWith"]) == ("unchanged", [])
    # patterns of principals go along with the units, and so they do when they come later
    assert not any(one["SharePrincipals"] for one in shares["PortfolioShareDetails"])
    later = catalog.publish("--principal", "arn:aws:iam:::role/Data*")
    assert (later["sharedWith"], later["changedShares"]) == ([], ["ou-ab12-cdefghij", "o-abcdefghij"])
    shares = catalog.api.describe_portfolio_shares(PortfolioId=portfolio, Type="ORGANIZATIONAL_UNIT")
    assert all(one["SharePrincipals"] and one["ShareTagOptions"] for one in shares["PortfolioShareDetails"])
    assert catalog.publish()["changedShares"] == []
    # deleting the stack leaves nothing behind, once what CloudFormation did not make is gone
    for unit, kind in (("ou-ab12-cdefghij", "ORGANIZATIONAL_UNIT"), ("o-abcdefghij", "ORGANIZATION")):
        node = {"Type": kind, "Value": unit}
        catalog.api.delete_portfolio_share(PortfolioId=portfolio, OrganizationNode=node)
    assert catalog.cfgen("destroy", catalog.name, "--no-confirm").code == 0
    assert portfolio not in {one["Id"] for one in catalog.api.list_portfolios()["PortfolioDetails"]}


class Launcher:
    """The launch role of a product, which CloudFormation may take on here in Service Catalog's place."""

    def __init__(self, catalog: Catalog, done: dict[str, Any]) -> None:
        self.iam, self.cfn = catalog.sandbox.client("iam"), catalog.sandbox.client("cloudformation")
        self.s3, self.bucket = catalog.sandbox.client("s3"), catalog.bucket
        self.template = self.s3.get_object(
            Bucket=catalog.bucket,
            Key=self.s3.list_objects_v2(Bucket=catalog.bucket)["Contents"][0]["Key"],
        )["Body"].read().decode()  # fmt: skip
        listed = catalog.api.list_constraints_for_portfolio(PortfolioId=done["outputs"]["PortfolioId"])
        ids = [one["ConstraintId"] for one in listed["ConstraintDetails"] if one["Type"] == "LAUNCH"]
        parameters = catalog.api.describe_constraint(Id=ids[0])["ConstraintParameters"]
        self.arn = json.loads(parameters)["RoleArn"]
        self.role = self.arn.rsplit("/", 1)[1]
        self.iam.update_assume_role_policy(RoleName=self.role, PolicyDocument=json.dumps(TRUST))
        self.stack = f"SC-123456789012-pp-{catalog.name.replace('deploy-test-', '')}"

    def launch(self, **values: str) -> str:
        self.cfn.create_stack(
            StackName=self.stack, TemplateBody=self.template, RoleARN=self.arn, Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": "team", "Value": "search"}], OnFailure="DO_NOTHING",
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        )  # fmt: skip
        return self.end("CREATE")

    def update(self, **values: str) -> str:
        self.cfn.update_stack(
            StackName=self.stack, UsePreviousTemplate=True, RoleARN=self.arn, Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": "team", "Value": "ads"}],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in values.items()],
        )  # fmt: skip
        return self.end("UPDATE")

    def without(self, action: str) -> None:
        """Take an action from the role."""
        policy = self.iam.get_role_policy(RoleName=self.role, PolicyName="resources")["PolicyDocument"]
        for one in policy["Statement"]:
            one["Action"] = [name for name in one["Action"] if name != action] or ["sts:GetCallerIdentity"]
        self.iam.put_role_policy(
            RoleName=self.role, PolicyName="resources", PolicyDocument=json.dumps(policy)
        )

    def delete(self) -> str:
        stack = self.cfn.describe_stacks(StackName=self.stack)["Stacks"][0]["StackId"]
        self.cfn.delete_stack(StackName=self.stack)
        self.stack, name = stack, self.stack
        ended = self.end("DELETE")
        self.stack = name
        return ended

    def end(self, what: str) -> str:
        import time

        end = time.monotonic() + 60
        while time.monotonic() < end:
            status = str(self.cfn.describe_stacks(StackName=self.stack)["Stacks"][0]["StackStatus"])
            if not status.endswith("IN_PROGRESS"):
                return status if status == f"{what}_COMPLETE" else f"{status}: {self.why()}"
            time.sleep(0.1)
        raise AssertionError(f"{self.stack} does not end")

    def why(self) -> str:
        events = self.cfn.describe_stack_events(StackName=self.stack)["StackEvents"]
        return "; ".join(e.get("ResourceStatusReason", "") for e in events if "FAILED" in e["ResourceStatus"])


@pytest.mark.parametrize("spec", ["created-vpc", "scaled-chat"])
def test_the_launch_role_is_enough(catalog: Catalog, spec: str) -> None:
    catalog.spec.write_text((ROOT / "specs" / f"{spec}.yaml").read_text())
    sandbox = catalog.sandbox
    if spec == "created-vpc":
        sandbox.client("s3").create_bucket(Bucket="my-models")
        sandbox.client("s3").put_object(Bucket="my-models", Key="sentiment/model.tar.gz", Body=b"model")
    launcher = Launcher(catalog, catalog.publish())
    assert launcher.launch() == "CREATE_COMPLETE"
    assert launcher.update(InstanceCount="2", LogRetentionDays="7") == "UPDATE_COMPLETE"
    assert launcher.delete() == "DELETE_COMPLETE"


def test_the_launch_role_is_enough_for_a_build(catalog: Catalog) -> None:
    """Everything up to the build itself: that takes a hub."""
    launcher = Launcher(catalog, catalog.publish(specs=(ROOT / "specs" / "embeddings.yaml",)))
    ended = launcher.launch()
    assert "is not authorized" not in ended
    stack = launcher.cfn.describe_stack_resources(StackName=launcher.stack)["StackResources"]
    made = {one["LogicalResourceId"] for one in stack if one["ResourceStatus"] == "CREATE_COMPLETE"}
    assert {
        "ModelBucket",
        "ModelBucketPolicy",
        "BuildMachine",
        "BuildProject",
        "BuildFunction",
        "Build",
    } <= made
    assert launcher.delete() == "DELETE_COMPLETE"


def test_the_launch_role_is_enough_for_a_volumes_key(catalog: Catalog) -> None:
    launcher = Launcher(catalog, catalog.publish())
    key = catalog.sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert launcher.launch(VolumeKmsKeyArn=key) == "CREATE_COMPLETE"
    launcher.without("kms:CreateGrant")
    other = catalog.sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert "kms:CreateGrant" in launcher.update(VolumeKmsKeyArn=other)


@pytest.mark.parametrize(
    ("spec", "action"),
    [
        ("embeddings-tei", "sagemaker:CreateModel"),
        ("embeddings-tei", "iam:PassRole"),
        ("embeddings-tei", "iam:TagRole"),
        ("embeddings-tei", "logs:PutRetentionPolicy"),
        ("embeddings-tei", "iam:PutRolePolicy"),
        ("scaled-chat", "sagemaker:UpdateEndpointWeightsAndCapacities"),
    ],
)
def test_less_is_not_enough(catalog: Catalog, spec: str, action: str) -> None:
    launcher = Launcher(catalog, catalog.publish(specs=(ROOT / "specs" / f"{spec}.yaml",)))
    launcher.without(action)
    ended = launcher.launch()
    assert ended.startswith("CREATE_FAILED"), ended
    assert action in ended


def test_outside_its_names_the_launch_role_can_do_nothing(catalog: Catalog) -> None:
    launcher = Launcher(catalog, catalog.publish())
    launcher.stack = f"other-{catalog.name}"
    ended = launcher.launch()
    assert "iam:CreateRole" in ended
    assert "is not authorized" in ended


def test_render_only_asks_nothing_of_aws(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    ran = catalog.run("--render-only", "--region", "us-east-1")
    assert ran.code == 0, ran.said
    (first,) = json.loads(ran.out)
    place = catalog.folder / "build" / catalog.name / "portfolio.yaml"
    text = place.read_text()
    catalog.change()
    ran = catalog.run("--render-only", "--region", "us-east-1")
    (second,) = json.loads(ran.out)
    # the file itself remembers what was rendered before
    assert [one["name"] for one in second["products"][0]["versions"]] == [
        first["products"][0]["new"],
        second["products"][0]["new"],
    ]
    assert place.read_text() != text


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--region", "ap-east-2"), 2, "no Service Catalog in ap-east-2"),
        (("--region", "eu-west-1"), 1, "products in eu-west-1 take their templates from a bucket there"),
        (("--stack-name", "SC-x"), 2, "Service Catalog's own stacks begin with SC-"),
        (("--render-only", "--retire", "v1"), 2, "--retire and --hide ask AWS"),
        (("--render-only", "--region", "us-east-1", "--region", "eu-west-1"), 2, "takes one region"),
        (("--allow", "InstanceCount"), 2, "PARAMETER=VALUE"),
        (("--principal", "arn:aws:iam::999999999999:role/X"), 2, "not of the account"),
    ],
)
def test_what_cannot_be_published(catalog: Catalog, arguments: tuple[str, ...], code: int, said: str) -> None:
    ran = catalog.run(*arguments)
    assert ran.code == code, ran.said
    assert said in ran.err
    listed = catalog.sandbox.client("s3").list_objects_v2(Bucket=catalog.bucket)
    assert listed["KeyCount"] == 0


def test_a_stack_that_is_something_else(catalog: Catalog) -> None:
    catalog.sandbox.client("cloudformation").create_stack(
        StackName=catalog.name, TemplateBody="Resources: {L: {Type: AWS::Logs::LogGroup}}"
    )
    ran = catalog.run()
    assert ran.code == 1
    assert "no portfolio of cfgen's" in ran.err
