"""The sandbox's server, with two more faults than it has: answers refused, and events delivered at a test's will.

Run by tests/build/conftest.py in the place of `python -m cfgen.sandbox.server`. `FOLDER/control.json` says what
goes wrong; every event for a function is written to `FOLDER/events.jsonl`.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path
from typing import Any

from cfgen.sandbox import responses, server
from cfgen.sandbox.services import functions
from cfgen.sandbox.wire import Response

FOLDER = Path(sys.argv[sys.argv.index("--folder") + 1])
LOCK = threading.Lock()
RECEIVE, INVOKE = responses.receive, functions.invoke_later


def control(name: str, change: int = 0) -> int:
    """A number of the control file; a change counts it down."""
    with LOCK:
        try:
            values = json.loads((FOLDER / "control.json").read_text())
        except (OSError, ValueError):
            return 0
        value = int(values.get(name, 0))
        if change and value > 0:
            (FOLDER / "control.json").write_text(json.dumps({**values, name: value + change}))
        return value


def receive(kind: str, rest: str, method: str, body: bytes, content_type: str) -> Response:
    """Refuse so many answers of custom resources ("response") or signals of builds ("handle")."""
    if control(kind, -1) > 0:
        with LOCK, (FOLDER / "refused.jsonl").open("a") as file:
            file.write(json.dumps([kind, body.decode()]) + "\n")
        return 503, {"Content-Type": "application/xml"}, b"<Error><Code>ServiceUnavailable</Code></Error>"
    return RECEIVE(kind, rest, method, body, content_type)


def invoke_later(function: Any, event: Any) -> None:
    """Write down the event, and deliver it once, several times or (`withhold`) not at all."""
    request = event.get("RequestType", "") if isinstance(event, dict) else ""
    with LOCK, (FOLDER / "events.jsonl").open("a") as file:
        file.write(json.dumps(event) + "\n")
    if request and control(f"withhold-{request}", -1) > 0:
        return
    for _ in range(2 if request and control("twice") else 1):
        INVOKE(function, event)


responses.receive, functions.invoke_later = receive, invoke_later

if __name__ == "__main__":
    server.main()
