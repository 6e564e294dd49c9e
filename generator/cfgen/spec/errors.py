"""What can be wrong with a spec file.

::

    SpecError(ProblemsError)   one or more problems, each with its place
    └── UnreadableSpec         the file cannot be read as YAML at all
    NoSpecs(CfgenError)        a path or pattern names no spec
"""

from __future__ import annotations

from cfgen.errors import CfgenError, ProblemsError


class SpecError(ProblemsError):
    """A spec that breaks the rules of the spec language."""


class UnreadableSpec(SpecError):
    """A file that is missing, binary, too large, or not YAML."""


class NoSpecs(CfgenError):
    """A path, folder or pattern that names no spec file."""
