"""Delivery to the targets of rules and schedules: Lambda, Step Functions, SNS, SQS, CodeBuild, any API operation."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError

from cfgen.sandbox.clients import Credentials, client
from cfgen.sandbox.iam import policy, principals
from cfgen.sandbox.services import functions
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError

_log = logging.getLogger("cfgen.sandbox.targets")
_UNIVERSAL = ":scheduler:::aws-sdk:"


def send(arn: str, payload: Any, region: str, role: str | None, service: str, source_arn: str) -> str:
    """Deliver; tried again a few times. The reason if it cannot be done, which AWS shows nobody either."""
    problem = ""
    for pause in (0.0, 0.5, 2.0):
        time.sleep(pause / settings.speed)
        try:
            _send(arn, payload, region, role, service, source_arn)
            return ""
        except (ClientError, BotoCoreError, AwsError, ValueError) as error:
            problem = str(error)
    _log.warning("not delivered to %s: %s", arn, problem)
    return problem


def _send(arn: str, payload: Any, region: str, role: str | None, service: str, source_arn: str) -> None:
    text = payload if isinstance(payload, str) else json.dumps(payload)
    keys: Credentials | None = None
    if role:
        keys = principals.mint(role, service, "events", region, source_arn)
    if _UNIVERSAL in arn:
        _universal(arn, payload, region, keys)
    elif ":lambda:" in arn:
        if keys is not None:
            client("lambda", region, keys).invoke(
                FunctionName=arn, InvocationType="Event", Payload=text.encode()
            )
            return
        if not lambda_allows(arn, region, service, source_arn):
            raise AwsError("AccessDenied", f"the policy of {arn} does not let {service} invoke it")
        client("lambda", region).invoke(FunctionName=arn, InvocationType="Event", Payload=text.encode())
    elif ":states:" in arn:
        _need(keys, arn)
        client("stepfunctions", region, keys).start_execution(stateMachineArn=arn, input=text)
    elif ":codebuild:" in arn:
        _need(keys, arn)
        given = payload if isinstance(payload, dict) and "environmentVariablesOverride" in payload else {}
        client("codebuild", region, keys).start_build(projectName=arn.rsplit("/", 1)[-1], **given)
    elif ":sns:" in arn:
        client("sns", region, keys).publish(TopicArn=arn, Message=text)
    elif ":sqs:" in arn and keys is not None:
        queue = f"{client.url}/{ACCOUNT}/{arn.rsplit(':', 1)[-1]}"
        client("sqs", region, keys).send_message(QueueUrl=queue, MessageBody=text)
    elif ":sqs:" in arn or ":logs:" in arn:
        # moto delivers rules to these itself
        return
    else:
        raise ValueError(f"the cfgen sandbox does not deliver to {arn}")


def _need(keys: Credentials | None, arn: str) -> None:
    if keys is None:
        raise ValueError(f"a target {arn} needs a RoleArn")


def _universal(arn: str, payload: Any, region: str, keys: Credentials | None) -> None:
    _need(keys, arn)
    service, operation = arn.split(_UNIVERSAL, 1)[1].split(":")
    name = {"sfn": "stepfunctions", "eventbridge": "events", "cloudwatchlogs": "logs"}.get(service, service)
    target = client(name, region, keys)
    getattr(target, xform_name(operation))(**(payload if isinstance(payload, dict) else {}))


def lambda_allows(arn: str, region: str, service: str, source_arn: str) -> bool:
    """Whether a function's resource policy lets a service invoke it."""
    if not settings.enforce_iam:
        return True
    function = functions.find(arn, region)
    document = json.loads(function.policy.wire_format())
    if "Policy" in document:
        document = json.loads(document["Policy"])
    context = {"aws:SourceArn": source_arn, "aws:SourceAccount": ACCOUNT}
    for statement in policy.statements_of(document):
        if policy.principal_matches(statement, {"Service": [service]}) and policy.applies(
            {key: value for key, value in statement.items() if key != "Resource"},
            "lambda:InvokeFunction",
            arn,
            context,
        ):
            return statement.get("Effect") == "Allow"
    return False
