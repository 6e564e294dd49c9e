"""Service Catalog's end users: provisioned products, and the records of what was done with them.

A product is launched as Service Catalog does it: its template, with the rules of template constraints added, is copied
to a bucket of the service's own, tagged, and made a stack called ``SC-ACCOUNT-pp-…`` with the launch role's rights.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.cfn import loader
from cfgen.sandbox.cfn.state import now, store
from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.iam import principals
from cfgen.sandbox.iam.keys import keys_of
from cfgen.sandbox.registry import operation
from cfgen.sandbox.services.servicecatalog import catalog_of, get, invalid, new_id
from cfgen.sandbox.services.servicecatalog_paths import (
    constraints_of,
    options_of,
    portfolio_for,
    product_meant,
    version_meant,
)
from cfgen.sandbox.wire import AwsError, Call

_CAPABILITIES = ["CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"]
_COPIED = "servicecatalog:provisioning=true"
"""The tag of the copy, which launch roles may read ("Launch constraints", s3:ExistingObjectTag)."""


def _keys(call: Call, constraints: list[dict[str, Any]]) -> Credentials:
    """The launch role's, else the caller's."""
    for one in constraints:
        if one["Type"] == "LAUNCH":
            given = json.loads(one["parameters"])
            arn = (
                given.get("RoleArn")
                or f"arn:{call.partition}:iam::{call.account}:role/{given['LocalRoleName']}"
            )
            return principals.mint(arn, "servicecatalog.amazonaws.com", "servicecatalog", call.region)
    return keys_of(call.access_key)


def _template(text: str, constraints: list[dict[str, Any]]) -> str:
    """The template, with the rules of template constraints among its own."""
    rules = [json.loads(one["parameters"])["Rules"] for one in constraints if one["Type"] == "TEMPLATE"]
    if not rules:
        return text
    data = loader.load(text)
    for one in rules:
        data["Rules"] = {**(data.get("Rules") or {}), **one}
    return json.dumps(data, default=str)


def _copied(call: Call, text: str) -> str:
    """The template in a bucket of the service's own; its address."""
    s3, bucket = client("s3", call.region), f"cf-templates-servicecatalog-{call.region}"
    if bucket not in {one["Name"] for one in s3.list_buckets()["Buckets"]}:
        home = {"LocationConstraint": call.region}
        s3.create_bucket(
            Bucket=bucket, **({} if call.region == "us-east-1" else {"CreateBucketConfiguration": home})
        )
    key = f"{uuid.uuid4().hex}.template"
    s3.put_object(Bucket=bucket, Key=key, Body=text.encode(), Tagging=_COPIED)
    return f"https://{bucket}.s3.{call.region}.amazonaws.com/{key}"


def _tags(call: Call, options: dict[str, list[str]]) -> list[dict[str, str]]:
    """The launcher's tags and those of tag options: a key's only value by itself, of several the one chosen."""
    tags = {one["Key"]: one["Value"] for one in call.params.get("Tags") or ()}
    for key, values in options.items():
        if len(values) == 1:
            tags.setdefault(key, values[0])
        if tags.get(key) not in values:
            raise invalid(f"The tag {key} takes one of the values {', '.join(values)}.")
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _do(call: Call, launched: dict[str, Any], kind: str, work: Any) -> Any:
    """Begin what ``work`` does, and answer with its record: what is refused then, the record tells."""
    record: dict[str, Any] = {
        "RecordId": new_id("rec"),
        "RecordType": kind,
        "CreatedTime": now(),
        "error": "",
        **{key: launched[key] for key in _KEPT},
    }
    catalog_of(call.region).records[record["RecordId"]] = record
    launched["LastRecordId"] = record["RecordId"]
    try:
        work()
    except ClientError as error:
        if "No updates are to be performed" not in error.response["Error"]["Message"]:
            record["error"] = error.response["Error"]["Message"]
    except AwsError as error:
        record["error"] = error.message
    return {"RecordDetail": _shown(call, record)}


_KEPT = ("ProvisionedProductId", "ProvisionedProductName", "ProductId", "ProvisioningArtifactId", "PathId")
_GOOD = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE")


def _stack(call: Call, record: dict[str, Any]) -> Any:
    return store.find(catalog_of(call.region).stacks.get(record["ProvisionedProductId"], ""), call.region)


def _shown(call: Call, record: dict[str, Any]) -> dict[str, Any]:
    """The record with its status, which is the stack's while it is the last of its product."""
    stack = _stack(call, record)
    launched = catalog_of(call.region).launched.get(record["ProvisionedProductId"])
    last = launched is not None and launched["LastRecordId"] == record["RecordId"]
    if record["error"]:
        record["Status"] = "FAILED"
    elif last and stack is not None:
        ended = "SUCCEEDED" if stack.status in _GOOD else "FAILED"
        record["Status"] = "IN_PROGRESS" if stack.in_progress else ended
        if record["Status"] == "FAILED":
            since = [one for one in stack.events if one.at >= record["CreatedTime"]]
            why = [one.reason for one in since if "FAILED" in one.status and one.reason]
            record["error"] = why[0] if why else stack.status
    else:
        record.setdefault("Status", "SUCCEEDED")
    if (record["RecordType"], record["Status"]) == ("TERMINATE_PROVISIONED_PRODUCT", "SUCCEEDED"):
        catalog_of(call.region).launched.pop(record["ProvisionedProductId"], None)
    errors = [{"Code": "InternalError", "Description": record["error"]}] if record["error"] else []
    return {
        **{key: value for key, value in record.items() if key != "error"},
        "UpdatedTime": now(),
        "RecordErrors": errors,
    }


