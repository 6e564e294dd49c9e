"""E9200: the data of a finding the engine makes itself, for files no linter can read."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.worlds import World


class Unreadable(Rule):
    """Raised before any rule runs (cfgen.lint.guard), so this class never matches."""

    id = "E9200"
    shortdesc = "Template cannot be read"
    description = (
        "The file is empty, binary, not UTF-8, larger than CloudFormation takes (1 MB), nested or aliased "
        "beyond reason, or makes cfn-lint itself fail. No rule was run on it."
    )
    fix = "give a CloudFormation template in YAML or JSON"
    source_url = "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html"
    source_title = "Understand CloudFormation quotas"
    tags = ("template",)
    choices = False

    def check_world(self, world: World) -> Hits:  # noqa: ARG002 - nothing is left to look at
        """Nothing: a file that reaches the rules can be read."""
        yield from ()
