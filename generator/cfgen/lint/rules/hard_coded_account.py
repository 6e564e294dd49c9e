"""W9702: an account written out."""

from __future__ import annotations

import re

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._texts import written
from cfgen.lint.worlds import World

_ACCOUNT = re.compile(r"arn:[^:]*:[^:]*:[^:]*:(\d{12}):|(?<!\d)(\d{12})\.dkr\.ecr\.")


class HardCodedAccount(Rule):
    """In ARNs and image registries."""

    id = "W9702"
    shortdesc = "No account is written into a resource"
    description = (
        "An account in an ARN is wrong in every other account, and the registry account of AWS's images "
        "differs from region to region."
    )
    fix = "use AWS::AccountId; keep registry accounts in a mapping by region"
    source_url = (
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html"
    )
    source_title = "Pseudo parameters reference"
    tags = ("portability", "account")
    choices = False

    def check_world(self, world: World) -> Hits:
        """Texts as written."""
        for text, path in written(world.template):
            if found := _ACCOUNT.search(text):
                yield path, f"account {found[1] or found[2]} is written out"
