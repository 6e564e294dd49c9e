"""What a call asks for: the IAM actions and resource ARNs behind an API operation, and its condition keys."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from importlib.resources import files
from typing import Any

from moto.iam.models import iam_backends
from moto.kms.models import kms_backends
from moto.secretsmanager.models import secretsmanager_backends

from cfgen.sandbox.iam import s3
from cfgen.sandbox.wire import Call, url_suffix

Asked = list[tuple[str, list[str]]]

_PREFIX = {
    "stepfunctions": "states",
    "sagemaker-runtime": "sagemaker",
    "apigatewayv2": "apigateway",
    "service-quotas": "servicequotas",
    "elbv2": "elasticloadbalancing",
    "resourcegroupstaggingapi": "tag",
}
_RENAMED = {
    ("lambda", "Invoke"): "lambda:InvokeFunction",
    ("lambda", "InvokeAsync"): "lambda:InvokeFunction",
    ("sagemaker-runtime", "InvokeEndpointAsync"): "sagemaker:InvokeEndpointAsync",
    ("budgets", "CreateBudget"): "budgets:ModifyBudget",
    ("budgets", "DeleteBudget"): "budgets:ModifyBudget",
    ("budgets", "DescribeBudget"): "budgets:ViewBudget",
}
# services whose actions are HTTP's methods, on the path of the request
_BY_METHOD = {"apigateway", "apigatewayv2"}
# operations that hand a role to a service: where the role stands, and the service it is passed to
PASSED_ROLES = {
    "lambda.CreateFunction": ("Role", "lambda"),
    "lambda.UpdateFunctionConfiguration": ("Role", "lambda"),
    "codebuild.CreateProject": ("serviceRole", "codebuild"),
    "codebuild.UpdateProject": ("serviceRole", "codebuild"),
    "stepfunctions.CreateStateMachine": ("roleArn", "states"),
    "stepfunctions.UpdateStateMachine": ("roleArn", "states"),
    "sagemaker.CreateModel": ("ExecutionRoleArn", "sagemaker"),
    "sagemaker.CreateEndpointConfig": ("ExecutionRoleArn", "sagemaker"),
    "scheduler.CreateSchedule": ("Target.RoleArn", "scheduler"),
    "scheduler.UpdateSchedule": ("Target.RoleArn", "scheduler"),
    "cloudformation.CreateStack": ("RoleARN", "cloudformation"),
    "cloudformation.UpdateStack": ("RoleARN", "cloudformation"),
    "cloudformation.CreateChangeSet": ("RoleARN", "cloudformation"),
    "ec2.CreateFlowLogs": ("DeliverLogsPermissionArn", "vpc-flow-logs"),
}


@lru_cache(maxsize=1)
def _reference() -> dict[str, Any]:
    text = (files("cfnlint") / "data" / "AdditionalSpecs" / "Policies.json").read_text()
    reference: dict[str, Any] = json.loads(text)
    return reference


def _takes_resources(prefix: str, action: str) -> bool:
    """Whether AWS's service reference lists resource types for an action (else only ``*`` matches)."""
    found = _reference().get(prefix, {}).get("Actions", {}).get(action.lower())
    return found is None or bool(found.get("Resources"))


def _first(params: dict[str, Any], *names: str) -> Any:
    return next((params[name] for name in names if params.get(name)), None)


def _codebuild(call: Call) -> list[str]:
    p = call.params
    names = p.get("names") or p.get("projectNames") or []
    if name := _first(p, "projectName", "project", "name"):
        names = [name]
    ids = p.get("ids") or ([p["id"]] if p.get("id") else [])
    names = [*names, *(str(item).rsplit("/", 1)[-1].split(":")[0] for item in ids)]
    return [str(name) if str(name).startswith("arn:") else f"project/{name}" for name in names]


def _sagemaker(call: Call) -> list[str]:
    p = call.params
    if arn := p.get("ResourceArn"):
        return [arn]
    found = []
    for key, kind in (
        ("InferenceComponentName", "inference-component"),
        ("EndpointName", "endpoint"),
        ("EndpointConfigName", "endpoint-config"),
        ("ModelName", "model"),
        ("ModelPackageName", "model-package"),
    ):
        if p.get(key):
            found.append(p[key] if str(p[key]).startswith("arn:") else f"{kind}/{str(p[key]).lower()}")
    return found


def _logs(call: Call) -> list[str]:
    p = call.params
    if arn := p.get("resourceArn"):
        return [f"{arn}|{arn}:*"]
    group = p.get("logGroupName") or str(p.get("logGroupIdentifier") or p.get("logGroupNamePrefix") or "")
    group = group.split(":log-group:")[-1].removesuffix(":*")
    base = f"log-group:{group}"
    if call.operation in ("PutLogEvents", "CreateLogStream", "GetLogEvents", "DeleteLogStream"):
        return [f"{base}:log-stream:{p.get('logStreamName', '')}"]
    # group actions are written with and without the trailing ":*" in policies; AWS takes both
    return [f"{base}|{base}:log-stream:"]


