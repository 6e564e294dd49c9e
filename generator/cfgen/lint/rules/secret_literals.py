"""E9203: a credential written into the template."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cfgen.lint.evaluate import Path
from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import World

_KINDS = {
    "a Hugging Face token": r"\bhf_[A-Za-z0-9]{30,}\b",
    "an AWS access key": r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b",
    "an API key": r"\bsk-[A-Za-z0-9_-]{20,}",
    "a GitHub token": r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{40,})",
    "a Slack token": r"\bxox[abprs]-[A-Za-z0-9-]{10,}",
    "an NVIDIA API key": r"\bnvapi-[A-Za-z0-9_-]{40,}",
    "a private key": r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----",
}
_PATTERNS = [(name, re.compile(pattern)) for name, pattern in _KINDS.items()]


class SecretLiterals(Rule):
    """Tokens by their well-known shapes, anywhere in the template."""

    id = "E9203"
    shortdesc = "No credential is written into the template"
    description = (
        "A template is readable by anyone who may call GetTemplate, and a model's environment by anyone "
        "who may call DescribeModel. A token in either, or in a parameter's default, is in plain sight "
        "for good."
    )
    fix = "revoke the token, store a new one in Secrets Manager, and let code read it at run time"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/security-best-practices.html"
    source_title = "Security best practices for CloudFormation"
    tags = ("security", "secrets", "environment")
    choices = False

    def check_world(self, world: World) -> Hits:
        """Texts as written: an evaluated one may have been taken apart."""
        for text, path in _texts(world.template.raw, ()):
            for name, pattern in _PATTERNS:
                if found := pattern.search(text):
                    yield path, f"{name} in the template ('{found[0][:6]}…')"


def _texts(node: Any, path: Path) -> Iterator[tuple[str, Path]]:
    if isinstance(node, str):
        yield node, path
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(value, (*path, key))
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _texts(value, (*path, index))
