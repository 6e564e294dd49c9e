"""What publishing can fail of, one class each.

Hierarchy::

    DeployError
    └── PublishError              exit code 1
        ├── BucketUnusable        not there, not readable, or of another partition
        ├── BucketPublic          anybody may read it, and nobody said that this is meant
        ├── PortfolioClash        the portfolio holds what would be lost or mixed up
        ├── UnknownPermissions    a template has a resource type of which no permissions are known
        ├── RoleTooLarge          a launch role over IAM's limits
        └── VersionUnknown        --retire or --hide of a version that was never published
"""

from __future__ import annotations

from cfgen.deploy.errors import DeployError


class PublishError(DeployError):
    """Something that cannot be published."""


class BucketUnusable(PublishError):
    """A bucket that cannot serve templates."""


class BucketPublic(PublishError):
    """A bucket that anybody may read."""


class PortfolioClash(PublishError):
    """A portfolio that does not fit what is deployed already."""


class UnknownPermissions(PublishError):
    """A resource type of which no permissions are known."""


class RoleTooLarge(PublishError):
    """A launch role over IAM's limits ("IAM and AWS STS quotas")."""


class VersionUnknown(PublishError):
    """No such version in the product."""
