"""Examples with something deleted, retyped, doubled, nested or borrowed: a template that passes, or problems with places."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cfgen.catalogue import load as load_catalogue
from cfgen.errors import ProblemsError
from cfgen.pipeline import check, plan
from cfgen.render import render
from cfgen.spec import parse_spec
from tests.conftest import ROOT, SPECS

EXAMPLES: dict[str, Any] = {path.stem: yaml.safe_load(path.read_text()) for path in SPECS}
Steps = tuple[Any, ...]

ODD: list[Any] = [
    "", " ", "x", "é☃😀", "a\tb", "a\nb", "\x85", "\u2028", "${AWS::Region}", "{{ stack }}", "!Ref x", "~", "yes", "x" * 300,
    0, -1, 1, 1.5, 1e308, float("inf"), float("nan"), 10**30, 2**63, True, False, None, [], {}, [[]], [{}], [None], {"a": {}},
    "s3://b/k/", "s3://my-models/x.tar.gz", "arn:aws:iam::111122223333:role/x", "../../etc/passwd", "/etc", "make", "none",
    "auto", "ml.m5.xlarge", "ml.inf2.xlarge", "ml.t2.medium", "ml.g5.12xlarge", "us-east-1", "cn-north-1", ["a", "a"],
    "vllm", "tei", "tgi", "djl-lmi", "sglang", "triton", "xgboost", "huggingface", "12:30", "2026-11-22", "1_000", "0x10",
]  # fmt: skip


def places(data: Any, at: Steps = ()) -> list[Steps]:
    """The path of every value inside ``data``."""
    keys = data if isinstance(data, dict) else range(len(data)) if isinstance(data, list) else ()
    return [path for key in keys for path in ((*at, key), *places(data[key], (*at, key)))]


def at(data: Any, path: Steps) -> Any:
    for step in path:
        data = data[step]
    return data


KNOWN: dict[Any, list[Any]] = {}
"""Key → every value that some example gives it."""
for _spec in EXAMPLES.values():
    for _path in places(_spec):
        KNOWN.setdefault(_path[-1], []).append(at(_spec, _path))
KEYS = [key for key in KNOWN if isinstance(key, str)]


@st.composite
def mutated(draw: st.DrawFn) -> dict[str, Any]:
    """An example that is an example no more."""
    data = copy.deepcopy(EXAMPLES[draw(st.sampled_from(sorted(EXAMPLES)))])
    for _ in range(draw(st.integers(1, 4))):
        paths = places(data)
        if not paths:
            break
        path = draw(st.sampled_from(paths))
        holder, key = at(data, path[:-1]), path[-1]
        value = holder[key]
        match draw(
            st.sampled_from(["delete", "odd", "nest", "retype", "borrow", "add", "section", "number", "text"])
        ):
            case "delete":
                del holder[key]
            case "odd":
                holder[key] = copy.deepcopy(draw(st.sampled_from(ODD)))
            case "nest":
                holder[key] = draw(
                    st.sampled_from([[value], {"a": value}, [value, value], {str(key): value}])
                )
            case "retype":
                holder[key] = str(value)
            case "borrow":
                holder[key] = copy.deepcopy(draw(st.sampled_from(KNOWN.get(key, ODD))))
            case "add" if isinstance(holder, dict):
                other = draw(st.sampled_from(KEYS))
                holder[other] = copy.deepcopy(draw(st.sampled_from(KNOWN[other])))
            case "number" if isinstance(value, int):
                holder[key] = draw(st.sampled_from([0, -value, value - 1, value * 10, value + 0.5, 10**12]))
            case "text" if isinstance(value, str):
                holder[key] = draw(
                    st.sampled_from(
                        [value + "x", value * 50, value.upper(), value[:-1], value + "\n", value[::-1]]
                    )
                )
            case _:
                other = EXAMPLES[draw(st.sampled_from(sorted(EXAMPLES)))]
                section = draw(st.sampled_from(sorted(other)))
                data[section] = copy.deepcopy(other[section])
    return data


def null_in_a_variant() -> dict[str, Any]:
    data = copy.deepcopy(EXAMPLES["shadow-test"])
    data["variants"][1]["model"]["container"] = None
    return data


@pytest.fixture(scope="module", autouse=True)
def _no_hub() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        yield


@settings(max_examples=150)
@given(mutated())
@example(null_in_a_variant())
def test_a_mutated_example_renders_and_passes_or_is_told_where_it_is_wrong(data: dict[str, Any]) -> None:
    text = yaml.safe_dump(data, allow_unicode=True, sort_keys=False)
    try:
        spec = parse_spec(text, "spec.yaml", Path(ROOT / "specs"))
        template = render(plan(spec, load_catalogue()))
    except ProblemsError as error:
        assert error.problems
        for problem in error.problems:
            assert problem.line >= 1, f"no place: {problem}"
            assert problem.message
            assert len(str(problem)) < 1000, problem
        return
    check(template)
