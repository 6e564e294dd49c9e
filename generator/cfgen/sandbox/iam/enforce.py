"""The decision: identity policies, permissions boundary and, for S3, the bucket policy."""

from __future__ import annotations

from typing import Any

from moto.s3.models import s3_backends

from cfgen.sandbox.iam import actions, kms, policy, principals
from cfgen.sandbox.iam.principals import Principal
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import ACCOUNT, AwsError, Call, partition_of, url_suffix

# asked by every SDK and harmless: AWS allows them without a permission
_FREE = {("sts", "GetCallerIdentity"), ("sts", "GetSessionToken")}


def _bucket_statements(resource: str) -> list[policy.Statement]:
    if ":s3:::" not in resource:
        return []
    name = resource.split(":::", 1)[1].split("/", 1)[0]
    backend = s3_backends[ACCOUNT][resource.split(":")[1]]
    bucket = backend.buckets.get(name)
    document = getattr(bucket, "policy", None)
    if not document:
        return []
    return policy.statements_of(
        principals.load(document.decode() if isinstance(document, bytes) else document)
    )


def decide(principal: Principal, action: str, resource: str, context: dict[str, Any]) -> str:
    """Why a caller may not do something, or an empty string if it may."""
    context = {
        **context,
        "aws:PrincipalArn": principal.role_arn or principal.arn,
        "aws:PrincipalType": "AssumedRole" if principal.role_arn else "User",
        "aws:username": principal.user_name or None,
    }
    context = {key: value for key, value in context.items() if value is not None}
    spoken = [
        statement
        for statement in _bucket_statements(resource)
        if policy.principal_matches(statement, principal.identities)
    ]
    by_resource = policy.evaluate(spoken, action, resource, context)
    if by_resource == "deny":
        return "with an explicit deny in a resource-based policy"
    if principal.operator:
        return ""
    by_key = kms.by_key_policy(resource, action, principal.identities, context)
    if by_key == "deny":
        return "with an explicit deny in a resource-based policy"
    if by_key == "none":
        return f"because no resource-based policy allows the {action} action"
    if by_key == "allow":
        by_resource = "allow"
    by_identity = policy.evaluate(principals.identity_statements(principal), action, resource, context)
    if by_identity == "deny":
        return "with an explicit deny in an identity-based policy"
    boundary = principals.boundary_statements(principal)
    if boundary is not None:
        inside = policy.evaluate(boundary, action, resource, context)
        if inside == "deny":
            return "with an explicit deny in a permissions boundary"
        if inside == "none":
            return f"because no permissions boundary allows the {action} action"
    if "allow" not in (by_identity, by_resource):
        return f"because no identity-based policy allows the {action} action"
    return ""


def denial(principal: Principal, pairs: actions.Asked, context: dict[str, Any]) -> str:
    """The message of the first thing that is not allowed, or an empty string."""
    for action, resources in pairs:
        for resource in resources:
            reasons = [decide(principal, action, item, context) for item in resource.split("|")]
            if all(reasons):
                shown = resource.split("|")[-1]
                return (
                    f"User: {principal.arn} is not authorized to perform: {action} "
                    f"on resource: {shown} {reasons[0]}"
                )
    return ""


def check(call: Call, principal: Principal) -> None:
    """Refuse a call its caller's policies do not allow, in the shape its service uses."""
    if not settings.enforce_iam or (call.service, call.operation) in _FREE:
        return
    if principal.operator and call.service != "s3":
        return
    if call.service == "sts" and call.operation == "AssumeRole":
        _check_trust(call, principal)
        return
    context = actions.context(call)
    message = denial(principal, actions.asked(call), context)
    keys = {"s3": kms.used_by_s3, "secretsmanager": kms.used_by_secrets}
    if not message and call.service in keys and not principal.operator:
        through = {**context, "kms:ViaService": f"{call.service}.{call.region}.{url_suffix(call.region)}"}
        message = denial(principal, keys[call.service](call), through)
    _refuse(call, message)


def also(call: Call, pairs: actions.Asked, extra: dict[str, Any] | None = None) -> None:
    """Refuse a call whose caller lacks a right that the service looks for besides the call's own."""
    principal = principals.resolve(call.access_key, call.region)
    if settings.enforce_iam and not principal.operator:
        _refuse(call, denial(principal, pairs, {**actions.context(call), **(extra or {})}))


def _refuse(call: Call, message: str) -> None:
    """Raise the message in the shape of the call's service; nothing when there is none."""
    if not message:
        return
    if call.service == "ec2":
        raise AwsError(
            "UnauthorizedOperation", f"You are not authorized to perform this operation. {message}", 403
        )
    if call.service == "sns":
        raise AwsError("AuthorizationError", message, 403)
    if call.protocol in ("query", "rest-xml"):
        raise AwsError("AccessDenied", message, 403)
    raise AwsError("AccessDeniedException", message, 403 if call.protocol == "rest-json" else 400)


def _check_trust(call: Call, principal: Principal) -> None:
    role = str(call.params.get("RoleArn", ""))
    context = {"sts:ExternalId": call.params.get("ExternalId"), "aws:PrincipalArn": principal.arn}
    context = {key: value for key, value in context.items() if value is not None}
    if principal.operator and principals.role_of(role) is None:
        return
    if principal.operator or principals.trusts(role, principal.identities, context):
        return
    raise AwsError(
        "AccessDenied",
        f"User: {principal.arn} is not authorized to perform: sts:AssumeRole on resource: {role}",
        403,
    )


def simulate(
    role_arn: str, action: str, resource: str, region: str, extra: dict[str, Any] | None = None
) -> str:
    """Whether a role may do something a service does on its behalf; the message if not."""
    if not settings.enforce_iam:
        return ""
    name = role_arn.rsplit("/", 1)[-1]
    partition = partition_of(region)
    principal = Principal(
        f"arn:{partition}:sts::{ACCOUNT}:assumed-role/{name}/SageMaker",
        role_arn=role_arn,
        partition=partition,
    )
    context = {
        "aws:RequestedRegion": region,
        "aws:SecureTransport": "true",
        "aws:PrincipalAccount": ACCOUNT,
        **(extra or {}),
    }
    return denial(principal, [(action, [resource])], context)
