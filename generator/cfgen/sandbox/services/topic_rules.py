"""SNS: what a topic's access policy may say; moto keeps it."""

from __future__ import annotations

import json
from typing import Any

from cfgen.sandbox.iam.policy import as_list, statements_of
from cfgen.sandbox.registry import before
from cfgen.sandbox.wire import AwsError, Call

# the actions a topic policy can grant (SNS Developer Guide: Amazon SNS API permissions, topic policy actions)
_ACTIONS = {
    "addpermission",
    "deletetopic",
    "getdataprotectionpolicy",
    "gettopicattributes",
    "listsubscriptionsbytopic",
    "listtagsforresource",
    "publish",
    "putdataprotectionpolicy",
    "receive",
    "removepermission",
    "settopicattributes",
    "subscribe",
}


def _refuse(message: str) -> AwsError:
    return AwsError("InvalidParameter", f"Invalid parameter: {message}")


@before("sns", "SetTopicAttributes")
def check_policy(call: Call) -> None:
    """Only SNS's own actions, only on this topic, for somebody."""
    if call.params.get("AttributeName") != "Policy":
        return
    try:
        document: Any = json.loads(call.params.get("AttributeValue") or "")
    except ValueError:
        raise _refuse("Policy is not valid JSON") from None
    arn = str(call.params["TopicArn"])
    for statement in statements_of(document):
        for action in as_list(statement.get("Action") or []):
            service, _, name = str(action).lower().partition(":")
            if service != "sns" or name not in _ACTIONS:
                raise _refuse("Policy statement action out of service scope!")
        if any(str(resource) not in (arn, "*") for resource in as_list(statement.get("Resource") or [])):
            raise _refuse(f"Policy statement must apply to a single resource: {arn}")
        if not (statement.get("Principal") or statement.get("NotPrincipal")):
            raise _refuse("Policy Error: a statement names no principal")
