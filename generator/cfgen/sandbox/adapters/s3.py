"""S3: buckets and bucket policies."""

# ruff: noqa: ARG002 - every adapter has the base class's signatures

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from cfgen.sandbox.adapters.base import (
    Adapter,
    Context,
    Made,
    Props,
    already_exists,
    quietly,
    refuse_unhandled,
    register,
    tag_pairs,
)
from cfgen.sandbox.cfn.errors import ResourceFailure
from cfgen.sandbox.clients import client
from cfgen.sandbox.wire import url_suffix


def _rule(rule: Props) -> Props:
    """A lifecycle rule as the API wants it."""
    made: Props = {"Status": rule.get("Status", "Enabled")}
    if "Id" in rule:
        made["ID"] = rule["Id"]
    conditions: Props = {}
    if "Prefix" in rule:
        conditions["Prefix"] = rule["Prefix"]
    tags = [{"Key": t["Key"], "Value": t["Value"]} for t in rule.get("TagFilters") or []]
    for key in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if key in rule:
            conditions[key] = int(rule[key])
    if len(tags) + len(conditions) > 1:
        made["Filter"] = {"And": {**conditions, **({"Tags": tags} if tags else {})}}
    elif tags:
        made["Filter"] = {"Tag": tags[0]}
    else:
        made["Filter"] = conditions or {"Prefix": ""}
    expiration: Props = {}
    if "ExpirationInDays" in rule:
        expiration["Days"] = int(rule["ExpirationInDays"])
    if "ExpirationDate" in rule:
        expiration["Date"] = rule["ExpirationDate"]
    if rule.get("ExpiredObjectDeleteMarker"):
        expiration["ExpiredObjectDeleteMarker"] = True
    if expiration:
        made["Expiration"] = expiration
    if "AbortIncompleteMultipartUpload" in rule:
        made["AbortIncompleteMultipartUpload"] = {
            "DaysAfterInitiation": int(rule["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"])
        }
    if "NoncurrentVersionExpirationInDays" in rule:
        made["NoncurrentVersionExpiration"] = {
            "NoncurrentDays": int(rule["NoncurrentVersionExpirationInDays"])
        }
    if "NoncurrentVersionExpiration" in rule:
        made["NoncurrentVersionExpiration"] = {
            key: int(value) for key, value in rule["NoncurrentVersionExpiration"].items()
        }
    transitions = rule.get("Transitions") or ([rule["Transition"]] if "Transition" in rule else [])
    if transitions:
        made["Transitions"] = [
            {"StorageClass": item["StorageClass"], "Days": int(item.get("TransitionInDays", 0))}
            for item in transitions
        ]
    if not made.keys() & {
        "Expiration",
        "AbortIncompleteMultipartUpload",
        "NoncurrentVersionExpiration",
        "Transitions",
    }:
        raise ResourceFailure(
            "At least one action needs to be specified in a rule (Service: S3, Status Code: 400)"
        )
    return made


_HANDLED = (
    "AccessControl",
    "BucketEncryption",
    "BucketName",
    "CorsConfiguration",
    "LifecycleConfiguration",
    "LoggingConfiguration",
    "NotificationConfiguration",
    "ObjectLockEnabled",
    "OwnershipControls",
    "PublicAccessBlockConfiguration",
    "Tags",
    "VersioningConfiguration",
    "WebsiteConfiguration",
)


def _website(p: Props) -> Props:
    made: Props = {}
    if "IndexDocument" in p:
        made["IndexDocument"] = {"Suffix": p["IndexDocument"]}
    if "ErrorDocument" in p:
        made["ErrorDocument"] = {"Key": p["ErrorDocument"]}
    if "RedirectAllRequestsTo" in p:
        made["RedirectAllRequestsTo"] = p["RedirectAllRequestsTo"]
    if rules := p.get("RoutingRules"):
        names = {"RoutingRuleCondition": "Condition", "RedirectRule": "Redirect"}
        made["RoutingRules"] = [{names[key]: value for key, value in rule.items()} for rule in rules]
    return made


