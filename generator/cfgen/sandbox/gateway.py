"""The one port: every request is identified, delayed or failed on demand, authorized, and answered.

CloudFormation, CodeBuild, Step Functions, SageMaker hosting and the running of Lambda functions are answered
here; everything else by moto.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterable
from typing import Any

from moto.core.exceptions import ServiceException

from cfgen.sandbox import admin, constraints, services, wire
from cfgen.sandbox.faults import faults
from cfgen.sandbox.iam import enforce, principals
from cfgen.sandbox.registry import AFTER, BEFORE, OPERATIONS, OWN_SERVICES
from cfgen.sandbox.services import function_urls, http_api
from cfgen.sandbox.wire import AwsError, Call

_log = logging.getLogger("cfgen.sandbox")


class Gateway:
    """The WSGI application in front of moto."""

    def __init__(self, moto: Any) -> None:
        self.moto = moto
        services.load_all()
        function_urls.install()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ.get("PATH_INFO", "").startswith(http_api.PREFIX):
            return wire.send(start_response, http_api.answer(environ))
        if environ.get("PATH_INFO", "").startswith(function_urls.PREFIX):
            return wire.send(start_response, function_urls.answer(environ))
        if environ.get("PATH_INFO", "").startswith("/_sandbox/"):
            return wire.send(start_response, admin.answer(environ))
        call = wire.read(environ)
        if call is None:
            return self.moto(environ, start_response)  # type: ignore[no-any-return]
        try:
            return self._answer(call, environ, start_response)
        except AwsError as error:
            return wire.send(start_response, wire.write(call, error))
        except ServiceException as error:
            return wire.send(start_response, wire.write(call, AwsError(error.code, error.message)))
        except NotImplementedError:
            # what moto lacks; a client need not try again
            if call.model is None:
                raise
            message = f"{call.service} {call.operation} is not imitated by the cfgen sandbox"
            return wire.send(start_response, wire.write(call, AwsError("UnsupportedOperation", message)))
        except Exception as error:
            _log.error("%s.%s\n%s", call.service, call.operation, traceback.format_exc())
            if call.model is None:
                raise
            message = f"Internal failure of the cfgen sandbox: {type(error).__name__}: {error}"
            return wire.send(start_response, wire.write(call, AwsError("InternalFailure", message, 500)))

    def _answer(self, call: Call, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        principal = principals.resolve(call.access_key, call.region)
        faults.on_call(call, principal.role_arn or principal.arn)
        enforce.check(call, principal)
        constraints.check(call)
        handler = OPERATIONS.get((call.service, call.operation))
        if handler is not None:
            _log.debug("%s.%s by %s", call.service, call.operation, principal.arn)
            return wire.send(start_response, wire.write(call, handler(call)))
        if call.service in OWN_SERVICES:
            raise AwsError(
                "UnsupportedOperation",
                f"{call.service} {call.operation} is not imitated by the cfgen sandbox",
            )
        if first := BEFORE.get((call.service, call.operation)):
            first(call)
        then = AFTER.get((call.service, call.operation))
        if then is None:
            return self.moto(environ, start_response)  # type: ignore[no-any-return]
        return self._moto_then(call, environ, start_response, then)

    def _moto_then(
        self, call: Call, environ: dict[str, Any], start_response: Any, then: Any
    ) -> Iterable[bytes]:
        seen: dict[str, Any] = {}

        def capture(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            seen["status"] = int(status.split(" ", 1)[0])
            seen["headers"] = dict(headers)
            return start_response(status, headers, exc_info) if exc_info else start_response(status, headers)

        body = b"".join(self.moto(environ, capture))
        if seen.get("status", 500) < 300:
            then(call, (seen["status"], seen["headers"], body))
        return [body]
