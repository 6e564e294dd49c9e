"""Custom resource: at deletion, empties a bucket of the stack; CloudFormation deletes none that holds anything.

The physical id is the bucket's name: CloudFormation itself then asks for the old one when a bucket is replaced.
A bucket that is kept on purpose is emptied too when a rollback takes it back: CloudFormation deletes it then.
"""

from typing import Any

import boto3
from botocore.exceptions import ClientError
from custom_resource import put


def handler(event: dict[str, Any], context: Any) -> None:
    bucket = event["ResourceProperties"]["Bucket"]
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": bucket}
    try:
        if event["RequestType"] == "Delete":
            answer["PhysicalResourceId"] = event["PhysicalResourceId"]
            if kept(event):
                print("kept")
            else:
                empty(bucket, context)
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": f"emptying {bucket}: {error}"[:1000]}
    put(event["ResponseURL"], answer)


def kept(event: dict[str, Any]) -> bool:
    """Whether the bucket stays, and what is in it: also when an update has just made it one that is kept."""
    if event["ResourceProperties"].get("Retain") != "true":
        return False
    stack = boto3.client("cloudformation").describe_stacks(StackName=event["StackId"])["Stacks"][0]
    return "ROLLBACK" not in stack["StackStatus"]


def empty(bucket: str, context: Any) -> None:
    """Remove every version, marker and unfinished upload."""
    client = boto3.client("s3")
    try:
        while True:  # always the first page: what it listed is gone the next time
            page = client.list_object_versions(Bucket=bucket)
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            if not found:
                break
            names = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in found]
            done = client.delete_objects(Bucket=bucket, Delete={"Objects": names, "Quiet": True})
            for error in done.get("Errors", ()):
                raise RuntimeError(f"{error['Key']}: {error['Code']} {error['Message']}")
            if context.get_remaining_time_in_millis() < 60_000:
                raise TimeoutError("it holds more than can be deleted in 15 minutes: delete the stack again")
        for page in client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket):
            for one in page.get("Uploads", ()):
                client.abort_multipart_upload(Bucket=bucket, Key=one["Key"], UploadId=one["UploadId"])
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchBucket":
            raise
