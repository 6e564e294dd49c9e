"""Runs one invocation of a Python Lambda function; a process of its own, nothing of cfgen imported.

Reads ``{"event": …, "context": …}`` from stdin, writes the outcome to the file named on the command line.
"""

import importlib
import io
import json
import logging
import sys
import time
import traceback
from pathlib import Path
from typing import Any


class Context:
    """What a handler gets as its second argument."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)
        self.identity = None
        self.client_context = None

    _deadline = 0.0

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))

    def log(self, message: Any) -> None:
        sys.stdout.write(str(message))


def describe(error: BaseException) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    shown = [
        f'  File "{f.filename}", line {f.lineno}, in {f.name}\n    {f.line}\n'
        for f in frames
        if "bootstrap" not in f.filename
    ]
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": "",
        "stackTrace": shown,
    }


def main() -> None:
    outcome_file, handler_name = sys.argv[1], sys.argv[2]
    given = json.loads(sys.stdin.read())
    sys.stdin = io.StringIO()
    logging.basicConfig(
        level=logging.WARNING, format="[%(levelname)s]\t%(asctime)s\t%(message)s", stream=sys.stdout
    )
    context = Context(given["context"])
    outcome: dict[str, Any] = {}
    try:
        module_name, _, function_name = handler_name.rpartition(".")
        try:
            module = importlib.import_module(module_name.replace("/", "."))
        except ImportError as error:
            name = f"Unable to import module '{module_name}': {error}"
            raise type("Runtime.ImportModuleError", (Exception,), {})(name) from error
        handler = getattr(module, function_name, None)
        if handler is None:
            text = f"Handler '{function_name}' missing on module '{module_name}'"
            raise type("Runtime.HandlerNotFound", (Exception,), {})(text)
        result = handler(given["event"], context)
        try:
            outcome = {"payload": json.dumps(result)}
        except TypeError as error:
            text = f"Unable to marshal response: {error}"
            raise type("Runtime.MarshalError", (Exception,), {})(text) from error
    except SystemExit as error:
        outcome = {
            "error": {
                "errorMessage": f"Runtime exited with status: {error.code}",
                "errorType": "Runtime.ExitError",
            }
        }
    except BaseException as error:
        details = describe(error)
        details["requestId"] = given["context"]["aws_request_id"]
        print(
            f"[ERROR] {details['errorType']}: {details['errorMessage']}\nTraceback (most recent call last):"
        )
        print("".join(details["stackTrace"]))
        outcome = {"error": details}
    Path(outcome_file).write_text(json.dumps(outcome))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
