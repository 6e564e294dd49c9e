"""No spec value, however hostile, changes the structure of a template; each reads back as the same text."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cfgen.errors import CfgenError
from cfgen.resolve import resolve
from cfgen.spec import SpecError
from cfgen.spec.document import Document
from cfgen.spec.load import Spec
from cfgen.spec.schema import SpecData
from tests.specs import CONTAINER, changed
from tests.templates import load, shape

TEXT = st.text(st.characters(), max_size=80).filter(lambda t: "{{resolve:" not in t and t != "")
SURROGATES = [chr(code) for code in (0xD800, 0xDBFF, 0xDC00, 0xDFFF)]
EXAMPLES = [
    "{{ stack.name }}", "#% if true", "## gone", "${AWS::AccountId}", "${", "!Ref Model", '"', "'", "a: b", "- a", "# c",
    "\n\n  Evil:\n    Type: AWS::IAM::User\n", "|", ">-", "\u202eevil", "\x00", "\x85", "\u2028", "yes", "null", "{}", "[]",
]  # fmt: skip


def render_data(data: dict[str, Any]) -> dict[str, Any]:
    """As through the Python API: no YAML file that could keep a value out."""
    from cfgen.catalogue import load as load_catalogue
    from cfgen.render import render

    spec = Spec(SpecData.model_validate(data), Document("example.yaml", data))
    return load(render(resolve(spec, load_catalogue())).text)


def has_surrogate(text: str) -> bool:
    return any(0xD800 <= ord(char) <= 0xDFFF for char in text)


FIELDS = {
    "description": (("description",), lambda t: t["Description"], 700),
    "model.description": (
        ("model", "description"),
        lambda t: t["Resources"]["Model"]["Metadata"]["Description"].removeprefix("Model: "),
        200,
    ),
    "model.env": (
        ("model", "env", "FREE"),
        lambda t: t["Resources"]["Model"]["Properties"]["PrimaryContainer"]["Environment"]["FREE"],
        200,
    ),
}


def with_value(path: tuple[str, ...], text: str) -> dict[str, Any]:
    data = changed(CONTAINER, model__env={"FREE": "word"})
    return changed(data, **{"__".join(path): text})


@pytest.mark.parametrize("field", FIELDS)
@given(text=TEXT)
@example(text="\ud800")
@example(text="\U0010ffff\ufffe")
def test_any_text_in_a_free_field_leaves_the_structure_alone(field: str, text: str) -> None:
    path, found, _ = FIELDS[field]
    plain = render_data(with_value(path, "word"))
    try:
        hostile = render_data(with_value(path, text))
    except ValueError as error:  # pydantic's ValidationError
        assert has_surrogate(text), error
        return
    except CfgenError as error:
        assert "looks like a secret" in str(error)
        return
    assert shape(hostile) == shape(plain)
    assert found(hostile) == text


@pytest.mark.parametrize("text", EXAMPLES, ids=ascii)
@pytest.mark.parametrize("field", FIELDS)
def test_hostile_text_reads_back(field: str, text: str) -> None:
    path, found, _ = FIELDS[field]
    assert found(render_data(with_value(path, text))) == text


@pytest.mark.parametrize("text", SURROGATES, ids=ascii)
def test_half_a_surrogate_pair_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no UTF-8 file can carry|unicode string"):
        render_data(with_value(("description",), f"a{text}b"))


@given(
    st.dictionaries(
        st.from_regex(r"[^\W_][\w .:/=+@-]{0,20}", fullmatch=True),
        st.from_regex(r"[\w .:/=+@-]{0,20}", fullmatch=True),
        max_size=4,
    )
)
def test_tags_read_back(tags: dict[str, str]) -> None:
    try:
        template = render_data(changed(CONTAINER, tags=tags))
    except ValueError:
        assert any(key.lower().startswith("aws:") for key in tags) or any(
            not char.isalnum() and char not in " _.:/=+@-"
            for key, value in tags.items()
            for char in key + value
        )
        return
    expected = [{"Key": key, "Value": value} for key, value in tags.items()]
    assert template["Resources"]["Model"]["Properties"].get("Tags", []) == expected


def test_a_secret_reference_is_refused_in_free_text() -> None:
    with pytest.raises(ValueError, match="plain sight"):
        render_data(changed(CONTAINER, model__env={"A": "{{resolve:secretsmanager:x}}"}))


WORDS = st.sampled_from(
    ["", "vllm", "ml.g5.2xlarge", "none", "container", "us-east-1", "a", "1", "true", "s3://bucket/key/"]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5000) | WORDS | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(WORDS | st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
PATHS = st.sampled_from(
    [
        "name", "description", "model", "model__type", "model__container", "model__modelId", "model__env", "model__revision",
        "model__modelData", "model__task", "model__tokenSecret", "model__gated", "model__staging", "model__license",
        "endpoint", "endpoint__instanceType", "endpoint__instanceCount", "endpoint__allowedInstanceTypes",
        "endpoint__context", "endpoint__volumeSize", "endpoint__variantName", "endpoint__inferenceAmiVersion", "vpc",
        "vpc__mode", "security", "security__rolePath", "security__networkIsolation", "logs", "logs__retentionDays",
        "regions", "tags", "nonsense",
    ]
)  # fmt: skip


@given(st.dictionaries(PATHS, VALUES, max_size=3))
def test_any_spec_gives_a_template_or_a_clean_error(changes: dict[str, Any]) -> None:
    import yaml

    from cfgen.pipeline import check
    from tests.specs import template_of

    try:
        data = changed(CONTAINER, **dict(sorted(changes.items(), key=lambda c: c[0].count("__"))))
        yaml.safe_dump(data, allow_unicode=True)
    except (AttributeError, TypeError):
        return  # the change put a key under a value that has none
    try:
        template = template_of(data)
    except (SpecError, CfgenError) as error:
        assert str(error)
        return
    load(template.text)
    check(template)