@operation("servicecatalog")
def provision_product(call: Call) -> Any:
    p, catalog = call.params, catalog_of(call.region)
    key, product = product_meant(call)
    portfolio = portfolio_for(call, key)
    version = version_meant(call, product)
    name = p["ProvisionedProductName"]
    if any(one["ProvisionedProductName"] == name for one in catalog.launched.values()):
        raise invalid(f"A stack named {name} already exists.")
    tags = _tags(call, options_of(call, portfolio, key))
    made = new_id("pp")
    launched = {
        "ProvisionedProductId": made,
        "ProvisionedProductName": name,
        "ProductId": key,
        "ProvisioningArtifactId": version["detail"]["Id"],
        "PathId": portfolio.replace("port-", "lpv3-"),
        "portfolio": portfolio,
        "CreatedTime": now(),
    }
    catalog.launched[made] = launched
    stack = f"SC-{call.account}-{made}"

    def work() -> None:
        constraints = constraints_of(call, portfolio, key)
        cloudformation = client("cloudformation", call.region, _keys(call, constraints))
        place = _copied(call, _template(version["text"], constraints))
        cloudformation.validate_template(TemplateURL=place)
        catalog.stacks[made] = cloudformation.create_stack(
            StackName=stack, TemplateURL=place, Capabilities=_CAPABILITIES, Tags=tags,
            NotificationARNs=p.get("NotificationArns") or [],
            Parameters=[
                {"ParameterKey": one["Key"], "ParameterValue": one["Value"]}
                for one in p.get("ProvisioningParameters") or ()
            ],
        )["StackId"]  # fmt: skip

    return _do(call, launched, "PROVISION_PRODUCT", work)


def _launched(call: Call) -> dict[str, Any]:
    p, catalog = call.params, catalog_of(call.region)
    wanted = p.get("ProvisionedProductId") or p.get("Id")
    name = p.get("ProvisionedProductName") or p.get("Name")
    for key, one in catalog.launched.items():
        if key == wanted or one["ProvisionedProductName"] == name:
            return one
    raise AwsError("ResourceNotFoundException", f"Provisioned product {wanted or name} not found.")


@operation("servicecatalog")
def update_provisioned_product(call: Call) -> Any:
    p, catalog, launched = call.params, catalog_of(call.region), _launched(call)
    key, portfolio = launched["ProductId"], launched["portfolio"]
    version = version_meant(call, get(catalog.products, "Product", key), launched)
    tags = _tags(call, options_of(call, portfolio, key))
    launched["ProvisioningArtifactId"] = version["detail"]["Id"]

    def work() -> None:
        constraints = constraints_of(call, portfolio, key)
        cloudformation = client("cloudformation", call.region, _keys(call, constraints))
        cloudformation.update_stack(
            StackName=catalog.stacks[launched["ProvisionedProductId"]], Capabilities=_CAPABILITIES, Tags=tags,
            TemplateURL=_copied(call, _template(version["text"], constraints)),
            Parameters=[
                {"ParameterKey": one["Key"], "UsePreviousValue": True} if one.get("UsePreviousValue")
                else {"ParameterKey": one["Key"], "ParameterValue": one.get("Value", "")}
                for one in p.get("ProvisioningParameters") or ()
            ],
        )  # fmt: skip

    return _do(call, launched, "UPDATE_PROVISIONED_PRODUCT", work)


@operation("servicecatalog")
def terminate_provisioned_product(call: Call) -> Any:
    catalog, launched = catalog_of(call.region), _launched(call)
    key, portfolio = launched["ProductId"], launched["portfolio"]

    def work() -> None:
        cloudformation = client(
            "cloudformation", call.region, _keys(call, constraints_of(call, portfolio, key))
        )
        if made := catalog.stacks.get(launched["ProvisionedProductId"]):
            cloudformation.delete_stack(StackName=made)

    return _do(call, launched, "TERMINATE_PROVISIONED_PRODUCT", work)


@operation("servicecatalog")
def describe_record(call: Call) -> Any:
    record = get(catalog_of(call.region).records, "Record", call.params["Id"])
    stack = _stack(call, record)
    outputs = [{"OutputKey": "CloudformationStackARN", "OutputValue": stack.id}] if stack is not None else []
    if stack is not None:
        outputs += [
            {"OutputKey": one["OutputKey"], "OutputValue": one["OutputValue"]} for one in stack.outputs
        ]
    return {"RecordDetail": _shown(call, record), "RecordOutputs": outputs}


@operation("servicecatalog")
def describe_provisioned_product(call: Call) -> Any:
    launched = _launched(call)
    record = _shown(call, catalog_of(call.region).records[launched["LastRecordId"]])
    failed = "ERROR" if record["RecordType"] == "PROVISION_PRODUCT" else "TAINTED"
    status = {"IN_PROGRESS": "UNDER_CHANGE", "SUCCEEDED": "AVAILABLE"}.get(record["Status"], failed)
    detail = {
        "Name": launched["ProvisionedProductName"],
        "Id": launched["ProvisionedProductId"],
        "Type": "CFN_STACK",
        "Status": status,
        "CreatedTime": launched["CreatedTime"],
        "LastRecordId": launched["LastRecordId"],
        "ProductId": launched["ProductId"],
        "ProvisioningArtifactId": launched["ProvisioningArtifactId"],
    }
    return {"ProvisionedProductDetail": detail}
