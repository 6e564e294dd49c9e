"""Stack + part files → Template. Knows no AWS facts; takes no decisions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cfgen.render.template import MAX_DIRECT_BYTES, Template

if TYPE_CHECKING:
    from cfgen.resolve.stack import Stack

__all__ = ["FORMS", "MAX_DIRECT_BYTES", "Template", "render"]

FORMS = ("cfn", "sam")
"""What a front door is written in: CloudFormation's resources, which every launcher takes, or AWS SAM's."""


def render(stack: Stack, form: str = "cfn") -> Template:
    """Render ``stack``; see :func:`cfgen.render.rendering.render`. Jinja is imported only now."""
    from cfgen.render.rendering import render as render_stack

    return render_stack(stack, form)
