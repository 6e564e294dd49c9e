"""Stack notifications: the end of an operation, published to the stack's SNS topics."""

from __future__ import annotations

import contextlib

from botocore.exceptions import ClientError

from cfgen.sandbox.cfn.state import Stack
from cfgen.sandbox.clients import client


def notify(stack: Stack) -> None:
    """Tell the stack's topics how the operation ended."""
    arns = stack.prepared.notification_arns if stack.prepared else []
    for arn in arns:
        message = (
            f"StackId='{stack.id}'\nLogicalResourceId='{stack.name}'\nResourceStatus='{stack.status}'\n"
            f"ResourceStatusReason='{stack.reason}'\nResourceType='AWS::CloudFormation::Stack'\n"
            f"StackName='{stack.name}'\n"
        )
        with contextlib.suppress(ClientError):
            client("sns", stack.region).publish(
                TopicArn=arn, Subject="AWS CloudFormation Notification", Message=message
            )
