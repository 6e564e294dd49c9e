"""W9705: AmazonSageMakerFullAccess."""

from __future__ import annotations

from cfgen.lint.rules._rule import Hits, Rule
from cfgen.lint.rules._texts import written
from cfgen.lint.worlds import World

_BROAD = (
    "AmazonSageMakerFullAccess",
    "AdministratorAccess",
    "PowerUserAccess",
    "AmazonS3FullAccess",
    "IAMFullAccess",
)


class FullAccess(Rule):
    """A role that may do 700 things and still not read the model's bucket."""

    id = "W9705"
    shortdesc = "No role has AmazonSageMakerFullAccess or broader"
    description = (
        "AmazonSageMakerFullAccess allows some 700 actions of 30 services, and yet no bucket whose name "
        "lacks 'sagemaker'. A container that serves a model needs to read its artifact, pull its image "
        "and write its log."
    )
    fix = "write a policy with the exact bucket, repository and log group"
    source_url = "https://docs.aws.amazon.com/sagemaker/latest/dg/sagemaker-roles.html"
    source_title = "How to use SageMaker AI execution roles"
    tags = ("security", "iam", "sagemaker")
    choices = False

    def check_world(self, world: World) -> Hits:
        """By the policy's name at the end of its ARN."""
        for text, path in written(world.template):
            for name in _BROAD:
                if text.endswith(f":policy/{name}"):
                    yield path, f"{name} is far more than a model needs"
