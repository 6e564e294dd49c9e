"""What the service models say a parameter may be (enumerations, patterns, lengths, ranges), checked as services do.

botocore leaves these checks to the service, and moto makes few of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from cfgen.sandbox.wire import AwsError, Call

# where requests are held to the model, and the code of the error
CODES = {
    "apigatewayv2": "BadRequestException",
    "application-autoscaling": "ValidationException",
    "budgets": "InvalidParameterException",
    "cloudwatch": "ValidationError",
    "sagemaker": "ValidationException",
    "scheduler": "ValidationException",
}


def check(call: Call) -> None:
    """Refuse a call whose parameters break the model's constraints, naming all of them in the services' words."""
    code = CODES.get(call.service)
    if code is None or call.model is None or call.model.input_shape is None:
        return
    found = list(_problems(call.params, call.model.input_shape, ""))
    if found:
        plural = "s" if len(found) > 1 else ""
        raise AwsError(code, f"{len(found)} validation error{plural} detected: {'; '.join(found)}")


def _problems(value: Any, shape: Any, path: str) -> Iterator[str]:
    if value is None:
        return
    if shape.type_name == "structure" and isinstance(value, dict):
        for name, member in shape.members.items():
            inner = name[:1].lower() + name[1:]
            yield from _problems(value.get(name), member, f"{path}.{inner}" if path else inner)
    elif shape.type_name == "list" and isinstance(value, list):
        yield from _length(value, shape, path)
        for index, item in enumerate(value, 1):
            yield from _problems(item, shape.member, f"{path}.{index}.member")
    elif shape.type_name == "map" and isinstance(value, dict):
        for key, item in value.items():
            yield from _problems(key, shape.key, f"{path}.{key}.key")
            yield from _problems(item, shape.value, f"{path}.{key}.member")
    elif shape.type_name == "string" and isinstance(value, str):
        yield from _text(value, shape, path)
    elif shape.type_name in ("integer", "long", "float", "double"):
        yield from _range(value, shape, path)


def _told(value: Any, path: str, constraint: str) -> str:
    return f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"


def _text(value: str, shape: Any, path: str) -> Iterator[str]:
    if shape.enum and value not in shape.enum:
        yield _told(value, path, f"satisfy enum value set: [{', '.join(sorted(shape.enum))}]")
    pattern = _pattern(shape.metadata.get("pattern", ""))
    if pattern is not None and not pattern.fullmatch(value):
        yield _told(value, path, f"satisfy regular expression pattern: {pattern.pattern}")
    yield from _length(value, shape, path)


def _length(value: Any, shape: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        yield _told(value, path, f"have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _told(value, path, f"have length less than or equal to {most}")


def _range(value: Any, shape: Any, path: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and float(value) < float(least):
        yield _told(value, path, f"have value greater than or equal to {least}")
    if most is not None and float(value) > float(most):
        yield _told(value, path, f"have value less than or equal to {most}")


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str] | None:
    try:
        return re.compile(text, re.DOTALL) if text else None
    except re.error:
        # a few of the models' expressions are Java's own
        return None
