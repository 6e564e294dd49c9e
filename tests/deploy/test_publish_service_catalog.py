"""``cfgen publish service-catalog``: deployed by the real AWS CLI into the sandbox, with IAM enforced."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, WaiterError

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
    """Someone who launches the product: an IAM user with Service Catalog's rights for end users, and no others."""

    def __init__(self, catalog: Catalog, done: dict[str, Any]) -> None:
        sandbox = catalog.sandbox
        self.iam, self.cfn = sandbox.client("iam"), sandbox.client("cloudformation")
        (product,) = done["products"]
        self.product = next(v for k, v in done["outputs"].items() if k.endswith("ProductId"))
        self.name = catalog.name
        listed = catalog.api.list_constraints_for_portfolio(PortfolioId=done["outputs"]["PortfolioId"])
        ids = [one["ConstraintId"] for one in listed["ConstraintDetails"] if one["Type"] == "LAUNCH"]
        parameters = catalog.api.describe_constraint(Id=ids[0])["ConstraintParameters"]
        self.role = json.loads(parameters)["RoleArn"].rsplit("/", 1)[1]
        self.user = f"{catalog.name}-launcher"
        self.arn = self.iam.create_user(UserName=self.user)["User"]["Arn"]
        allowed = [{"Effect": "Allow", "Action": "servicecatalog:*", "Resource": "*"}]
        document = json.dumps({"Version": "2012-10-17", "Statement": allowed})
        self.iam.put_user_policy(UserName=self.user, PolicyName="launch", PolicyDocument=document)
        keys = self.iam.create_access_key(UserName=self.user)["AccessKey"]
        self.api = boto3.session.Session().client(
            "servicecatalog", region_name="us-east-1", endpoint_url=sandbox.url,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        )  # fmt: skip
        catalog.api.associate_principal_with_portfolio(
            PortfolioId=done["outputs"]["PortfolioId"], PrincipalARN=self.arn, PrincipalType="IAM"
        )
        self.version = product["versions"][-1]["name"]

    def launch(self, **values: str) -> str:
        return self.end(
            self.api.provision_product(
                ProductId=self.product, ProvisioningArtifactName=self.version,
                ProvisionedProductName=self.name, Tags=[{"Key": "team", "Value": "search"}],
                ProvisioningParameters=[{"Key": key, "Value": value} for key, value in values.items()],
            )
        )  # fmt: skip

    def update(self, version: str = "", **values: str) -> str:
        return self.end(
            self.api.update_provisioned_product(
                ProvisionedProductName=self.name, Tags=[{"Key": "team", "Value": "ads"}],
                ProvisioningParameters=[{"Key": key, "Value": value} for key, value in values.items()],
                **({"ProvisioningArtifactName": version} if version else {}),
            )
        )  # fmt: skip

    def delete(self) -> str:
        return self.end(self.api.terminate_provisioned_product(ProvisionedProductName=self.name))

    def without(self, action: str) -> None:
        """Take an action from the launch role."""
        policy = self.iam.get_role_policy(RoleName=self.role, PolicyName="resources")["PolicyDocument"]
        for one in policy["Statement"]:
            one["Action"] = [name for name in one["Action"] if name != action] or ["sts:GetCallerIdentity"]
        self.iam.put_role_policy(
            RoleName=self.role, PolicyName="resources", PolicyDocument=json.dumps(policy)
        )

    def end(self, answer: dict[str, Any]) -> str:
        """How it ended: SUCCEEDED, or FAILED with the reason."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            found = self.api.describe_record(Id=answer["RecordDetail"]["RecordId"])
            record = found["RecordDetail"]
            if record["Status"] != "IN_PROGRESS":
                self.outputs = {one["OutputKey"]: one["OutputValue"] for one in found["RecordOutputs"]}
                return " ".join([record["Status"], *(one["Description"] for one in record["RecordErrors"])])
            time.sleep(0.1)
        raise AssertionError(f"{self.name} does not end")


def test_the_launch_role_is_enough_for_a_volumes_key(catalog: Catalog) -> None:
    launcher = Launcher(catalog, catalog.publish())
    key = catalog.sandbox.client("kms").create_key()["KeyMetadata"]["Arn"]
    assert launcher.launch(VolumeKmsKeyArn=key) == "SUCCEEDED"
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
    assert ended.startswith("FAILED"), ended
    assert action in ended


def test_outside_its_names_the_launch_role_can_do_nothing(catalog: Catalog) -> None:
    launcher = Launcher(catalog, catalog.publish())
    trust = json.dumps(TRUST)
    launcher.iam.update_assume_role_policy(RoleName=launcher.role, PolicyDocument=trust)
    s3 = catalog.sandbox.client("s3")
    key = s3.list_objects_v2(Bucket=catalog.bucket)["Contents"][0]["Key"]
    stack = f"other-{catalog.name}"
    launcher.cfn.create_stack(
        StackName=stack, TemplateBody=s3.get_object(Bucket=catalog.bucket, Key=key)["Body"].read().decode(),
        RoleARN=launcher.iam.get_role(RoleName=launcher.role)["Role"]["Arn"],
        Capabilities=["CAPABILITY_IAM"], OnFailure="DO_NOTHING",
    )  # fmt: skip
    with contextlib.suppress(WaiterError):
        waiter = launcher.cfn.get_waiter("stack_create_complete")
        waiter.wait(StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60})
    events = launcher.cfn.describe_stack_events(StackName=stack)["StackEvents"]
    ended = "; ".join(one.get("ResourceStatusReason", "") for one in events)
    assert "iam:CreateRole" in ended
    assert "is not authorized" in ended


def test_launchers_choose_among_what_is_allowed(catalog: Catalog) -> None:
    """Template constraints, tag options and principals hold for whoever launches."""
    done = catalog.publish(
        "--allow", "InstanceCount=1,2", "--tag-option", "team=search", "--tag-option", "team=ads"
    )
    launcher = Launcher(catalog, done)
    shown = launcher.api.describe_provisioning_parameters(
        ProductId=launcher.product, ProvisioningArtifactName=launcher.version
    )
    assert sorted(shown["TagOptions"][0]["Values"]) == ["ads", "search"]
    assert {one["Type"] for one in shown["ConstraintSummaries"]} == {"LAUNCH", "TEMPLATE"}
    assert "InstanceCount must be 1 or 2" in launcher.launch(InstanceCount="3")
    assert launcher.delete() == "SUCCEEDED"
    assert "ExecutionRoleArn must be left empty" in launcher.launch(
        ExecutionRoleArn="arn:aws:iam::123456789012:role/Admin"
    )
    assert launcher.delete() == "SUCCEEDED"
    assert launcher.launch(InstanceCount="1") == "SUCCEEDED"

    # a version that is retired can be updated and ended, not launched
    catalog.change()
    catalog.publish("--retire", "v1")
    assert launcher.update(InstanceCount="2") == "SUCCEEDED"
    other = {"ProductId": launcher.product, "ProvisionedProductName": f"{launcher.name}-other"}
    with pytest.raises(ClientError, match="is deprecated"):
        launcher.api.provision_product(**other, ProvisioningArtifactName=launcher.version)
    new = next(iter(set(catalog.versions(done)) - {launcher.version}))
    assert launcher.update(new, InstanceCount="2") == "SUCCEEDED"
    # a tag that is not among those to choose, and somebody who is not among those who may
    with pytest.raises(ClientError, match="The tag team takes one of the values ads, search"):
        launcher.api.provision_product(**other, ProvisioningArtifactName=new)
    catalog.api.disassociate_principal_from_portfolio(
        PortfolioId=done["outputs"]["PortfolioId"], PrincipalARN=launcher.arn
    )
    with pytest.raises(ClientError, match="No launch paths found"):
        launcher.api.provision_product(**other, ProvisioningArtifactName=new)
    assert launcher.delete() == "SUCCEEDED"


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
