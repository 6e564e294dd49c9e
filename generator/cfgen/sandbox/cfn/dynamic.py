"""Dynamic references: ``{{resolve:ssm:…}}`` and ``{{resolve:secretsmanager:…}}``, looked up when a resource is made.

The text stays in the stored properties, as on AWS: a changed secret alone changes no resource.
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.cfn.errors import ResourceFailure
from cfgen.sandbox.cfn.intrinsics import Unknown
from cfgen.sandbox.clients import Credentials, client

_REFERENCE = re.compile(r"\{\{resolve:([a-z-]+):([^{}]+)\}\}")
# the documented places for ssm-secure; everywhere else AWS refuses it
_SECURE_PLACES = {
    "AWS::DirectoryService::MicrosoftAD",
    "AWS::DirectoryService::SimpleAD",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::IAM::User",
    "AWS::KinesisFirehose::DeliveryStream",
    "AWS::OpsWorks::App",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::Redshift::Cluster",
}


def hide(value: Any) -> Any:
    """Values that contain a dynamic reference, as unknowns (for validation before anything is looked up)."""
    if isinstance(value, dict):
        return {key: hide(item) for key, item in value.items()}
    if isinstance(value, list):
        return [hide(item) for item in value]
    return Unknown("dynamic") if isinstance(value, str) and _REFERENCE.search(value) else value


def expand(value: Any, type_name: str, region: str, keys: Credentials) -> Any:
    """A value with its dynamic references looked up with the stack's credentials."""
    if isinstance(value, dict):
        return {key: expand(item, type_name, region, keys) for key, item in value.items()}
    if isinstance(value, list):
        return [expand(item, type_name, region, keys) for item in value]
    if not isinstance(value, str) or "{{resolve:" not in value:
        return value
    return _REFERENCE.sub(
        lambda match: _lookup(match.group(1), match.group(2), type_name, region, keys), value
    )


def _lookup(service: str, rest: str, type_name: str, region: str, keys: Credentials) -> str:
    try:
        if service in ("ssm", "ssm-secure"):
            return _parameter(service, rest, type_name, region, keys)
        if service == "secretsmanager":
            return _secret(rest, region, keys)
    except ClientError as error:
        raise ResourceFailure(
            f"Could not resolve dynamic reference {service}:{rest}: {error.response['Error']['Message']}"
        ) from None
    raise ResourceFailure(f"Could not parse dynamic reference: unknown service {service}")


def _parameter(service: str, name: str, type_name: str, region: str, keys: Credentials) -> str:
    secure = service == "ssm-secure"
    if secure and type_name not in _SECURE_PLACES:
        raise ResourceFailure(f"SSM Secure reference is not supported in: [{type_name}]")
    answer = client("ssm", region, keys).get_parameter(Name=name, WithDecryption=secure)["Parameter"]
    if answer["Type"] == "SecureString" and not secure:
        raise ResourceFailure(
            f"Non-secure reference {{{{resolve:ssm:{name}}}}} names a SecureString parameter"
        )
    return str(answer["Value"])


def _secret(rest: str, region: str, keys: Credentials) -> str:
    # an ARN holds colons itself: arn:partition:secretsmanager:region:account:secret:name
    parts = rest.split(":")
    if rest.startswith("arn:"):
        secret, parts = ":".join(parts[:7]), parts[7:]
    else:
        secret, parts = parts[0], parts[1:]
    parts += [""] * (4 - len(parts))
    kind, key, stage, version = parts[:4]
    if kind not in ("", "SecretString"):
        raise ResourceFailure(f"Secrets Manager reference {rest}: only SecretString is supported")
    arguments = {"SecretId": secret}
    if stage:
        arguments["VersionStage"] = stage
    if version:
        arguments["VersionId"] = version
    text = client("secretsmanager", region, keys).get_secret_value(**arguments)["SecretString"]
    if not key:
        return str(text)
    try:
        return str(json.loads(text)[key])
    except (ValueError, KeyError, TypeError):
        raise ResourceFailure(
            f"Could not find a value associated with JSONKey in SecretString: {key}"
        ) from None
