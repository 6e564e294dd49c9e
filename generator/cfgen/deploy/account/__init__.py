"""Reading an account before a launch: quotas and their use, secrets, the region's status, live prices.

Nothing is changed, no secret's value is asked for. What cannot be read is told with its reason and never an error:
a launcher need not have every right to look.
"""

from __future__ import annotations

from cfgen.deploy.account.read import read

__all__ = ["read"]
