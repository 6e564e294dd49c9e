"""S3's actions: operation names and permission names differ there more than anywhere else."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from moto.s3.models import s3_backends

from cfgen.sandbox.wire import Call

_OBJECT = {
    "GetObject": "GetObject",
    "HeadObject": "GetObject",
    "GetObjectAttributes": "GetObject",
    "SelectObjectContent": "GetObject",
    "PutObject": "PutObject",
    "PostObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "UploadPart": "PutObject",
    "UploadPartCopy": "PutObject",
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "AbortMultipartUpload": "AbortMultipartUpload",
    "ListParts": "ListMultipartUploadParts",
    "DeleteObject": "DeleteObject",
    "GetObjectTagging": "GetObjectTagging",
    "PutObjectTagging": "PutObjectTagging",
    "DeleteObjectTagging": "DeleteObjectTagging",
    "GetObjectAcl": "GetObjectAcl",
    "PutObjectAcl": "PutObjectAcl",
    "RestoreObject": "RestoreObject",
}
_BUCKET = {
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "HeadBucket": "ListBucket",
    "ListObjectVersions": "ListBucketVersions",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "CreateBucket": "CreateBucket",
    "DeleteBucket": "DeleteBucket",
    "GetBucketLocation": "GetBucketLocation",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketCors": "PutBucketCORS",
    "GetBucketCors": "GetBucketCORS",
    "DeleteBucketCors": "PutBucketCORS",
    "DeleteBucketTagging": "PutBucketTagging",
    "PutBucketReplication": "PutReplicationConfiguration",
}


def bucket_arn(call: Call) -> str:
    """The ARN of the bucket a call is about."""
    return f"arn:{call.partition}:s3:::{call.params.get('Bucket', '*')}"


def asked(call: Call) -> list[tuple[str, list[str]]]:
    """The actions an S3 call needs."""
    operation, bucket = call.operation, bucket_arn(call)
    if operation == "ListBuckets":
        return [("s3:ListAllMyBuckets", ["*"])]
    versioned = "Versionid" in call.params or "VersionId" in call.params
    if operation == "DeleteObjects":
        items = (call.params.get("Delete") or {}).get("Objects") or []
        plain = [f"{bucket}/{item['Key']}" for item in items if not item.get("VersionId")]
        exact = [f"{bucket}/{item['Key']}" for item in items if item.get("VersionId")]
        pairs = [("s3:DeleteObject", plain)] if plain else []
        return [*pairs, ("s3:DeleteObjectVersion", exact)] if exact else pairs
    if operation in _OBJECT:
        action = _OBJECT[operation]
        if versioned and action in ("GetObject", "DeleteObject", "GetObjectTagging"):
            action = action.replace("Object", "ObjectVersion", 1)
        wanted = [(f"s3:{action}", [f"{bucket}/{call.params.get('Key', '')}"])]
        source = call.headers.get("x-amz-copy-source")
        if source:
            name, _, key = unquote(source).lstrip("/").partition("/")
            wanted.append(("s3:GetObject", [f"arn:{call.partition}:s3:::{name}/{key.split('?')[0]}"]))
        if action == "PutObject" and call.headers.get("x-amz-tagging"):
            wanted.append(("s3:PutObjectTagging", wanted[0][1]))
        return wanted
    return [(f"s3:{_BUCKET.get(operation, operation)}", [bucket])]


def context(call: Call) -> dict[str, Any]:
    """S3's condition keys."""
    keys: dict[str, Any] = {}
    if call.operation in ("ListObjects", "ListObjectsV2", "ListObjectVersions"):
        keys["s3:prefix"] = call.params.get("Prefix", "")
        if "Delimiter" in call.params:
            keys["s3:delimiter"] = call.params["Delimiter"]
    for header in (
        "x-amz-server-side-encryption",
        "x-amz-server-side-encryption-aws-kms-key-id",
        "x-amz-acl",
    ):
        if header in call.headers:
            keys[f"s3:{header}"] = call.headers[header]
    backend = s3_backends[call.account][call.partition]
    bucket = backend.buckets.get(str(call.params.get("Bucket", "")))
    stored = bucket.keys.get(str(call.params.get("Key", ""))) if bucket is not None else None
    if stored is not None:
        for name, value in backend.tagger.get_tag_dict_for_resource(stored.arn).items():
            keys[f"s3:ExistingObjectTag/{name}"] = value
    return keys
