"""boto3 at arm's length: sessions, clients, the region as the AWS CLI finds it, errors as cfgen's own.

boto3 is imported inside functions: rendering and linting work without it.
"""

from __future__ import annotations

import functools
import os
import re
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cfgen import __version__
from cfgen.deploy import errors
from cfgen.errors import extra

_CREDENTIALS = (
    "NoCredentialsError", "PartialCredentialsError", "CredentialRetrievalError", "NoAuthTokenError",
    "UnauthorizedSSOTokenError", "SSOTokenLoadError", "TokenRetrievalError", "ProfileNotFound",
    "ConfigParseError", "ConfigNotFound", "InvalidConfigError", "MetadataRetrievalError",
)  # fmt: skip
_REFUSED_KEYS = (
    "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "AuthFailure",
    "InvalidAccessKeyId", "MissingAuthenticationToken", "IncompleteSignature",
)  # fmt: skip
_EXPIRED = ("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired")
_THROTTLED = (
    "Throttling", "ThrottlingException", "ThrottledException", "RequestLimitExceeded", "TooManyRequestsException",
    "SlowDown", "RequestThrottled", "RequestThrottledException", "BandwidthLimitExceeded",
)  # fmt: skip
_PASSING = (
    "InternalFailure",
    "InternalError",
    "InternalServerError",
    "ServiceUnavailable",
    "ServiceUnavailableException",
)
_NETWORK = (
    "EndpointConnectionError", "ConnectTimeoutError", "ReadTimeoutError", "ConnectionClosedError",
    "ConnectionError", "SSLError", "ProxyConnectionError", "HTTPClientError", "IncompleteReadError",
    "ResponseStreamingError",
)  # fmt: skip
_DENIED = re.compile(r"is not authorized to perform:? (?P<action>[\w-]+:\w+)")


def boto() -> Any:
    """The boto3 module. Raises ToolMissing when it is not installed."""
    try:
        import boto3  # type: ignore[import-not-found, import-untyped, unused-ignore]
    except ImportError as error:
        raise errors.ToolMissing("boto3 is not installed", hint=extra("deploy")) from error
    return boto3


_LOCK = threading.Lock()


def _core() -> Any:
    """A botocore session that shares its service descriptions with all others: SageMaker's alone takes tens of MB."""
    boto()
    import botocore.session  # type: ignore[import-not-found, import-untyped, unused-ignore]

    core = botocore.session.Session()
    with _LOCK:
        core.register_component("data_loader", _loader(core.get_config_variable("data_path")))
    return core


@functools.cache
def _loader(data_path: str | None) -> Any:
    from botocore.loaders import create_loader  # type: ignore[import-not-found, import-untyped, unused-ignore]

    return create_loader(data_path)


class Aws:
    """The clients of one region and profile, made when first asked for. Not shared between threads.

    ``attempts`` and ``patience``: how often a call is tried, and the seconds that an answer may take.
    """

    def __init__(
        self, region: str, profile: str | None = None, *, attempts: int = 6, patience: float = 70
    ) -> None:
        self.region, self.profile = region, profile
        self._attempts, self._patience = attempts, patience
        self._session: Any = None
        self._clients: dict[str, Any] = {}

    @property
    def session(self) -> Any:
        """The boto3 session."""
        if self._session is None:
            with aws_errors("load the AWS configuration"):
                self._session = boto().session.Session(
                    region_name=self.region, profile_name=self.profile, botocore_session=_core()
                )
        return self._session

    def client(self, service: str) -> Any:
        """A client that retries throttled calls by itself (botocore's standard mode)."""
        if service not in self._clients:
            session = self.session
            from botocore.config import Config  # type: ignore[import-not-found, import-untyped, unused-ignore]

            # an InvokeEndpoint answer may take 60 s ("InvokeEndpoint": model response within 60 seconds)
            config = Config(
                retries={"mode": "standard", "total_max_attempts": self._attempts},
                connect_timeout=10,
                read_timeout=self._patience,
                user_agent_extra=f"cfgen/{__version__}",
            )
            with aws_errors(f"reach {service}"):
                self._clients[service] = session.client(service, config=config)
        return self._clients[service]

    def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def __enter__(self) -> Aws:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def default_region(profile: str | None = None) -> str:
    """The region the AWS CLI would take: AWS_REGION, AWS_DEFAULT_REGION, then the profile's.

    Raises RegionMissing.
    """
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if value := os.environ.get(name):
            return value
    with aws_errors("read the AWS configuration"):
        configured = boto().session.Session(profile_name=profile).region_name
    if not configured:
        raise errors.RegionMissing(
            "no region: none given, none in the environment, none in the AWS configuration",
            hint="--region us-east-1, AWS_REGION=us-east-1 or `aws configure`",
        )
    return str(configured)


