"""Whether somebody has set up AWS on this machine, told without boto3: importing it takes longer than a whole plan.

Only a guess, from what the AWS CLI looks at first ("Configuration and credential precedence"): it decides whether to
ask AWS at all, never with what.
"""

from __future__ import annotations

import os
from pathlib import Path

_VARIABLES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_PROFILE",
    "AWS_DEFAULT_PROFILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
)


def present() -> bool:
    """Whether there are credentials in the environment or in files. Those of an EC2 instance's role are not seen."""
    return any(os.environ.get(name) for name in _VARIABLES) or any(
        _file(name, default).is_file()
        for name, default in (("AWS_SHARED_CREDENTIALS_FILE", "credentials"), ("AWS_CONFIG_FILE", "config"))
    )


def configured() -> bool:
    """Whether a region may be configured."""
    return any(os.environ.get(name) for name in ("AWS_REGION", "AWS_DEFAULT_REGION")) or present()


def _file(name: str, default: str) -> Path:
    given = os.environ.get(name)
    return Path(given).expanduser() if given else Path.home() / ".aws" / default
