"""Custom resource: on Delete waits until no network interface uses the stack's security group.

SageMaker's interfaces outlive the endpoint by minutes and would block the deletion of group and subnets.
Only interfaces in state `available` are deleted here; AWS removes those still in use.
"""

import time
from typing import Any

import boto3
from botocore.exceptions import ClientError
from custom_resource import PAUSE, put


def handler(event: dict[str, Any], context: Any) -> None:
    group = event["ResourceProperties"]["SecurityGroupId"]
    answer = {name: event[name] for name in ("StackId", "RequestId", "LogicalResourceId")}
    answer |= {"Status": "SUCCESS", "PhysicalResourceId": f"interfaces/{group}"}
    try:
        if event["RequestType"] == "Delete":
            # The id names the group: after a replacement the properties are those of the new one.
            answer["PhysicalResourceId"] = event["PhysicalResourceId"]
            ours, _, named = event["PhysicalResourceId"].partition("interfaces/")
            wait(group if ours or not named else named, context)
    except Exception as error:
        answer |= {"Status": "FAILED", "Reason": f"{type(error).__name__}: {error}"[:1000]}
    put(event["ResponseURL"], answer)


def wait(group: str, context: Any) -> None:
    ec2 = boto3.client("ec2")
    pages = ec2.get_paginator("describe_network_interfaces")
    while True:
        filters = [{"Name": "group-id", "Values": [group]}]
        found = [one for page in pages.paginate(Filters=filters) for one in page["NetworkInterfaces"]]
        if not found:
            return
        for one in found:
            if one["Status"] == "available":
                try:
                    ec2.delete_network_interface(NetworkInterfaceId=one["NetworkInterfaceId"])
                except ClientError as error:  # gone, or in use again, meanwhile
                    print(error)
        if context.get_remaining_time_in_millis() < (PAUSE + 30) * 1000:
            names = ", ".join(f"{one['NetworkInterfaceId']} ({one['Description']})" for one in found[:5])
            raise TimeoutError(f"{group} is still used by {names}: delete the stack again in a few minutes")
        time.sleep(PAUSE)