def code_of(error: BaseException) -> str:
    """The AWS error code of a botocore ClientError, else the exception's class name."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Code", ""))
    return type(error).__name__


def text_of(error: BaseException) -> str:
    """AWS's own message of a ClientError, else the exception's text."""
    response = getattr(error, "response", None)
    if isinstance(response, dict):
        return str(response.get("Error", {}).get("Message") or error)
    return str(error)


def passing(error: BaseException) -> bool:
    """Whether the failure is one that another try may not meet: throttling, a server's fault, the network."""
    if isinstance(error, (errors.Throttled, errors.Unreachable)):
        return True
    response = getattr(error, "response", None)
    status = (
        response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) if isinstance(response, dict) else 0
    )
    return code_of(error) in (*_THROTTLED, *_PASSING, *_NETWORK) or status >= 500


def translate(error: BaseException, doing: str) -> errors.DeployError:
    """cfgen's exception for botocore's."""
    code, text = code_of(error), text_of(error)
    said = f"cannot {doing}: {text}"
    if code in _CREDENTIALS:
        return errors.CredentialsMissing(
            f"cannot {doing}: no AWS credentials: {text}",
            hint="`aws configure sso` or `aws configure`, or --profile; `cfgen deploy --sandbox` needs none",
        )
    if code in _EXPIRED:
        return errors.CredentialsExpired(
            f"cannot {doing}: the AWS credentials have expired",
            hint="log in anew, then `cfgen status --follow`",
        )
    if code in _REFUSED_KEYS:
        return errors.CredentialsMissing(
            f"cannot {doing}: AWS does not accept these credentials: {text}",
            hint="check --profile and the environment; a region that must be enabled first refuses keys too",
        )
    if code in _THROTTLED:
        return errors.Throttled(
            said, hint="AWS asks to slow down: try again, or fewer at once (--max-concurrency)"
        )
    if code.startswith("AccessDenied") or code in {"UnauthorizedOperation", "UnauthorizedException"}:
        found = _DENIED.search(text)
        action = found["action"] if found else ""
        return errors.AccessDenied(
            said,
            hint=f"the caller needs {action} (or --role-arn of a role that has it)"
            if action
            else "ask for the right",
        )
    if code in _NETWORK:
        return errors.Unreachable(
            said, hint="check the network, the proxy and that the region exists and is enabled"
        )
    return errors.AwsError(said)


@contextmanager
def aws_errors(doing: str) -> Iterator[None]:
    """Turn botocore's exceptions inside the block into cfgen's."""
    try:
        yield
    except errors.DeployError:
        raise
    except Exception as error:
        if type(error).__module__.startswith(("botocore", "boto3")):
            raise translate(error, doing) from error
        if not _in_botocore(error):
            raise
        # botocore leaves what is wrong with an address, a token file or a credential process as Python says it
        about = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) else str(error)
        raise errors.AwsError(
            f"cannot {doing}: the AWS configuration cannot be used: {about}",
            hint="check AWS_ENDPOINT_URL, and the profile with its credential_process or token file",
        ) from error


def _in_botocore(error: Exception) -> bool:
    """Whether a ValueError or OSError comes from within botocore, not from the block around it."""
    if not isinstance(error, ValueError | OSError) or isinstance(error, BrokenPipeError):
        return False
    files = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    return any("botocore" in Path(file).parts for file in files)


def pages(call: Callable[..., Any], key: str, token: str = "NextToken", **arguments: Any) -> Iterator[Any]:
    """The items of every page of a listing call."""
    more: dict[str, str] = {}
    while True:
        page = call(**arguments, **more)
        yield from page.get(key, ())
        if not page.get(token):
            return
        more = {token: page[token]}


def regions_of(given: Sequence[str], profile: str | None) -> list[str]:
    """The regions asked for, without repeats, else the default one."""
    return list(dict.fromkeys(given)) or [default_region(profile)]
