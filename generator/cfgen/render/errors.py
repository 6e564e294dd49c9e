"""What can go wrong while rendering; every one of these is a fault of a part file or of cfgen, not of a spec,
except TemplateTooLarge.

::

    RenderError(CfgenError)
    ├── UnprintableValue     an expression gave something that is no JSON value
    ├── BadPart              a part's rendering is no CloudFormation document, or clashes with another part
    └── TemplateTooLarge     the result is over CloudFormation's limits
"""

from __future__ import annotations

from cfgen.errors import CfgenError


class RenderError(CfgenError):
    """A template could not be rendered."""


class UnprintableValue(RenderError):
    """An expression in a part gave a value that has no JSON form."""


class BadPart(RenderError):
    """A part's rendering is not a CloudFormation document, or clashes with another part."""


class TemplateTooLarge(RenderError):
    """The template is over a limit of CloudFormation (CloudFormation quotas)."""
