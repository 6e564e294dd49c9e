"""All generated pages: file under ``docs/`` → text."""

from __future__ import annotations

import json

from cfgen.docs import commands, spec, templates
from cfgen.spec.schema import json_schema


def pages() -> dict[str, str]:
    """Every generated file by its path under ``docs/``."""
    return {
        "reference/commands.md": commands.page(),
        "reference/spec.md": spec.page(),
        "reference/templates.md": templates.page(),
        # the bytes that `cfgen schema` prints
        "spec.schema.json": json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n",
    }
