"""W9703: a partition written out."""

from __future__ import annotations

import re

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._texts import written
from cfgen.lint.worlds import World

_PARTITION = re.compile(r"\barn:(aws[a-z-]*):")


class HardCodedPartition(Rule):
    """arn:aws: is wrong in China, GovCloud and the isolated partitions."""

    id = "W9703"
    shortdesc = "No partition is written into an ARN"
    description = (
        "ARNs begin with arn:aws-cn in China and arn:aws-us-gov in GovCloud; one that begins with arn:aws "
        "names nothing there. cfn-lint knows this for ARNs in Sub only, and only when asked (I3042)."
    )
    fix = "write arn:${AWS::Partition}: in Sub"
    source_url = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html"
    source_title = "IAM: Amazon Resource Names (ARNs)"
    tags = ("portability", "partition")
    choices = False

    def check_world(self, world: World) -> Hits:
        """Texts as written."""
        for text, path in written(world.template):
            if found := _PARTITION.search(text):
                yield path, f"partition {found[1]} is written out"
