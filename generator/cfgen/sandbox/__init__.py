"""An honest local stand-in for CloudFormation and the services cfgen's templates use. It is not AWS.

`Sandbox` starts one for a block of code; ``cfgen sandbox`` does it from a shell. What it imitates and what it
does not is one table in docs/explanation/sandbox.md.
"""

from cfgen.sandbox.local import Sandbox, SandboxError

__all__ = ["Sandbox", "SandboxError"]
