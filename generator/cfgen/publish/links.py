"""Quick-create links and launch-stack badges ("Create quick-create links for stacks").

Everything after ``#`` stays in the browser: no server sees the parameters, and no server limits the length.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from cfgen.catalogue.consoles import CONSOLES

BADGE = "https://s3.amazonaws.com/cloudformation-examples/cloudformation-launch-stack.png"
"""The picture of a "Launch Stack" button that AWS's own examples show."""
MAX_STACK_NAME = 128
"""Characters of a stack's name (CreateStack, "StackName")."""


def quick_create(
    region: str, partition: str, url: str, stack: str, parameters: Mapping[str, str] | None = None
) -> str | None:
    """The link that opens the console's review page with template, name and parameters filled in.

    None for a partition whose console is not public. The console ignores NoEcho parameters in a link.
    """
    domain = CONSOLES.get(partition)
    if domain is None:
        return None
    fields = {"templateURL": url, "stackName": stack}
    fields |= {f"param_{name}": value for name, value in (parameters or {}).items()}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items())
    return f"https://{region}.{domain}/cloudformation/home?region={region}#/stacks/create/review?{query}"


def badge(link: str, label: str = "Launch Stack") -> str:
    """A launch-stack badge in Markdown."""
    return f"[![{label}]({BADGE})]({link})"
