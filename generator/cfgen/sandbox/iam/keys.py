"""Secret halves of minted keys, so that a service can go on with its caller's credentials."""

from __future__ import annotations

from moto.sts.models import sts_backends

from cfgen.sandbox.clients import Credentials
from cfgen.sandbox.wire import ACCOUNT


def keys_of(access_key: str) -> Credentials:
    """The whole keys behind an access key: a role session's, or the operator's."""
    for partition in ("aws", "aws-cn", "aws-us-gov"):
        found = sts_backends[ACCOUNT][partition].get_assumed_role_from_access_key(access_key)
        if found is not None:
            return Credentials(found.access_key_id, found.secret_access_key, found.session_token)
    # signatures are not checked here: an IAM user's access key alone tells who calls
    return Credentials(access_key, "unchecked") if access_key.startswith("AKIA") else Credentials()
