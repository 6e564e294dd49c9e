"""Templates and code in S3, content-addressed: an object's key holds its content's hash, so it is uploaded once.

Key: ``PREFIX NAME/SHA256.yaml``; the code archive of a template, where there is one, lies beside it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cfgen.deploy import assets
from cfgen.deploy.errors import MalformedOption
from cfgen.deploy.session import Aws, aws_errors, code_of, pages, translate
from cfgen.publish import links
from cfgen.publish.errors import BucketPublic, BucketUnusable

if TYPE_CHECKING:
    from cfgen.catalogue.model import Region
    from cfgen.render.template import Template

PREFIX = "cfgen/"
MAX_URL = 5120
"""Characters of TemplateURL (CreateStack)."""
FEW = 3
"""Up to so many objects are looked for one by one; more are listed."""
_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]\Z")
_ANYBODY = ("/global/AllUsers", "/global/AuthenticatedUsers")


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket that was looked at. ``public``: whether anybody may read it; None when S3 does not tell us."""

    name: str
    region: str
    url_suffix: str
    public: bool | None

    def url(self, key: str) -> str:
        """The address CloudFormation takes: virtual-hosted, or path-style for a name with dots (TLS)."""
        host = f"s3.{self.region}.{self.url_suffix}"
        return (
            f"https://{host}/{self.name}/{key}" if "." in self.name else f"https://{self.name}.{host}/{key}"
        )


@dataclass(frozen=True, slots=True)
class Published:
    """A template in S3, as seen from one region. ``parameters``: those that name its code archive and were given."""

    name: str
    region: str
    bucket: Bucket
    key: str
    digest: str
    uploaded: bool
    parameters: Mapping[str, str] = field(default_factory=dict)
    link: str | None = None

    @property
    def url(self) -> str:
        """The template's address."""
        return self.bucket.url(self.key)

    def seen_from(self, region: str, partition: str) -> Published:
        """The same object, with the link of another region."""
        link = links.quick_create(region, partition, self.url, self.name, self.parameters)
        return replace(self, region=region, uploaded=False, link=link)

    def data(self) -> dict[str, Any]:
        """For ``--format json``."""
        return {
            "name": self.name, "region": self.region, "bucket": self.bucket.name, "key": self.key,
            "sha256": self.digest, "templateUrl": self.url, "uploaded": self.uploaded,
            "parameters": dict(self.parameters), "quickCreateLink": self.link,
            "badge": links.badge(self.link) if self.link else None,
        }  # fmt: skip


def digest_of(template: Template) -> str:
    """What names a template: SHA-256 of its text, in hexadecimal."""
    return hashlib.sha256(template.text.encode("utf-8")).hexdigest()


def key_of(template: Template, prefix: str = PREFIX) -> str:
    """The object's key."""
    return f"{prefix}{template.name}/{digest_of(template)}.yaml"


def check_prefix(prefix: str) -> str:
    """The prefix, with the slash it ends in. Raises MalformedOption."""
    if prefix and not re.fullmatch(r"[A-Za-z0-9!_.*'()/-]+", prefix):
        raise MalformedOption(
            f"--prefix {prefix}: letters, digits and !_.*'()/- only", hint="S3: Naming Amazon S3 objects"
        )
    if prefix.startswith("/") or "//" in prefix:
        raise MalformedOption(f"--prefix {prefix}: no slash first, and never two in a row")
    return prefix if not prefix or prefix.endswith("/") else f"{prefix}/"


def bucket_name(pattern: str, region: str, account: str = "") -> str:
    """The bucket of a region: ``{region}`` and ``{account}`` in the pattern replaced. Raises MalformedOption."""
    name = pattern.replace("{region}", region).replace("{account}", account)
    if not _NAME.match(name):
        raise MalformedOption(
            f"{pattern}: {name} is no bucket name",
            hint="3 to 63 lower-case letters, digits, hyphens and dots",
        )
    return name


def look_at(aws: Aws, name: str, regions: Mapping[str, Region]) -> Bucket:
    """Where a bucket is and whether it is public. Raises BucketUnusable."""
    client = aws.client("s3")
    try:
        found = client.head_bucket(Bucket=name)
    except Exception as error:
        code = code_of(error)
        if code in {"404", "NoSuchBucket"}:
            where = f"--bucket {name} --region {aws.region}"
            raise BucketUnusable(
                f"no bucket {name}", hint=f"aws s3api create-bucket {where}, or name another"
            ) from error
        if code in {"403", "Forbidden", "AccessDenied"}:
            raise BucketUnusable(
                f"no access to the bucket {name}",
                hint="s3:ListBucket, s3:GetObject and s3:PutObject are needed; the name may be someone else's",
            ) from error
        if not type(error).__module__.startswith("botocore"):
            raise
        raise translate(error, f"look at the bucket {name}") from error
    headers = found.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    region = found.get("BucketRegion") or headers.get("x-amz-bucket-region") or aws.region
    here, there = regions[aws.region], regions.get(region)
    if there is not None and there.partition != here.partition:
        raise BucketUnusable(
            f"{name} is in {region}, which {aws.region} cannot reach", hint=f"a bucket in {here.partition}"
        )
    return Bucket(name, region, here.url_suffix, _public(client, name))


