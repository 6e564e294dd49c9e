"""Everything that can be wrong with a spec file is a clear message at its place, all of them at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cfgen.spec import SpecError, load_spec, parse_spec
from cfgen.spec.document import MAX_BYTES
from cfgen.spec.errors import UnreadableSpec

GOOD = """\
name: example
model:
  type: container
  modelId: mistralai/Mistral-7B-Instruct-v0.3
  container: vllm
endpoint:
  instanceType: ml.g5.2xlarge
"""

# (what, text, place, words of the message)
FAULTS = [
    ("empty", "", "1:1", "is empty"),
    ("only a comment", "# nothing\n", "1:1", "is empty"),
    ("a list", "- a\n", "1:1", "is a list, not a mapping"),
    ("a word", "hello\n", "1:1", "is a single value"),
    ("not YAML", "name: [a\n", "2:1", "is not valid YAML"),
    ("tab", "name: a\n\tmodel: b\n", "2:1", "is not valid YAML"),
    ("two documents", GOOD + "---\na: 1\n", "8:1", "more than one YAML document"),
    ("duplicate key", GOOD + "name: other\n", "8:1", "name: this key stands here twice; keep one; the first is on line 1"),
    ("duplicate inside", GOOD + "  instanceType: ml.g6.xlarge\n", "8:3", "endpoint.instanceType: this key stands here twice"),
    ("unknown key", GOOD + "endpont: {}\n", "8:1", "endpont: unknown key; did you mean endpoint?"),
    ("unknown key inside", GOOD.replace("modelId", "modelID"), "4:3", "did you mean modelId?"),
    ("snake case", GOOD.replace("instanceType", "instance_type"), "7:3", "did you mean instanceType?"),
    ("missing", GOOD.replace("name: example\n", ""), "1:1", "name: is required"),
    ("no value", GOOD.replace("name: example", "name:"), "1:6", "name: has no value"),
    ("wrong type", GOOD.replace("name: example", "name: 12"), "1:7", "name: must be text; put it in quotes"),
    ("Norway", GOOD.replace("name: example", "name: no"), "1:7", "name: must be text; put it in quotes"),
    ("number as text", GOOD + '  instanceCount: "2"\n', "8:18", "must be a whole number"),
    ("too small", GOOD + "  instanceCount: 0\n", "8:18", "0 is too small; at least 1"),
    ("too large", GOOD + "  startupHealthCheckTimeout: 3601\n", "8:30", "3601 is too large; at most 3,600"),
    ("pattern", GOOD.replace("example", "Example"), "1:7", "it must be 1 to 40 lower-case letters"),
    ("choice", GOOD.replace("type: container", "type: containr"), "3:9", "did you mean container?"),
    ("no type", GOOD.replace("  type: container\n", ""), "3:3", "model.type: is required; choose one of"),
    ("vpc mode", GOOD + "vpc: {mode: exsting}\n", "8:13", "did you mean existing?"),
    ("list element", GOOD + "regions: [us-east-1, mars]\n", "8:22", "regions[1]: 'mars' is not allowed here"),
    ("scalar for list", GOOD + "regions: us-east-1\n", "8:10", "must be a list"),
    ("scalar for mapping", GOOD + "security: yes\n", "8:11", "must be a mapping"),
    ("mistyped type", GOOD.replace("type: container", "type: jump-start"), "3:9", "did you mean jumpstart?"),
    ("CloudFormation tag", GOOD.replace("example", "!Ref Name"), "1:7", "tag !Ref is not allowed here"),
    ("Python tag", GOOD.replace("example", "!!python/object/apply:os.system [id]"), "1:7", "is not allowed here"),
    ("self-containing alias", "name: &a [*a]\n", "1:11", "alias *a contains itself"),
    ("alias without anchor", "name: *nothing\n", "1:7", "has no anchor"),
    ("key that is no text", "? [a]\n: b\n", "1:3", "a key must be plain text"),
    ("deep nesting", "name: " + "[" * 3000, "1:47", "nested more than 40 levels"),
    ("huge number", "name: " + "9" * 5000, "1:1", "a number cannot be read"),
    ("dynamic reference", GOOD + 'description: "{{resolve:ssm-secure:x}}"\n', "8:14", "'{{resolve:' is refused here"),
    ("reserved tag", GOOD + "tags: {'aws:x': y}\n", "8:17", "keys that begin with aws: are reserved"),
    ("environment name", GOOD.replace("  container: vllm", "  container: vllm\n  env: {A-B: c}"), "6:14", "letters, digits and _"),
    ("environment value", GOOD.replace("  container: vllm", "  container: vllm\n  env: {A: [c]}"), "6:12", "must be text"),
    ("merge of a word", GOOD + "<<: word\n", "8:1", "<< merges something that is not a mapping"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "place", "words"), [f[1:] for f in FAULTS], ids=[f[0] for f in FAULTS])
def test_fault_is_reported_at_its_place(text: str, place: str, words: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_spec(text, "spec.yaml")
    lines = str(caught.value).splitlines()
    assert any(line.startswith(f"spec.yaml:{place}: ") and words in line for line in lines), str(caught.value)


def test_all_problems_of_a_file_are_reported_at_once() -> None:
    text = (
        GOOD.replace("example", "Bad Name").replace("modelId", "modelID")
        + "  instanceCount: 0\napi: {auth: basic}\n"
    )
    with pytest.raises(SpecError) as caught:
        parse_spec(text)
    assert [(p.line, p.path) for p in caught.value.problems] == [
        (1, "name"), (4, "model.modelID"), (8, "endpoint.instanceCount"), (9, "api.auth"),
    ]  # fmt: skip


def test_alias_bomb_is_refused_before_it_expands() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    with pytest.raises(UnreadableSpec, match="expands to more than 50,000 values"):
        parse_spec("\n".join(layers))


def test_plain_anchors_and_merges_work() -> None:
    text = GOOD.replace("endpoint:", "endpoint:\n  <<: &common {instanceCount: 2}")
    assert parse_spec(text).data.endpoint.instance_count == 2


FILES = [
    ("missing", None, "cannot be read: No such file"),
    ("binary", b"\x00\x01\x02name: a", "is a binary file, not YAML"),
    ("ten megabytes", b"a: " + b"x" * 10_000_000, f"is larger than {MAX_BYTES:,} bytes"),
    ("latin-1", b"name: a\ndescription: caf\xe9\n", "is not UTF-8 text (line 2)"),
    ("utf-16", "name: a".encode("utf-16"), "is a binary file"),
    ("control characters", b"name: a\x07b\n", "is not valid YAML"),
]


@pytest.mark.parametrize(("content", "words"), [f[1:] for f in FILES], ids=[f[0] for f in FILES])
def test_file_that_cannot_be_a_spec(tmp_path: Path, content: bytes | None, words: str) -> None:
    path = tmp_path / "spec.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnreadableSpec) as caught:
        load_spec(path)
    assert words in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_folder_is_no_spec(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSpec, match="is a folder"):
        load_spec(tmp_path)


def test_byte_order_mark_is_fine(tmp_path: Path) -> None:
    path = tmp_path / "spec.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.encode())
    assert load_spec(path).name == "example"


def test_environment_and_tags_keep_the_text_of_the_file() -> None:
    text = GOOD.replace(
        "  container: vllm", "  container: vllm\n  env: {A: 0.90, B: yes, C: 1_000, D: 012, E: 1e3}"
    )
    spec = parse_spec(text + "tags: {cost-center: 0123}\n")
    assert spec.data.model.env == {"A": "0.90", "B": "yes", "C": "1_000", "D": "012", "E": "1e3"}
    assert spec.data.tags == {"cost-center": "0123"}


@given(st.text(max_size=300))
def test_any_text_is_a_spec_or_a_clean_error(text: str) -> None:
    try:
        parse_spec(text)
    except SpecError as error:
        assert error.problems


@given(st.binary(max_size=300))
def test_any_bytes_are_a_spec_or_a_clean_error(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = tmp_path_factory.mktemp("any") / "spec.yaml"
    path.write_bytes(content)
    with pytest.raises(SpecError):
        load_spec(path)
