"""Where the management console of a partition is."""

from __future__ import annotations

CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
"""The management console's domain by partition; other partitions' are not public."""
