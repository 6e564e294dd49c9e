"""KMS: key policies, and the keys that other services' calls use without naming them."""

from __future__ import annotations

from typing import Any

from moto.kms.models import kms_backends
from moto.s3.models import s3_backends
from moto.secretsmanager.models import secretsmanager_backends

from cfgen.sandbox.iam import policy, principals
from cfgen.sandbox.registry import before
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call, partition_of

_WRITES = {"PutObject", "CopyObject", "CreateMultipartUpload", "UploadPart"}
_MULTIPART = {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}


def find(key: str, region: str) -> Any:
    """moto's key behind an id, ARN or alias, or None."""
    if key.startswith("arn:"):
        region = key.split(":")[3]
    backend = kms_backends[ACCOUNT][region]
    try:
        return backend.describe_key(key)
    except Exception:
        # an alias of AWS's own, or nothing at all
        return None


def by_key_policy(
    resource: str, action: str, identities: dict[str, list[str]], context: dict[str, Any]
) -> str:
    """What a key's policy says: ``deny``, ``allow`` (by itself), ``delegate`` (to IAM), or ``none``."""
    key = find(resource, resource.split(":")[3]) if ":kms:" in resource and ":key/" in resource else None
    if key is None:
        return "delegate"
    answer = "none"
    root = next((name for name in identities.get("AWS", []) if name.endswith(":root")), "")
    direct = {
        **identities,
        "AWS": [name for name in identities.get("AWS", []) if name not in (root, ACCOUNT)],
    }
    for statement in policy.statements_of(principals.load(key.policy)):
        spoken = {**statement, "Resource": "*"}
        if not policy.principal_matches(statement, identities) or not policy.applies(
            spoken, action, resource, context
        ):
            continue
        if statement.get("Effect") == "Deny":
            return "deny"
        if statement.get("Principal") == "*" or policy.principal_matches(statement, direct):
            answer = "allow"
        elif answer == "none":
            answer = "delegate"
    return answer


def used_by_secrets(call: Call) -> list[tuple[str, list[str]]]:
    """The key action behind the reading of a secret, for customer managed keys."""
    if call.operation != "GetSecretValue":
        return []
    secrets = secretsmanager_backends[ACCOUNT][call.region].secrets
    secret = secrets.get(str(call.params.get("SecretId", "")))
    key_id = getattr(secret, "kms_key_id", None)
    key = find(str(key_id), call.region) if key_id else None
    return [("kms:Decrypt", [str(key.arn)])] if key is not None and key.key_manager != "AWS" else []


def used_by_s3(call: Call) -> list[tuple[str, list[str]]]:
    """The key actions behind an S3 call, for customer managed keys."""
    backend = s3_backends[ACCOUNT][partition_of(call.region)]
    bucket = backend.buckets.get(str(call.params.get("Bucket", "")))
    if bucket is None:
        return []
    actions: list[str] = []
    key_id: str | None = None
    if call.operation in _WRITES or call.operation == "CompleteMultipartUpload":
        key_id = call.headers.get("x-amz-server-side-encryption-aws-kms-key-id") or _default_key(bucket)
        actions = ["kms:GenerateDataKey"]
        if call.operation in _MULTIPART:
            # S3 reads back what it encrypted part by part
            actions.append("kms:Decrypt")
    elif call.operation == "GetObject":
        stored = bucket.keys.get(str(call.params.get("Key", "")))
        key_id = getattr(stored, "kms_key_id", None)
        actions = ["kms:Decrypt"]
    if not key_id:
        return []
    key = find(key_id, call.region)
    if key is None or key.key_manager == "AWS":
        return []
    return [(action, [str(key.arn)]) for action in actions]


def _default_key(bucket: Any) -> str | None:
    rule = (bucket.encryption or {}).get("Rule") or {}
    rule = rule[0] if isinstance(rule, list) else rule
    default = rule.get("ApplyServerSideEncryptionByDefault") or {}
    found = default.get("KMSMasterKeyID") if "kms" in str(default.get("SSEAlgorithm", "")) else None
    return str(found) if found else None


@before("logs", "CreateLogGroup")
def refuse_log_key(call: Call) -> None:
    """Refuse a key whose policy does not let CloudWatch Logs use it for the log group of the call."""
    key_id = call.params.get("kmsKeyId")
    if not key_id or not settings.enforce_iam:
        return
    arn = f"arn:{call.partition}:logs:{call.region}:{call.account}:log-group:{call.params['logGroupName']}"
    context = {
        "kms:EncryptionContext:aws:logs:arn": arn,
        "aws:SourceAccount": call.account,
        "aws:SourceArn": arn,
    }
    key = find(str(key_id), call.region)
    services = {"Service": [f"logs.{call.region}.amazonaws.com", "logs.amazonaws.com"]}
    needed = ("kms:Encrypt", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptTo")
    if key is None or any(
        by_key_policy(str(key.arn), action, services, context) != "allow" for action in needed
    ):
        raise AwsError(
            "InvalidParameterException",
            "The specified KMS key does not exist or is not allowed to be used with LogGroup",
        )
