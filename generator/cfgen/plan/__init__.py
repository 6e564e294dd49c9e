"""What a launch costs, needs and may fail of, before anything is spent.

Pure: a template as data, parameters, the catalogue and what was read of an account go in, a ``Plan`` comes out.
``cfgen.deploy.account`` reads accounts and live prices; ``text`` and ``page`` write a plan for people.
"""

from __future__ import annotations

from cfgen.plan.model import Plan
from cfgen.plan.plan import make

__all__ = ["Plan", "make"]