def _public(client: Any, name: str) -> bool | None:
    """S3's own judgement of the policy, and the access list, both as far as they are not blocked."""
    block = _answer(client.get_public_access_block, name)
    blocked = (block or {}).get("PublicAccessBlockConfiguration", {})
    if blocked.get("RestrictPublicBuckets") and blocked.get("IgnorePublicAcls"):
        return False
    status, lists = _answer(client.get_bucket_policy_status, name), _answer(client.get_bucket_acl, name)
    if status is None or lists is None:
        return None
    by_policy = status.get("PolicyStatus", {}).get("IsPublic", False)
    by_list = any(
        str(grant.get("Grantee", {}).get("URI", "")).endswith(_ANYBODY) for grant in lists.get("Grants", ())
    )
    return (by_policy and not blocked.get("RestrictPublicBuckets", False)) or (
        by_list and not blocked.get("IgnorePublicAcls", False)
    )


def _answer(call: Any, name: str) -> dict[str, Any] | None:
    """What S3 answers; empty where nothing is configured, None where it may not be asked."""
    try:
        found: dict[str, Any] = call(Bucket=name)
    except Exception as error:
        if not type(error).__module__.startswith("botocore"):
            raise
        return {} if code_of(error).startswith("NoSuch") else None
    return found


def check_public(bucket: Bucket, *, allowed: bool) -> list[str]:
    """Notes about who can read the bucket. Raises BucketPublic for a public one that was not meant to be."""
    if bucket.public and not allowed:
        raise BucketPublic(
            f"{bucket.name} is public: anybody could read your templates and the code beside them",
            hint="block public access to the bucket, or say --public if it is meant for everyone",
        )
    if bucket.public is None:
        return [f"{bucket.name}: whether it is public cannot be seen with these permissions"]
    if allowed and not bucket.public:
        return [f"{bucket.name} is not public: only who may read it can launch from the links"]
    return []


def publish(
    templates: Sequence[Template],
    aws: Aws,
    bucket: Bucket,
    prefix: str = PREFIX,
    parameters: Mapping[str, str] | None = None,
    partition: str = "aws",
) -> list[Published]:
    """Upload what is not there yet; every template with its quick-create link in the client's region.

    Raises AssetFailed, BucketUnusable for an address over CloudFormation's limit.
    """
    wanted = {key_of(one, prefix): one.text.encode("utf-8") for one in templates}
    wanted |= {f"{prefix}{one.name}/{asset.name}": asset.data for one in templates for asset in one.assets}
    new = upload(aws.client("s3"), bucket.name, prefix, wanted)
    found = []
    for one in templates:
        own = {assets.BUCKET: bucket.name, assets.PREFIX: f"{prefix}{one.name}/"} if one.assets else {}
        given = {name: value for name, value in (parameters or {}).items() if name in dict(one.parameters)}
        key = key_of(one, prefix)
        if len(bucket.url(key)) > MAX_URL:
            raise BucketUnusable(f"{one.name}: the address has over {MAX_URL:,} characters", hint="--prefix")
        link = links.quick_create(aws.region, partition, bucket.url(key), one.name, {**own, **given})
        found.append(
            Published(one.name, aws.region, bucket, key, digest_of(one), key in new, {**own, **given}, link)
        )
    return found


def upload(client: Any, bucket: str, prefix: str, wanted: Mapping[str, bytes]) -> set[str]:
    """Put the objects that are missing; the keys of those. Raises AssetFailed."""
    there = _there(client, bucket, prefix, wanted)
    missing = [key for key in wanted if key not in there]
    for key in missing:
        kind = "application/yaml" if key.endswith(".yaml") else "application/octet-stream"
        assets.put(client, bucket, key, wanted[key], ContentType=kind, ChecksumAlgorithm="SHA256")
    return set(missing)


def _there(client: Any, bucket: str, prefix: str, wanted: Iterable[str]) -> set[str]:
    """Which keys exist: a few are asked for, many are listed a thousand at a time, if listing is allowed."""
    keys = set(wanted)
    if len(keys) > FEW:
        try:
            with aws_errors(f"list s3://{bucket}/{prefix}"):
                listed = pages(
                    _tokened(client.list_objects_v2),
                    "Contents",
                    "ContinuationToken",
                    Bucket=bucket,
                    Prefix=prefix,
                )
                return keys & {one["Key"] for one in listed}
        except Exception as error:
            if type(error).__name__ != "AccessDenied":
                raise
    return {key for key in keys if assets.exists(client, bucket, key)}


def _tokened(call: Any) -> Any:
    """ListObjectsV2 takes ContinuationToken and answers NextContinuationToken."""

    def listing(**arguments: Any) -> dict[str, Any]:
        page: dict[str, Any] = call(**arguments)
        return {**page, "ContinuationToken": page.get("NextContinuationToken")}

    return listing
