"""What resolve refuses.

::

    ResolveError(ProblemsError)   decisions that cannot be taken: unknown names, impossible combinations
"""

from __future__ import annotations

from cfgen.errors import ProblemsError


class ResolveError(ProblemsError):
    """A spec that is well-formed but asks for what AWS would refuse."""
