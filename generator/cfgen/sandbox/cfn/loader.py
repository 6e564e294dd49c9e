"""Template text into Python data: JSON or YAML with CloudFormation's short forms."""

from __future__ import annotations

import json
from typing import Any

import yaml

from cfgen.document import Loader
from cfgen.sandbox.cfn.errors import TemplateError


def load(text: str) -> dict[str, Any]:
    """The template as a mapping; malformed text is refused as AWS refuses it."""
    stripped = text.lstrip()
    if stripped.startswith("{"):
        try:
            data: Any = json.loads(text)
        except json.JSONDecodeError as error:
            raise TemplateError(
                f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})"
            ) from None
    else:
        try:
            data = yaml.load(text, Loader=Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
            raise TemplateError(f"Template format error: YAML not well-formed.{place}") from None
        except yaml.YAMLError:
            raise TemplateError("Template format error: YAML not well-formed.") from None
    if not isinstance(data, dict):
        raise TemplateError("Template format error: unsupported structure.")
    return data
