"""Quick-create links: the documented form, every value escaped, every partition's console."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.publish import links

URL = "https://bucket.s3.us-east-1.amazonaws.com/cfgen/x/1.yaml"


def query_of(link: str) -> dict[str, str]:
    route, _, query = urlsplit(link).fragment.partition("?")
    assert route == "/stacks/create/review"
    return dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True))


@pytest.mark.parametrize(
    ("region", "partition", "host"),
    [
        ("eu-central-1", "aws", "eu-central-1.console.aws.amazon.com"),
        ("cn-north-1", "aws-cn", "cn-north-1.console.amazonaws.cn"),
        ("us-gov-west-1", "aws-us-gov", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_link_has_the_documented_form(region: str, partition: str, host: str) -> None:
    link = links.quick_create(region, partition, URL, "x", {"InstanceCount": "2"})
    assert link is not None
    parts = urlsplit(link)
    assert (parts.scheme, parts.netloc, parts.path, parts.query) == (
        "https", host, "/cloudformation/home", f"region={region}",
    )  # fmt: skip
    assert query_of(link) == {"templateURL": URL, "stackName": "x", "param_InstanceCount": "2"}


def test_no_link_without_a_public_console() -> None:
    assert links.quick_create("us-iso-east-1", "aws-iso", URL, "x") is None


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_value_comes_back_and_breaks_neither_link_nor_markdown(value: str) -> None:
    link = links.quick_create("us-east-1", "aws", URL, "x", {"P": value})
    assert link is not None
    assert query_of(link)["param_P"] == value
    assert not set(link) & set(" ()[]<>\"'\n")
    assert links.badge(link).endswith(f"]({link})")
