"""IAM statements in words: who may do what, on what, when; and, where a resource is ``*``, the reason beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.lint.evaluate import Map, maps, text
from cfgen.lint.worlds import Resource, World
from cfgen.plan.model import StatementRow

# what a reader would say; any other action is told by its name
_VERBS = {
    "s3:GetObject": "read objects", "s3:PutObject": "write objects", "s3:DeleteObject": "delete objects",
    "s3:DeleteObjectVersion": "delete versions of objects", "s3:ListBucket": "list objects",
    "s3:ListBucketVersions": "list versions of objects", "s3:ListBucketMultipartUploads": "list unfinished uploads",
    "s3:AbortMultipartUpload": "give up unfinished uploads", "s3:*": "use S3",
    "ecr:GetAuthorizationToken": "log in to image registries", "ecr:BatchGetImage": "pull the image",
    "ecr:BatchCheckLayerAvailability": "look for the image's layers",
    "ecr:GetDownloadUrlForLayer": "download the image's layers",
    "logs:CreateLogStream": "begin log streams", "logs:PutLogEvents": "write logs",
    "logs:DescribeLogStreams": "list log streams", "logs:GetLogEvents": "read logs",
    "cloudwatch:PutMetricData": "write metrics", "kms:Decrypt": "decrypt with the key",
    "kms:GenerateDataKey": "encrypt with the key", "kms:CreateGrant": "let AWS services use the key",
    "kms:DescribeKey": "describe the key", "lambda:InvokeFunction": "call the function",
    "states:StartExecution": "start the state machine", "states:StopExecution": "stop the state machine",
    "states:ListExecutions": "list the state machine's runs", "codebuild:StartBuild": "start builds",
    "codebuild:StopBuild": "stop builds", "codebuild:BatchGetBuilds": "look at builds",
    "codebuild:ListBuildsForProject": "list builds", "events:PutRule": "keep an event rule",
    "events:PutTargets": "set the rule's targets", "events:DescribeRule": "look at the event rule",
    "sagemaker:InvokeEndpoint": "send requests to the endpoint",
    "cloudformation:DescribeStacks": "look at the stack",
    "cloudformation:DescribeStackResource": "look at a resource of the stack",
    "secretsmanager:GetSecretValue": "read the secret", "sts:AssumeRole": "take on the role",
    "ec2:CreateNetworkInterface": "make network interfaces",
    "ec2:CreateNetworkInterfacePermission": "hand network interfaces over",
    "ec2:DeleteNetworkInterface": "delete network interfaces",
    "ec2:DeleteNetworkInterfacePermission": "take network interfaces back",
    "ec2:DescribeDhcpOptions": "look at DHCP options", "ec2:DescribeSubnets": "look at subnets",
    "ec2:DescribeNetworkInterfaces": "look at network interfaces", "ec2:DescribeVpcs": "look at networks",
    "ec2:DescribeSecurityGroups": "look at security groups",
    "sns:Publish": "send notifications", "sqs:SendMessage": "send messages",
}  # fmt: skip
_POLICIES = (
    "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy",
    "AWS::SNS::TopicPolicy", "AWS::EC2::VPCEndpoint", "AWS::KMS::Key",
)  # fmt: skip
_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z]|\d|$)|[A-Z]?[a-z]+|\d+")
_TOKEN = re.compile(r"⟦([^⟦⟧]*)⟧")
_PSEUDO = {"AWS::AccountId": "{account}", "AWS::StackName": "{stack}", "AWS::StackId": "this stack", "?": "…"}
_COMMENT = re.compile(r'Resource: "\*"\s*#\s*(.+)$')
_SID = re.compile(r"Sid: (\w+)")


def statement_rows(world: World, source: str = "") -> tuple[StatementRow, ...]:
    """Every statement of the launch's roles and bucket policies. ``source``: the template's text, for its comments."""
    reasons = _reasons(source)
    rows: list[StatementRow] = []
    for role in world.of_type("AWS::IAM::Role"):
        rows += _trust(role)
        for policy in maps(role.properties, "Policies"):
            rows += _document(role.name, policy.get("PolicyDocument"), reasons)
        for arn in role.properties.get("ManagedPolicyArns", ()):
            does = f"everything in {text(arn).rpartition('/')[2]}"
            rows.append(
                StatementRow(
                    role.name, "", "Allow", "", does, (text(arn),), "", (), wide=True, why="a managed policy"
                )
            )
    for kind in _POLICIES:
        for holder in world.of_type(kind):
            rows += _document(
                holder.name,
                holder.properties.get("PolicyDocument") or holder.properties.get("KeyPolicy"),
                reasons,
            )
    return tuple(rows)


def _reasons(source: str) -> Mapping[str, str]:
    """Sid → the comment beside ``Resource: "*"``."""
    found, sid = {}, ""
    for line in source.splitlines():
        if match := _SID.search(line):
            sid = match[1]
        if match := _COMMENT.search(line):
            found[sid] = match[1].strip()
    return found


def _trust(role: Resource) -> Iterator[StatementRow]:
    document = role.properties.get("AssumeRolePolicyDocument")
    for one in maps(document, "Statement"):
        who = ", ".join(_principals(one.get("Principal")))
        yield StatementRow(
            role.name, text(one.get("Sid", "")), "Allow", who, "take on the role", (), _conditions(one),
            tuple(_listed(one, "Action")), wide=False, why="",
        )  # fmt: skip


def _document(role: str, document: Any, reasons: Mapping[str, str]) -> Iterator[StatementRow]:
    for one in maps(document, "Statement"):
        sid, actions = text(one.get("Sid", "")), tuple(_listed(one, "Action"))
        resources = _listed(one, "Resource")
        wide = "*" in resources
        yield StatementRow(
            role, sid, text(one.get("Effect", "Allow")), ", ".join(_principals(one.get("Principal"))),
            _sentence(actions), tuple("anything" if name == "*" else readable(name) for name in resources),
            _conditions(one), actions, wide=wide, why=reasons.get(sid, "") if wide else "",
        )  # fmt: skip


def _listed(holder: Map, key: str) -> list[str]:
    found = holder.get(key, ())
    return [text(found)] if not isinstance(found, list) else [text(one) for one in found]


def _principals(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, Mapping):
        return [readable(name) for key in value for name in _listed(value, key)]  # type: ignore[arg-type]
    return ["anyone" if text(value) == "*" else readable(text(value))]


def _sentence(actions: tuple[str, ...]) -> str:
    said = list(dict.fromkeys(_VERBS.get(action) or _spelt(action) for action in actions))
    return said[0] if len(said) == 1 else f"{', '.join(said[:-1])} and {said[-1]}" if said else ""


def _spelt(action: str) -> str:
    """``ec2:DescribeSubnets`` → ``describe subnets (ec2)``."""
    service, _, name = action.partition(":")
    if "*" in name or not name:
        return f"anything that matches {action}"
    words = [word if word.isupper() else word.lower() for word in _WORD.findall(name)]
    return f"{' '.join(words)} ({service})"


def readable(value: str) -> str:
    """An ARN or reference as a reader writes it: tokens as names, ``{account}`` for the account."""

    def name(match: re.Match[str]) -> str:
        token = match[1]
        if token in _PSEUDO:
            return _PSEUDO[token]
        return "{" + token.removeprefix("param:").removesuffix(".Arn") + "}"

    return _TOKEN.sub(name, value)


_OPERATORS = {
    "StringEquals": "is", "StringLike": "is like", "ArnLike": "is like", "ArnEquals": "is", "Bool": "is",
    "StringNotEquals": "is not",
}  # fmt: skip


def _conditions(one: Map) -> str:
    found = []
    conditions = one.get("Condition")
    if isinstance(conditions, Mapping):
        for operator, tests in conditions.items():
            if isinstance(tests, Mapping):
                for key in tests:
                    values = " or ".join(readable(value) for value in _listed(tests, key))  # type: ignore[arg-type]
                    found.append(f"{key} {_OPERATORS.get(operator, operator)} {values}")
    return " and ".join(found)
