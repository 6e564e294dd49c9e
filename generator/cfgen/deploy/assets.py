"""Files a template needs in S3 before it launches: content-addressed, uploaded once, named by parameters.

A template with a code folder too large to embed carries ``assets``: objects with ``key`` (which holds the content's
hash), ``path`` or ``data``, and the names of the parameters that take bucket and key.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from cfgen.deploy.errors import AssetFailed
from cfgen.deploy.session import Aws, code_of, translate

if TYPE_CHECKING:
    from cfgen.render.template import Template


class Asset(Protocol):
    """One object. Either ``data`` or ``path`` holds its content."""

    key: str
    path: Path | None
    data: bytes | None
    bucket_parameter: str
    key_parameter: str


def assets_of(template: Template) -> tuple[Asset, ...]:
    """The template's assets; none for a template that is one self-contained file."""
    return tuple(getattr(template, "assets", ()) or ())


def upload_assets(template: Template, aws: Aws, bucket: str | None) -> dict[str, str]:
    """Put what is not there yet into ``bucket``; the parameters that name bucket and keys.

    An object of that key has that content already: the key holds its hash. Raises AssetFailed.
    """
    found = assets_of(template)
    if not found:
        return {}
    if not bucket:
        raise AssetFailed(
            f"{template.name} needs {len(found)} file(s) in S3 before it launches",
            hint="--s3-bucket NAME of a bucket in that region",
        )
    client = aws.client("s3")
    parameters: dict[str, str] = {}
    for asset in found:
        if not _exists(client, bucket, asset.key):
            _put(client, bucket, asset)
        parameters |= {asset.bucket_parameter: bucket, asset.key_parameter: asset.key}
    return parameters


def _exists(client: Any, bucket: str, key: str) -> bool:
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


def _put(client: Any, bucket: str, asset: Asset) -> None:
    data = getattr(asset, "data", None)
    try:
        if data is not None:
            client.put_object(Bucket=bucket, Key=asset.key, Body=data)
        elif asset.path is not None:
            client.upload_file(str(asset.path), bucket, asset.key)
    except OSError as error:
        raise AssetFailed(f"cannot read {asset.path}: {error.strerror or error}") from error
    except Exception as error:
        if not type(error).__module__.startswith(("botocore", "boto3")):
            raise
        raise AssetFailed(f"cannot upload s3://{bucket}/{asset.key}: {error}") from error
