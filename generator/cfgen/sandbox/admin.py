"""The sandbox's own paths under ``/_sandbox/``: health, settings, faults, hub, schedules, response and handle URLs."""

from __future__ import annotations

import json
import os
import resource
from typing import Any
from urllib.parse import parse_qs

from cfgen.sandbox import responses, wire
from cfgen.sandbox.faults import faults
from cfgen.sandbox.hub import hub
from cfgen.sandbox.settings import settings
from cfgen.sandbox.wire import Response, json_response


def answer(environ: dict[str, Any]) -> Response:
    """Route one of the sandbox's own requests."""
    path = environ["PATH_INFO"].removeprefix("/_sandbox/").strip("/")
    method = environ["REQUEST_METHOD"]
    body = wire.buffer_body(environ)
    head, _, rest = path.partition("/")
    if head in ("response", "handle"):
        return responses.receive(head, rest, method, body, environ.get("CONTENT_TYPE") or "")
    try:
        return _own(head, rest, method, body, environ)
    except (ValueError, KeyError, TypeError) as error:
        return json_response({"error": f"{type(error).__name__}: {error}"}, 400)


def _own(head: str, rest: str, method: str, body: bytes, environ: dict[str, Any]) -> Response:
    given = json.loads(body) if body else {}
    if head == "health":
        usage = resource.getrusage(resource.RUSAGE_SELF)
        url = settings.environment.get("HF_ENDPOINT", "")
        return json_response(
            {
                "sandbox": "cfgen",
                "aws": False,
                "pid": os.getpid(),
                "max_rss_kb": usage.ru_maxrss,
                "status": "ok",
                "hub": {"url": url, "standIn": url == hub.url},
            }
        )
    if head == "settings":
        if method == "POST":
            settings.update(given)
        return json_response(settings.view())
    if head == "faults":
        if method == "DELETE":
            faults.clear()
        elif method == "POST":
            faults.add(given)
        return json_response(faults.view())
    if head == "hub":
        for name, paths in given.items():
            hub.add(str(name), [str(path) for path in paths])
        return json_response(hub.more)
    if head == "inventory":
        from cfgen.sandbox.inventory import inventory

        return json_response(inventory())
    if head == "fire":
        from cfgen.sandbox.services import schedules

        region = parse_qs(environ.get("QUERY_STRING", "")).get("region", ["us-east-1"])[0]
        return json_response(schedules.fire(rest or given["name"], given.get("region", region)))
    return json_response({"error": f"no such path: {head}"}, 404)
