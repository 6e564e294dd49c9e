"""Who calls: the operator, an IAM user, or a role whose keys were minted here; and what policies they carry."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from moto.iam.models import iam_backends
from moto.sts.models import sts_backends

from cfgen.sandbox.clients import Credentials
from cfgen.sandbox.iam import policy
from cfgen.sandbox.wire import ACCOUNT, AwsError, partition_of


@dataclass(frozen=True)
class Principal:
    """A caller. ``operator`` may do everything; others have statements."""

    arn: str
    role_arn: str = ""
    user_name: str = ""
    operator: bool = False
    account: str = ACCOUNT
    partition: str = "aws"

    @property
    def identities(self) -> dict[str, list[str]]:
        """The names under which a resource policy may speak of this caller."""
        root = f"arn:{self.partition}:iam::{self.account}:root"
        own = [self.arn, self.role_arn] if self.role_arn else [self.arn]
        return {"AWS": [*own, root, self.account]}


def load(document: Any) -> dict[str, Any]:
    """A policy document, however moto keeps it."""
    if isinstance(document, str):
        text = unquote(document) if document.lstrip().startswith("%7B") else document
        loaded: dict[str, Any] = json.loads(text)
        return loaded
    return dict(document or {})


def role_of(arn: str) -> Any:
    """moto's role behind a role ARN, or None."""
    parts = arn.split(":")
    if len(parts) < 6 or not parts[5].startswith("role/"):
        return None
    backend = iam_backends[parts[4] or ACCOUNT][parts[1]]
    name = parts[5].rsplit("/", 1)[-1]
    return next((role for role in list(backend.roles.values()) if role.name == name), None)


def resolve(access_key: str, region: str) -> Principal:
    """The caller behind an access key; keys nobody minted are the operator's."""
    partition = partition_of(region)
    for candidate in (partition, "aws"):
        assumed = sts_backends[ACCOUNT][candidate].get_assumed_role_from_access_key(access_key)
        if assumed is not None:
            name = assumed.role_arn.rsplit("/", 1)[-1]
            arn = f"arn:{candidate}:sts::{ACCOUNT}:assumed-role/{name}/{assumed.session_name}"
            return Principal(arn, role_arn=assumed.role_arn, partition=candidate)
        key = iam_backends[ACCOUNT][candidate].access_keys.get(access_key)
        if key is not None and key.user_name:
            arn = f"arn:{candidate}:iam::{ACCOUNT}:user/{key.user_name}"
            return Principal(arn, user_name=key.user_name, partition=candidate)
    return Principal(f"arn:{partition}:iam::{ACCOUNT}:root", operator=True, partition=partition)


def _managed(partition: str, arn: str) -> list[policy.Statement]:
    backend = iam_backends[ACCOUNT][partition]
    found = backend.managed_policies.get(arn)
    if found is None:
        return []
    version = next((item for item in found.versions if item.is_default), None)
    return policy.statements_of(load(version.document)) if version else []


def identity_statements(principal: Principal) -> list[policy.Statement]:
    """What the caller's own inline and attached policies say."""
    backend = iam_backends[ACCOUNT][principal.partition]
    holder: Any
    if principal.role_arn:
        holder = role_of(principal.role_arn)
        inline = list(holder.policies.values()) if holder else []
    else:
        holder = backend.users.get(principal.user_name)
        inline = list(holder.policies.values()) if holder else []
    statements: list[policy.Statement] = []
    for document in inline:
        body = document.get("policy_document") if isinstance(document, dict) else document
        statements += policy.statements_of(load(body))
    for arn in list(holder.managed_policies) if holder else []:
        statements += _managed(principal.partition, arn)
    return statements


def boundary_statements(principal: Principal) -> list[policy.Statement] | None:
    """The permissions boundary's statements, or None without one."""
    role = role_of(principal.role_arn) if principal.role_arn else None
    arn = getattr(role, "permissions_boundary_arn", None)
    return _managed(principal.partition, arn) if arn else None


def trusts(role_arn: str, kinds: dict[str, list[str]], context: policy.Context) -> bool:
    """Whether a role's trust policy lets these identities assume it."""
    role = role_of(role_arn)
    if role is None:
        return False
    allowed = False
    for statement in policy.statements_of(load(role.assume_role_policy_document)):
        spoken = {key: value for key, value in statement.items() if key != "Resource"}
        if not policy.principal_matches(statement, kinds):
            continue
        if policy.applies(spoken, "sts:AssumeRole", "*", context):
            if statement.get("Effect") == "Deny":
                return False
            allowed = True
    return allowed


_minted: dict[tuple[str, str], tuple[float, Credentials]] = {}
_lock = threading.Lock()


def mint(role_arn: str, service: str, session: str, region: str, source_arn: str = "") -> Credentials:
    """Keys of a role for a service principal (``lambda.amazonaws.com``); the trust policy is checked."""
    context = {"aws:SourceAccount": ACCOUNT, "aws:RequestedRegion": region, "sts:RoleSessionName": session}
    if source_arn:
        context["aws:SourceArn"] = source_arn
    if not trusts(role_arn, {"Service": [service]}, context):
        raise AwsError(
            "AccessDenied",
            f"User: {service} is not authorized to perform: sts:AssumeRole on resource: {role_arn}",
            403,
        )
    with _lock:
        made, keys = _minted.get((role_arn, session), (0.0, None))
        # a role deleted and made anew must not be served by old keys for long, nor keys be minted per call
        if keys is not None and time.monotonic() - made < 600:
            return keys
        assumed = sts_backends[ACCOUNT][partition_of(region)].assume_role(
            region, session[:64], role_arn, "", 43200, ""
        )
        keys = Credentials(assumed.access_key_id, assumed.secret_access_key, assumed.session_token)
        _minted[role_arn, session] = (time.monotonic(), keys)
        return keys
