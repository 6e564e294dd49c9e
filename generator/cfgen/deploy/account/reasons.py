"""Why a reading gave nothing, in a few words; faults of cfgen's own are raised."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from cfgen.deploy import errors
from cfgen.deploy.session import code_of, text_of, translate

T = TypeVar("T")


def attempt(call: Callable[[], T]) -> tuple[T | None, str]:
    """What a call gives, and an empty text; or None and why it gives nothing."""
    try:
        return call(), ""
    except Exception as error:
        return None, why(error)


def why(error: Exception) -> str:
    """A short reason for an error of AWS, its client or the network. Raises any other."""
    if not isinstance(error, errors.DeployError):
        if not type(error).__module__.startswith(("botocore", "boto3")):
            raise error
        known: errors.DeployError = translate(error, "read it")
    else:
        known = error
    if isinstance(known, errors.AccessDenied):
        return f"not allowed: {known.hint}" if "needs" in known.hint else "not allowed"
    if isinstance(known, errors.Throttled):
        return "AWS asks to slow down"
    if isinstance(known, errors.Unreachable):
        return "AWS does not answer"
    if isinstance(known, errors.CredentialsExpired):
        return "the AWS credentials have expired"
    if isinstance(known, errors.CredentialsMissing):
        return "no AWS credentials that AWS accepts"
    if error is known:
        return known.message
    return f"{code_of(error)}: {text_of(error)}"[:160]