def _ssm(call: Call) -> list[str]:
    names = call.params.get("Names") or [_first(call.params, "Name", "Path") or "*"]
    return [f"parameter/{str(name).split(':')[0].lstrip('/')}" for name in names]


def _secret(call: Call) -> list[str]:
    wanted = str(call.params.get("SecretId") or call.params.get("Name") or "*")
    backend = secretsmanager_backends[call.account][call.region]
    if not wanted.startswith("arn:"):
        found = next((item for key, item in list(backend.secrets.items()) if key == wanted), None)
        return [found.arn if found is not None else f"secret:{wanted}-??????"]
    found = next((item for item in list(backend.secrets.values()) if item.arn.startswith(wanted)), None)
    return [found.arn if found is not None else wanted]


def _kms(call: Call) -> list[str]:
    wanted = str(call.params.get("KeyId") or call.params.get("TargetKeyId") or "*")
    backend = kms_backends[call.account][call.region]
    try:
        return [str(backend.describe_key(wanted).arn)]
    except Exception:
        return [wanted if wanted.startswith("arn:") else f"key/{wanted}"]


def _states(call: Call) -> list[str]:
    arn = _first(call.params, "stateMachineArn", "executionArn", "resourceArn", "activityArn")
    return [str(arn)] if arn else [f"stateMachine:{call.params.get('name', '*')}"]


def _events(call: Call) -> list[str]:
    if call.operation == "PutEvents":
        return [
            f"event-bus/{entry.get('EventBusName', 'default')}" for entry in call.params.get("Entries", [])
        ]
    return [f"rule/{_first(call.params, 'Name', 'Rule') or '*'}"]


def _lambda(call: Call) -> list[str]:
    name = str(_first(call.params, "FunctionName", "Resource") or "*")
    return [name if name.startswith("arn:") else f"function:{name}"]


def _iam(call: Call) -> list[str]:
    p = call.params
    if (arn := p.get("PolicyArn")) and not p.get("RoleName"):
        return [arn]
    if name := p.get("RoleName"):
        roles = iam_backends[call.account][call.partition].roles.values()
        path = next((role.path for role in list(roles) if role.name == name), p.get("Path") or "/")
        return [f"arn:{call.partition}:iam::{call.account}:role{path}{name}"]
    if name := p.get("PolicyName"):
        return [f"arn:{call.partition}:iam::{call.account}:policy{p.get('Path') or '/'}{name}"]
    return [f"arn:{call.partition}:iam::{call.account}:user/{p.get('UserName', '*')}"]


def _cloudformation(call: Call) -> list[str]:
    name = str(_first(call.params, "StackName", "StackSetName") or "*")
    return [name if name.startswith("arn:") else f"stack/{name}/*"]


def _sns(call: Call) -> list[str]:
    arn = _first(call.params, "TopicArn", "TargetArn", "ResourceArn")
    if subscription := call.params.get("SubscriptionArn"):
        # subscriptions are a matter of their topic, whose ARN theirs begins with
        arn = str(subscription).rpartition(":")[0]
    return [str(arn) if arn else str(call.params.get("Name", "*"))]


def _cloudwatch(call: Call) -> list[str]:
    if arn := call.params.get("ResourceARN"):
        return [str(arn)]
    names = call.params.get("AlarmNames") or [call.params.get("AlarmName") or "*"]
    dashboard = call.params.get("DashboardName")
    if dashboards := call.params.get("DashboardNames") or ([dashboard] if dashboard else []):
        return [f"arn:{call.partition}:cloudwatch::{call.account}:dashboard/{name}" for name in dashboards]
    return [f"alarm:{name}" for name in names]


def _ecr(call: Call) -> list[str]:
    return [f"repository/{call.params.get('repositoryName', '*')}"]


def _scheduler(call: Call) -> list[str]:
    if call.operation.endswith("ScheduleGroup"):
        return [f"schedule-group/{call.params.get('Name', '*')}"]
    return [f"schedule/{call.params.get('GroupName') or 'default'}/{call.params.get('Name', '*')}"]


def _sqs(call: Call) -> list[str]:
    return [str(call.params.get("QueueUrl") or call.params.get("QueueName") or "*").rsplit("/", 1)[-1]]


def _dynamodb(call: Call) -> list[str]:
    return [f"table/{call.params.get('TableName', '*')}"]


def _scaling(call: Call) -> list[str]:
    p = call.params
    # the id of a target is random on AWS: policies can only name all of them
    text = f"{p.get('ResourceId', '*')}|{p.get('ScalableDimension', '*')}"
    return [f"scalable-target/{hashlib.sha256(text.encode()).hexdigest()[:36]}"]