class Bucket(Adapter):
    """A bucket with its configuration. Deleted only when empty, as on AWS."""

    type = "AWS::S3::Bucket"

    def create(self, ctx: Context, p: Props) -> Made:
        refuse_unhandled(ctx, p, _HANDLED)
        s3 = ctx.client("s3")
        name = p.get("BucketName") or ctx.name(63, lower=True)
        location = (
            {}
            if ctx.region == "us-east-1"
            else {"CreateBucketConfiguration": {"LocationConstraint": ctx.region}}
        )
        try:
            s3.head_bucket(Bucket=name)
        except ClientError:
            pass
        else:
            raise already_exists(ctx, name)
        extra = {"ObjectLockEnabledForBucket": True} if p.get("ObjectLockEnabled") else {}
        s3.create_bucket(Bucket=name, **location, **extra)
        ctx.announce(name)
        self._configure(s3, name, {}, p)
        return self._made(ctx, name)

    def _made(self, ctx: Context, name: str) -> Made:
        suffix = url_suffix(ctx.region)
        return Made(
            name,
            {
                "Arn": f"arn:{ctx.partition}:s3:::{name}",
                "DomainName": f"{name}.s3.{suffix}",
                "DualStackDomainName": f"{name}.s3.dualstack.{ctx.region}.{suffix}",
                "RegionalDomainName": f"{name}.s3.{ctx.region}.{suffix}",
                "WebsiteURL": f"http://{name}.s3-website-{ctx.region}.{suffix}",
            },
        )

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        refuse_unhandled(ctx, new, _HANDLED)
        self._configure(ctx.client("s3"), made.id, old, new)
        return made

    def _configure(self, s3: Any, name: str, old: Props, new: Props) -> None:
        def differs(key: str) -> bool:
            return bool(old.get(key) != new.get(key))

        if differs("BucketEncryption"):
            rules = []
            for item in (new.get("BucketEncryption") or {}).get("ServerSideEncryptionConfiguration", []):
                default = item.get("ServerSideEncryptionByDefault", {})
                rules.append(
                    {
                        "ApplyServerSideEncryptionByDefault": shaped_default(default),
                        **(
                            {"BucketKeyEnabled": item["BucketKeyEnabled"]}
                            if "BucketKeyEnabled" in item
                            else {}
                        ),
                    }
                )
            rules = rules or [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
            s3.put_bucket_encryption(Bucket=name, ServerSideEncryptionConfiguration={"Rules": rules})
        if differs("PublicAccessBlockConfiguration"):
            block = new.get("PublicAccessBlockConfiguration")
            if block:
                s3.put_public_access_block(
                    Bucket=name,
                    PublicAccessBlockConfiguration={key: bool(value) for key, value in block.items()},
                )
            else:
                s3.delete_public_access_block(Bucket=name)
        if differs("VersioningConfiguration"):
            status = (new.get("VersioningConfiguration") or {}).get("Status", "Suspended")
            s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": status})
        if differs("LifecycleConfiguration"):
            rules = [_rule(item) for item in (new.get("LifecycleConfiguration") or {}).get("Rules", [])]
            if rules:
                s3.put_bucket_lifecycle_configuration(Bucket=name, LifecycleConfiguration={"Rules": rules})
            else:
                s3.delete_bucket_lifecycle(Bucket=name)
        if differs("OwnershipControls"):
            rules = (new.get("OwnershipControls") or {}).get("Rules", [])
            if rules:
                s3.put_bucket_ownership_controls(Bucket=name, OwnershipControls={"Rules": rules})
        if differs("LoggingConfiguration"):
            logging = new.get("LoggingConfiguration") or {}
            status_: Props = {}
            if logging:
                target = logging.get("DestinationBucketName", name)
                try:
                    # nobody needs rights on the other bucket to name it
                    client("s3", s3.meta.region_name).head_bucket(Bucket=target)
                except ClientError:
                    raise ResourceFailure(f"The target bucket for logging does not exist: {target}") from None
                status_ = {
                    "LoggingEnabled": {
                        "TargetBucket": target,
                        "TargetPrefix": logging.get("LogFilePrefix", ""),
                    }
                }
            # moto wants ACL grants that AWS no longer needs with ownership enforced; the setting is checked above
            try:
                s3.put_bucket_logging(Bucket=name, BucketLoggingStatus=status_)
            except ClientError as error:
                if error.response["Error"]["Code"] != "InvalidTargetBucketForLogging":
                    raise
        if differs("CorsConfiguration"):
            rules = [
                {
                    "AllowedMethods": item["AllowedMethods"],
                    "AllowedOrigins": item["AllowedOrigins"],
                    **{key: item[key] for key in ("AllowedHeaders",) if key in item},
                    **({"ExposeHeaders": item["ExposedHeaders"]} if "ExposedHeaders" in item else {}),
                    **({"MaxAgeSeconds": int(item["MaxAge"])} if "MaxAge" in item else {}),
                }
                for item in (new.get("CorsConfiguration") or {}).get("CorsRules", [])
            ]
            if rules:
                s3.put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": rules})
            else:
                s3.delete_bucket_cors(Bucket=name)
        if differs("WebsiteConfiguration"):
            if website := new.get("WebsiteConfiguration"):
                s3.put_bucket_website(Bucket=name, WebsiteConfiguration=_website(website))
            else:
                s3.delete_bucket_website(Bucket=name)
        if differs("Tags"):
            tags = [{"Key": key, "Value": value} for key, value in tag_pairs(new.get("Tags")).items()]
            if tags:
                s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})
            else:
                s3.delete_bucket_tagging(Bucket=name)
        if differs("NotificationConfiguration"):
            s3.put_bucket_notification_configuration(
                Bucket=name,
                NotificationConfiguration=_notifications(new.get("NotificationConfiguration") or {}),
            )

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        s3 = ctx.client("s3")
        quietly(lambda: s3.delete_bucket(Bucket=made.id))

    def actual(self, ctx: Context, made: Made, p: Props) -> Props | None:
        s3 = ctx.client("s3")
        versioning = s3.get_bucket_versioning(Bucket=made.id).get("Status", "Suspended")
        return {"VersioningConfiguration": {"Status": versioning}}


