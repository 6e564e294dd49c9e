"""Files in S3 that something needs before it launches: content-addressed, so uploaded once.

A template with a code folder too large to embed carries ``assets``: each a name, which is its content's hash, and its
bytes. The template takes the bucket and the prefix under which they lie as two parameters.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cfgen.deploy.errors import AssetFailed
from cfgen.deploy.session import Aws, code_of, translate

if TYPE_CHECKING:
    from cfgen.render.template import Template

BUCKET, PREFIX = "AssetBucket", "AssetPrefix"
"""The template's parameters for its assets."""


def upload_assets(
    template: Template, aws: Aws, bucket: str | None, prefix: str | None = None
) -> dict[str, str]:
    """Put what is not there yet into ``bucket``; the parameters that name bucket and prefix.

    ``prefix`` is empty or ends in a slash; ``cfgen/NAME/`` when it is None. Raises AssetFailed.
    """
    if not template.assets:
        return {}
    if not bucket:
        count = len(template.assets)
        raise AssetFailed(
            f"{template.name} needs {count} {'file' if count == 1 else 'files'} in S3 before it launches",
            hint="--s3-bucket NAME of a bucket in that region",
        )
    client = aws.client("s3")
    under = f"cfgen/{template.name}/" if prefix is None else prefix
    for asset in template.assets:
        put_once(client, bucket, under + asset.name, asset.data)
    return {BUCKET: bucket, PREFIX: under}


def put_once(client: Any, bucket: str, key: str, data: bytes, **more: Any) -> bool:
    """Upload ``data`` unless the object is there; whether it was uploaded. The key must hold the content's hash.

    ``more``: further arguments of PutObject. Raises AssetFailed.
    """
    if exists(client, bucket, key):
        return False
    put(client, bucket, key, data, **more)
    return True


def exists(client: Any, bucket: str, key: str) -> bool:
    """Whether there is an object of this key. Raises AssetFailed when S3 does not say."""
    try:
        client.head_object(Bucket=bucket, Key=key)
    except Exception as error:
        if code_of(error) in {"404", "NoSuchKey", "NotFound"}:
            return False
        if not type(error).__module__.startswith("botocore"):
            raise
        # without ListBucket a missing object answers 403: try to put it
        if code_of(error) in {"403", "Forbidden", "AccessDenied"}:
            return False
        raise AssetFailed(
            f"cannot look for s3://{bucket}/{key}: {translate(error, 'look').message}"
        ) from error
    return True


def put(client: Any, bucket: str, key: str, data: bytes, **more: Any) -> None:
    """Upload ``data``; S3 checks the bytes it gets. Raises AssetFailed."""
    try:
        client.put_object(Bucket=bucket, Key=key, Body=data, **more)
    except Exception as error:
        if not type(error).__module__.startswith(("botocore", "boto3")):
            raise
        raise AssetFailed(f"cannot upload s3://{bucket}/{key}: {error}") from error
