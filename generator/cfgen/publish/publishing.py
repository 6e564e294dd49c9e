"""Specs → published templates, region by region: what both ways of publishing have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cfgen.catalogue import load as load_catalogue
from cfgen.deploy import inputs
from cfgen.deploy.session import Aws, aws_errors, regions_of
from cfgen.errors import CfgenError
from cfgen.publish import s3

if TYPE_CHECKING:
    from cfgen.render.template import Template


def templates_of(
    specs: Sequence[str], overlay: Path | None, warn: Callable[[Iterable[str]], Any]
) -> list[Template]:
    """The rendered, checked templates of specs (files, folders, patterns); every failure reported at once."""
    from cfgen import pipeline
    from cfgen.spec.find import find_specs

    found: dict[str, Template] = {}
    problems: list[CfgenError] = []
    overlay = pipeline.overlay_file(overlay)
    for path in find_specs(specs):
        try:
            one = pipeline.render_checked(path, overlay)
        except CfgenError as error:
            problems.append(error)
            continue
        if one.name in found:
            problems.append(
                CfgenError(f"{path}: another spec is named {one.name} too", hint="names are unique")
            )
        warn(one.warnings)
        found[one.name] = one
    if problems:
        raise CfgenError("\n".join(error.message for error in problems), hint=problems[0].hint)
    return list(found.values())


def bucket_of(aws: Aws, pattern: str) -> s3.Bucket:
    """The bucket that a pattern names in a region, looked at. Raises BucketUnusable, MalformedOption."""
    account = ""
    if "{account}" in pattern:
        with aws_errors("learn the account"):
            account = aws.client("sts").get_caller_identity()["Account"]
    return s3.look_at(aws, s3.bucket_name(pattern, aws.region, account), load_catalogue().regions)


def to_s3(
    templates: Sequence[Template],
    pattern: str,
    regions: Sequence[str],
    prefix: str,
    parameters: Sequence[str] = (),
    *,
    profile: str | None = None,
    public: bool = False,
) -> tuple[list[s3.Published], list[str]]:
    """Publish to the bucket or buckets; what was published, and notes about the buckets.

    All buckets are looked at before anything is uploaded. Raises PublishError of every kind, RegionUnsupported,
    ParameterUnknown, AssetFailed and what the AWS API says.
    """
    prefix = s3.check_prefix(prefix)
    given = inputs.pairs(parameters, "--parameter")
    inputs.check_known(given, templates)
    known = load_catalogue()
    wanted = regions_of(regions, profile)
    for region in wanted:
        known.region(region)
    for one in templates:
        inputs.check_regions(one, wanted)
    clients = [Aws(region, profile) for region in wanted]
    try:
        # one bucket for all regions is looked at once
        looked: dict[str, s3.Bucket] = {}
        for aws in clients:
            if (key := pattern.replace("{region}", aws.region)) not in looked:
                looked[key] = bucket_of(aws, pattern)
        notes = [note for one in looked.values() for note in s3.check_public(one, allowed=public)]
        found: list[s3.Published] = []
        done: dict[str, list[s3.Published]] = {}
        for aws in clients:
            bucket = looked[pattern.replace("{region}", aws.region)]
            partition = known.region(aws.region).partition
            if bucket.name not in done:
                done[bucket.name] = s3.publish(templates, aws, bucket, prefix, given, partition)
                found += done[bucket.name]
            else:
                found += [one.seen_from(aws.region, partition) for one in done[bucket.name]]
        return found, notes
    finally:
        for aws in clients:
            aws.close()
