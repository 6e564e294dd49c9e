"""mkdocs hook: links to files of the repository that are no pages become plain text on the site."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"\[([^\]]+)\]\((?:\.\./)+((?:templates|specs|tests|generator|bench)/[^)\s]*)\)")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """``[build.py](../../templates/functions/build.py)`` → ``templates/functions/build.py`` as code."""
    return _OUTSIDE.sub(r"`\2`", markdown)
