"""A launch into the sandbox: what the template refers to is made there first, as example data."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cfgen import document

if TYPE_CHECKING:
    from cfgen.deploy.launch import Launch
    from cfgen.sandbox import Sandbox


def hub_of(sandbox: Sandbox) -> str:
    """Where builds in this sandbox fetch models, as a sentence."""
    hub = sandbox.health()["hub"]
    if hub["standIn"]:
        return (
            f"builds fetch models from a stand-in hub at {hub['url']}: small stand-in files, not the models"
        )
    return f"builds fetch models from {hub['url'] or 'the real hub'}"


def rehearse(launch: Launch, sandbox: Sandbox) -> tuple[Launch, list[str]]:
    """The launch with example data in its parameters, and what was made for it, in words.

    A bucket for files that go to S3 before the launch is among it, where none is named.
    """
    s3, bucket = sandbox.client("s3", launch.region), launch.s3_bucket
    data = document.load(launch.template.text, launch.template.name)
    seeded = sandbox.seed(data, dict(launch.parameters), launch.region)
    if bucket is None and (launch.template.assets or launch.template.share > 1):
        bucket = f"cfgen-example-files-{launch.region}"
        if bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
            home = {"LocationConstraint": launch.region}
            s3.create_bucket(
                Bucket=bucket, **({} if launch.region == "us-east-1" else {"CreateBucketConfiguration": home})
            )
            seeded.made.append(f"bucket {bucket}")
    parameters = {**seeded.parameters, **launch.parameters}
    return replace(launch, parameters=parameters, s3_bucket=bucket), seeded.made
