"""Where a published template lies: keys, addresses, names of buckets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from cfgen.deploy.errors import MalformedOption
from cfgen.publish import s3
from cfgen.publish.errors import BucketPublic
from cfgen.render import Template

TEMPLATE = Template("x", "Resources: {}\n", ("us-east-1",), (), ())


def bucket(name: str = "team", region: str = "us-east-1", public: bool | None = False) -> s3.Bucket:
    return s3.Bucket(name, region, "amazonaws.com", public)


def test_the_key_holds_the_content() -> None:
    key = s3.key_of(TEMPLATE)
    assert key == s3.key_of(replace(TEMPLATE, warnings=("w",)))
    assert key != s3.key_of(replace(TEMPLATE, text="Resources: {A: {}}\n"))
    assert key == f"cfgen/x/{s3.digest_of(TEMPLATE)}.yaml"


@pytest.mark.parametrize(
    ("name", "region", "suffix", "url"),
    [
        ("team", "eu-west-1", "amazonaws.com", "https://team.s3.eu-west-1.amazonaws.com/k.yaml"),
        ("te.am", "eu-west-1", "amazonaws.com", "https://s3.eu-west-1.amazonaws.com/te.am/k.yaml"),
        ("team", "cn-north-1", "amazonaws.com.cn", "https://team.s3.cn-north-1.amazonaws.com.cn/k.yaml"),
    ],
)
def test_addresses(name: str, region: str, suffix: str, url: str) -> None:
    assert s3.Bucket(name, region, suffix, False).url("k.yaml") == url


@pytest.mark.parametrize(("given", "prefix"), [("", ""), ("a", "a/"), ("a/b/", "a/b/")])
def test_prefixes(given: str, prefix: str) -> None:
    assert s3.check_prefix(given) == prefix


@pytest.mark.parametrize("given", ["/a", "a//b", "a b", "a?b", "ä"])
def test_prefixes_that_would_need_escaping_are_refused(given: str) -> None:
    with pytest.raises(MalformedOption, match="prefix"):
        s3.check_prefix(given)


def test_bucket_patterns() -> None:
    assert s3.bucket_name("t-{account}-{region}", "eu-west-1", "123456789012") == "t-123456789012-eu-west-1"
    for wrong in ("Team", "t_{region}", "x", "a" * 64, "{other}"):
        with pytest.raises(MalformedOption, match="no bucket name"):
            s3.bucket_name(wrong, "eu-west-1")


def test_a_public_bucket_is_refused_unless_meant() -> None:
    with pytest.raises(BucketPublic, match="anybody"):
        s3.check_public(bucket(public=True), allowed=False)
    assert s3.check_public(bucket(public=True), allowed=True) == []
    assert s3.check_public(bucket(), allowed=False) == []
    assert "not public" in s3.check_public(bucket(), allowed=True)[0]
    assert "cannot be seen" in s3.check_public(bucket(public=None), allowed=False)[0]