def _budgets(call: Call) -> list[str]:
    name = (call.params.get("Budget") or {}).get("BudgetName") or call.params.get("BudgetName") or "*"
    return [f"arn:{call.partition}:budgets::{call.account}:budget/{name}"]


def _by_method(call: Call) -> Asked:
    assert call.model is not None
    http = call.model.http
    path = re.sub(r"\{(\w+)\+?\}", lambda match: str(call.params.get(match[1], "*")), http["requestUri"])
    path = path.split("?")[0].removeprefix("/v2")
    return [(f"apigateway:{http['method']}", [f"arn:{call.partition}:apigateway:{call.region}::{path}"])]


def _sts(call: Call) -> list[str]:
    return [str(call.params.get("RoleArn") or "*")]


def _ec2(call: Call) -> list[str]:
    """The first kind of resource an action is about, whichever it is."""
    found = _reference().get("ec2", {}).get("Actions", {}).get(call.operation.lower()) or {}
    kinds = found.get("Resources") or ["*"]
    return [f"{kinds[0]}/*"]


_RESOURCES = {
    "ec2": _ec2,
    "application-autoscaling": _scaling,
    "budgets": _budgets,
    "codebuild": _codebuild,
    "sagemaker": _sagemaker,
    "sagemaker-runtime": _sagemaker,
    "logs": _logs,
    "ssm": _ssm,
    "secretsmanager": _secret,
    "kms": _kms,
    "stepfunctions": _states,
    "events": _events,
    "lambda": _lambda,
    "iam": _iam,
    "cloudformation": _cloudformation,
    "sns": _sns,
    "cloudwatch": _cloudwatch,
    "ecr": _ecr,
    "scheduler": _scheduler,
    "sqs": _sqs,
    "dynamodb": _dynamodb,
    "sts": _sts,
}


def asked(call: Call) -> Asked:
    """The (action, resources) pairs a call needs; a resource may be alternatives joined by ``|``."""
    if call.service == "s3":
        return s3.asked(call)
    if call.service in _BY_METHOD:
        return _by_method(call)
    prefix = _PREFIX.get(call.service, call.service)
    action = _RENAMED.get((call.service, call.operation), f"{prefix}:{call.operation}")
    if not _takes_resources(prefix, action.split(":", 1)[1]):
        pairs: Asked = [(action, ["*"])]
    else:
        finder = _RESOURCES.get(call.service)
        found = finder(call) if finder else ["*"]
        pairs = [(action, [_arn(call, prefix, item) for item in found] or ["*"])]
    if (call.service, call.operation) == ("iam", "CreateRole") and call.params.get("Tags"):
        pairs.append(("iam:TagRole", pairs[0][1]))
    if passed := PASSED_ROLES.get(f"{call.service}.{call.operation}"):
        role: Any = call.params
        for part in passed[0].split("."):
            role = (role or {}).get(part)
        if role:
            pairs.append(("iam:PassRole", [str(role)]))
    return pairs


def _arn(call: Call, prefix: str, item: str) -> str:
    def whole(part: str) -> str:
        if part.startswith("arn:") or part == "*":
            return part
        return f"arn:{call.partition}:{prefix}:{call.region}:{call.account}:{part}"

    return "|".join(whole(part) for part in item.split("|"))


def context(call: Call) -> dict[str, Any]:
    """The condition keys a call carries."""
    keys: dict[str, Any] = {
        "aws:RequestedRegion": call.region,
        "aws:PrincipalAccount": call.account,
        "aws:ResourceAccount": call.account,
        # loopback stands in for TLS
        "aws:SecureTransport": "true",
        "aws:SourceIp": "127.0.0.1",
    }
    tags = call.params.get("Tags") or call.params.get("tags")
    pairs: dict[str, str] = {}
    if isinstance(tags, dict):
        pairs = {str(key): str(value) for key, value in tags.items()}
    elif isinstance(tags, list):
        for tag in tags:
            if isinstance(tag, dict):
                folded = {key.lower().removeprefix("tag"): value for key, value in tag.items()}
                pairs[str(folded.get("key"))] = str(folded.get("value"))
    if pairs:
        keys["aws:TagKeys"] = list(pairs)
        keys.update({f"aws:RequestTag/{key}": value for key, value in pairs.items()})
    if boundary := call.params.get("PermissionsBoundary"):
        keys["iam:PermissionsBoundary"] = boundary
    if passed := PASSED_ROLES.get(f"{call.service}.{call.operation}"):
        keys["iam:PassedToService"] = f"{passed[1]}.{url_suffix('us-east-1')}"
    if call.service == "s3":
        keys.update(s3.context(call))
    return keys
