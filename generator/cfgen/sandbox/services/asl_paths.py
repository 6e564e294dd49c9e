"""Amazon States Language: reference paths, payload templates and intrinsic functions."""

from __future__ import annotations

import base64
import copy
import hashlib
import json
import math
import random
import re
import uuid
from typing import Any


class PathError(Exception):
    """A path that leads nowhere, or a function that cannot be computed."""


_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(-?\d+)\]|\['([^']+)'\]|\[\"([^\"]+)\"\]|\[\*\]")


def get(data: Any, path: str, context: Any = None) -> Any:
    """The value at ``$.a.b[0]``, or in the context object for ``$$.…``."""
    if path.startswith("$$"):
        data, path = context, path[1:]
    if not path.startswith("$"):
        raise PathError(f"Invalid path '{path}'")
    rest, at = path[1:], 0
    while at < len(rest):
        match = _STEP.match(rest, at)
        if match is None:
            raise PathError(f"Invalid path '{path}': the cfgen sandbox reads fields and indexes only")
        at = match.end()
        key = match.group(1) or match.group(3) or match.group(4)
        try:
            if key is not None:
                data = data[key]
            elif match.group(2) is not None:
                data = data[int(match.group(2))]
            else:
                tail = "$" + rest[at:]
                return [get(item, tail) for item in (data.values() if isinstance(data, dict) else data)]
        except (KeyError, IndexError, TypeError):
            raise PathError(
                f"The JSONPath '{path}' could not be found in the input '{json.dumps(data)[:200]}'"
            ) from None
    return data


def put(data: Any, path: str, value: Any) -> Any:
    """The data with a value placed at a reference path."""
    if path == "$":
        return value
    root = copy.deepcopy(data) if isinstance(data, dict) else {}
    steps = [match.group(1) or match.group(3) or match.group(4) for match in _STEP.finditer(path[1:])]
    at = root
    for step in steps[:-1]:
        if not isinstance(at.get(step), dict):
            at[step] = {}
        at = at[step]
    at[steps[-1]] = value
    return root


def fill(template: Any, data: Any, context: Any) -> Any:
    """A payload template: keys that end in ``.$`` take a path's value or a function's."""
    if isinstance(template, list):
        return [fill(item, data, context) for item in template]
    if not isinstance(template, dict):
        return template
    made: dict[str, Any] = {}
    for key, value in template.items():
        if key.endswith(".$"):
            made[key[:-2]] = compute(str(value), data, context)
        else:
            made[key] = fill(value, data, context)
    return made


def compute(text: str, data: Any, context: Any) -> Any:
    """A path or an intrinsic function."""
    text = text.strip()
    if text.startswith("$"):
        return get(data, text, context)
    if not text.startswith("States."):
        raise PathError(f"'{text}' is neither a path nor an intrinsic function")
    name, _, rest = text.partition("(")
    if not rest.endswith(")"):
        raise PathError(f"'{text}' is not well-formed")
    arguments = [_argument(part, data, context) for part in _split(rest[:-1])]
    function = _FUNCTIONS.get(name)
    if function is None:
        raise PathError(f"the cfgen sandbox does not know {name}")
    try:
        return function(*arguments)
    except (TypeError, ValueError, IndexError, KeyError) as error:
        raise PathError(f"{name}: {error}") from None


def _split(text: str) -> list[str]:
    parts, depth, quoted, current, at = [], 0, False, "", 0
    while at < len(text):
        char = text[at]
        if quoted and char == "\\":
            current += text[at : at + 2]
            at += 2
            continue
        if char == "'":
            quoted = not quoted
        elif not quoted and char in "([":
            depth += 1
        elif not quoted and char in ")]":
            depth -= 1
        if char == "," and not quoted and not depth:
            parts.append(current.strip())
            current = ""
        else:
            current += char
        at += 1
    return [*parts, current.strip()] if current.strip() else parts


def _argument(text: str, data: Any, context: Any) -> Any:
    if text.startswith("'"):
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    if text.startswith(("$", "States.")):
        return compute(text, data, context)
    try:
        return json.loads(text)
    except ValueError:
        raise PathError(f"'{text}' is no argument") from None


def _format(template: str, *values: Any) -> str:
    parts = template.split("{}")
    if len(parts) - 1 != len(values):
        raise ValueError("as many arguments as {} are needed")
    shown = [value if isinstance(value, str) else json.dumps(value) for value in values]
    return "".join(part + (shown[index] if index < len(shown) else "") for index, part in enumerate(parts))


def _merge(left: dict[str, Any], right: dict[str, Any], _deep: bool = False) -> dict[str, Any]:
    return {**left, **right}


_FUNCTIONS: dict[str, Any] = {
    "States.Array": lambda *items: list(items),
    "States.ArrayContains": lambda items, value: value in items,
    "States.ArrayGetItem": lambda items, index: items[index],
    "States.ArrayLength": len,
    "States.ArrayPartition": lambda items, size: [items[at : at + size] for at in range(0, len(items), size)],
    "States.ArrayRange": lambda first, last, step: list(range(first, last + (1 if step > 0 else -1), step)),
    "States.ArrayUnique": lambda items: list(
        {json.dumps(item, sort_keys=True): item for item in items}.values()
    ),
    "States.Base64Decode": lambda text: base64.b64decode(text).decode(),
    "States.Base64Encode": lambda text: base64.b64encode(text.encode()).decode(),
    "States.Format": _format,
    "States.Hash": lambda text, kind: hashlib.new(
        kind.replace("-", "").lower(), str(text).encode()
    ).hexdigest(),
    "States.JsonMerge": _merge,
    "States.JsonToString": lambda value: json.dumps(value, separators=(",", ":")),
    "States.MathAdd": lambda left, right: math.trunc(left + right),
    "States.MathRandom": lambda low, high, *_: random.randrange(low, high),
    "States.StringSplit": lambda text, marks: [
        part for part in re.split(f"[{re.escape(marks)}]", text) if part
    ],
    "States.StringToJson": json.loads,
    "States.UUID": lambda: str(uuid.uuid4()),
}