def shaped_default(default: Props) -> Props:
    """The default encryption of a bucket as the API names it."""
    made = {"SSEAlgorithm": default.get("SSEAlgorithm", "AES256")}
    if "KMSMasterKeyID" in default:
        made["KMSMasterKeyID"] = default["KMSMasterKeyID"]
    return made


def _notifications(configuration: Props) -> Props:
    made: Props = {}
    if "EventBridgeConfiguration" in configuration:
        made["EventBridgeConfiguration"] = {}
    for source, target, key, arn in (
        ("LambdaConfigurations", "LambdaFunctionConfigurations", "Function", "LambdaFunctionArn"),
        ("QueueConfigurations", "QueueConfigurations", "Queue", "QueueArn"),
        ("TopicConfigurations", "TopicConfigurations", "Topic", "TopicArn"),
    ):
        for item in configuration.get(source) or []:
            rules = ((item.get("Filter") or {}).get("S3Key") or {}).get("Rules") or []
            made.setdefault(target, []).append(
                {
                    arn: item[key],
                    "Events": [item["Event"]],
                    **({"Filter": {"Key": {"FilterRules": rules}}} if rules else {}),
                }
            )
    return made


class BucketPolicy(Adapter):
    """A bucket's policy; one per bucket."""

    type = "AWS::S3::BucketPolicy"

    def create(self, ctx: Context, p: Props) -> Made:
        s3 = ctx.client("s3")
        if not ctx.replacing:
            try:
                s3.get_bucket_policy(Bucket=p["Bucket"])
            except ClientError as error:
                if error.response["Error"]["Code"] != "NoSuchBucketPolicy":
                    raise
            else:
                raise ResourceFailure(f"The bucket policy already exists on bucket {p['Bucket']}.")
        self._put(ctx, p)
        return Made(p["Bucket"])

    def update(self, ctx: Context, made: Made, old: Props, new: Props) -> Made:
        self._put(ctx, new)
        return made

    def _put(self, ctx: Context, p: Props) -> None:
        document = p["PolicyDocument"]
        arn = f":s3:::{p['Bucket']}"
        for statement in document.get("Statement", []):
            resources = statement.get("Resource", [])
            for item in resources if isinstance(resources, list) else [resources]:
                if arn not in str(item) and str(item) != "*":
                    raise ResourceFailure(
                        "Policy has invalid resource (Service: S3, Status Code: 400, MalformedPolicy)"
                    )
        ctx.client("s3").put_bucket_policy(Bucket=p["Bucket"], Policy=json.dumps(document))

    def delete(self, ctx: Context, made: Made, p: Props) -> None:
        s3 = ctx.client("s3")
        quietly(lambda: s3.delete_bucket_policy(Bucket=p.get("Bucket", made.id)))


register(Bucket, BucketPolicy)
