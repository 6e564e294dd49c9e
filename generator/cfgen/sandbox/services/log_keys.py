"""The keys of log groups after they are made, which moto does not know."""

from __future__ import annotations

from typing import Any

from moto.logs.models import logs_backends

from cfgen.sandbox.iam.kms import refuse_log_key
from cfgen.sandbox.registry import operation
from cfgen.sandbox.wire import AwsError, Call


def _group(call: Call) -> Any:
    name = str(call.params.get("logGroupName", ""))
    group = logs_backends[call.account][call.region].groups.get(name)
    if group is None:
        raise AwsError("ResourceNotFoundException", "The specified log group does not exist.")
    return group


@operation("logs")
def associate_kms_key(call: Call) -> dict[str, Any]:
    """From now on the group's logs are encrypted with a key."""
    group = _group(call)
    refuse_log_key(call)
    group.kms_key_id = call.params["kmsKeyId"]
    return {}


@operation("logs")
def disassociate_kms_key(call: Call) -> dict[str, Any]:
    """From now on with CloudWatch Logs' own."""
    _group(call).kms_key_id = None
    return {}
