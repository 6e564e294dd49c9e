"""All generated pages: file under ``docs/`` → the function that writes its text."""

from __future__ import annotations

import json
from collections.abc import Callable

from cfgen.docs import commands, spec, templates
from cfgen.spec.schema import json_schema


def schema() -> str:
    """The JSON Schema, in the bytes that ``cfgen schema`` prints."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "reference/commands.md": commands.page,
    "reference/spec.md": spec.page,
    "reference/templates.md": templates.page,
    "spec.schema.json": schema,
}
