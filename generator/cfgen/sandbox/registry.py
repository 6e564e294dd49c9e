"""The operations this sandbox answers itself, and what it does after moto has answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cfgen.sandbox.wire import Call, Response

Handler = Callable[[Call], Any]
Before = Callable[[Call], None]
After = Callable[[Call, Response], None]

OPERATIONS: dict[tuple[str, str], Handler] = {}
# services of which nothing is left to moto: an operation not listed is refused by name
OWN_SERVICES: set[str] = {
    "cloudformation",
    "codebuild",
    "servicecatalog",
    "stepfunctions",
    "sagemaker-runtime",
}
BEFORE: dict[tuple[str, str], Before] = {}
AFTER: dict[tuple[str, str], After] = {}


def operation(service: str, name: str = "") -> Callable[[Handler], Handler]:
    """Enter a function as the handler of an API operation (its own name in CamelCase by default)."""

    def enter(function: Handler) -> Handler:
        camel = name or "".join(part.capitalize() for part in function.__name__.split("_"))
        OPERATIONS[service, camel] = function
        return function

    return enter


def before(service: str, name: str) -> Callable[[Before], Before]:
    """Enter a function that may refuse a call before moto sees it."""

    def enter(function: Before) -> Before:
        BEFORE[service, name] = function
        return function

    return enter


def after(service: str, name: str) -> Callable[[After], After]:
    """Enter a function that sees a call once moto has answered it."""

    def enter(function: After) -> After:
        AFTER[service, name] = function
        return function

    return enter
