"""Every expression a part prints is one scalar or flow value that reads back as what it was."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from cfgen.render import values
from cfgen.render.errors import UnprintableValue

# every code point, surrogates included
ANY_TEXT = st.text(st.characters(), max_size=60)
NASTY = [
    "{{", "${x}", "!Ref A", "a: b", "# c", "'", '"', "\\", "\n", "\r\n", "a\x85b", "a\u2028b", "\u202eabc", "\ud800",
    "\x00", "\x1b[31m", "\ufeff", "yes", "null", "~", "1e3", "0x1F", "12:30", "- a", "? b", "", " ", "a ", "=", "<<",
    "2020-01-01", ".inf", "%TAG", "@x", "`", "\U0001f600", "\U000e0001",
]  # fmt: skip


def read(text: str) -> Any:
    """As PyYAML's pure loader reads it, within a mapping, where more characters have a meaning."""
    return yaml.safe_load(f"key: {text}\nnext: 1\n")


@given(ANY_TEXT)
def test_any_text_is_one_scalar_that_reads_back(text: str) -> None:
    assert read(values.scalar(text)) == {"key": text, "next": 1}


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_nasty_text_reads_back(text: str) -> None:
    assert read(values.scalar(text)) == {"key": text, "next": 1}


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_text_in_quotes_is_json_too(text: str) -> None:
    assert json.loads(values.quoted(text)) == text


@given(ANY_TEXT)
@example("\u202egnp.exe")
def test_nothing_that_hides_or_reorders_text_is_printed_raw(text: str) -> None:
    printed = values.scalar(text)
    assert not any(
        c in printed for c in "\n\r\x85\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u200b\ufeff"
    )
    assert not any(ord(c) < 32 for c in printed)


@given(
    st.recursive(
        st.booleans() | st.integers() | ANY_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
        max_leaves=8,
    )
)
def test_flow_values_read_back(value: Any) -> None:
    assert read(values.scalar(value)) == {"key": value, "next": 1}


@pytest.mark.parametrize("value", [None, 1.5, object(), {1, 2}, b"x"], ids=lambda v: type(v).__name__)
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(UnprintableValue):
        values.scalar(value)


def test_code_becomes_a_literal_block() -> None:
    code = 'def f():\n    """Ends with: colons # and hashes."""\n\n    return {"a": "b"}\n'
    assert read(values.literal(code, 4)) == {"key": code, "next": 1}


@pytest.mark.parametrize("code", ["a\tb", "a\r\nb", "a\x00", "a\u2028b"], ids=ascii)
def test_code_with_control_characters_is_refused(code: str) -> None:
    with pytest.raises(UnprintableValue):
        values.literal(code, 4)


@given(ANY_TEXT)
@example("s3://${A}/${B}")
@example("arn:${AWS::Partition}:s3:::${A}*")
@example("s3:// #")
@example("s3://a: b")
def test_a_path_stands_without_quotes_or_is_refused(text: str) -> None:
    try:
        shown = values.path(text)
    except UnprintableValue:
        return
    assert shown == text
    assert read(shown) == {"key": text, "next": 1}
