"""Every example as a Service Catalog product: launched, updated and ended by a launcher, with its launch role's rights.

Whoever launches may use Service Catalog and nothing else, so a right that the derived role lacks comes out here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from cfgen import document, pipeline
from cfgen.render import Template
from cfgen.sandbox import Sandbox
from tests.conftest import SPECS

from .conftest import Run


@pytest.fixture(scope="module")
def templates() -> dict[Path, Template]:
    return {path: pipeline.render_checked(path) for path in SPECS}


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """A sandbox of one's own: what the examples refer to stays in it."""
    with Sandbox() as made:
        yield made


class Launcher:
    """An IAM user with Service Catalog's rights for end users."""

    def __init__(self, sandbox: Sandbox, region: str) -> None:
        iam, name = sandbox.client("iam", region), f"launcher-{region}"
        self.arn = iam.create_user(UserName=name)["User"]["Arn"]
        statement = {"Effect": "Allow", "Action": "servicecatalog:*", "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="launch", PolicyDocument=document)
        keys = iam.create_access_key(UserName=name)["AccessKey"]
        self.api = boto3.session.Session().client(
            "servicecatalog", region_name=region, endpoint_url=sandbox.url,
            aws_access_key_id=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        )  # fmt: skip

    def each(self, operation: str, requests: dict[str, dict[str, Any]]) -> dict[str, str]:
        """Do it to all products side by side: name → how it ended, where that was not well."""
        calls = {name: getattr(self.api, operation)(**request) for name, request in requests.items()}
        open_ = {name: call["RecordDetail"]["RecordId"] for name, call in calls.items()}
        ended: dict[str, str] = {}
        until = time.monotonic() + 300
        while open_ and time.monotonic() < until:
            for name, record in list(open_.items()):
                detail = self.api.describe_record(Id=record)["RecordDetail"]
                if detail["Status"] != "IN_PROGRESS":
                    del open_[name]
                    why = [one["Description"] for one in detail["RecordErrors"]]
                    if detail["Status"] != "SUCCEEDED":
                        ended[name] = " ".join([detail["Status"], *why])
            time.sleep(0.2)
        return {**ended, **dict.fromkeys(open_, "did not end")}


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_launch_role_is_enough(
    templates: dict[Path, Template], own: Sandbox, cfgen: Run, region: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    order = ("us-east-1", "eu-west-1")
    mine = {
        path: one
        for path, one in templates.items()
        if next(place for place in order if place in one.regions) == region
    }
    for name, value in {**own.environment(region), "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    bucket = f"templates-{region}"
    home = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    own.client("s3", region).create_bucket(Bucket=bucket, **home)
    launcher = Launcher(own, region)
    ran = cfgen(
        "publish", "service-catalog", *mine, "--portfolio", "All", "--bucket", bucket, "--region", region,
        "--principal", launcher.arn, "--no-confirm", "-o", tmp_path, "--format", "json",
    )  # fmt: skip
    assert ran.code == 0, ran.said
    (done,) = json.loads(ran.out)
    values = {
        one.name: [
            {"Key": key, "Value": value}
            for key, value in own.seed(document.load(one.text), {}, region).parameters.items()
        ]
        for one in mine.values()
    }
    listed = own.client("servicecatalog", region).search_products_as_admin(
        PortfolioId=done["outputs"]["PortfolioId"]
    )
    summaries = [one["ProductViewSummary"] for one in listed["ProductViewDetails"]]
    ids = {one["Name"]: one["ProductId"] for one in summaries}
    versions = {one["name"]: one["versions"][-1]["name"] for one in done["products"]}
    assert set(ids) == set(values)
    launched = {
        name: {
            "ProductId": ids[name], "ProvisioningArtifactName": versions[name], "ProvisionedProductName": name,
            "ProvisioningParameters": given, "Tags": [{"Key": "team", "Value": "search"}],
        }
        for name, given in values.items()
    }  # fmt: skip
    assert launcher.each("provision_product", launched) == {}
    updated = {
        name: {
            "ProvisionedProductName": name, "ProvisioningParameters": given, "Tags": [{"Key": "team", "Value": "ads"}],
        }
        for name, given in values.items()
    }  # fmt: skip
    assert launcher.each("update_provisioned_product", updated) == {}
    ends = {name: {"ProvisionedProductName": name} for name in values}
    assert launcher.each("terminate_provisioned_product", ends) == {}
