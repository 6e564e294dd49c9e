"""Code that fails where only a request shows it, and an artifact that cannot be written."""

from __future__ import annotations

import shutil
import textwrap
from pathlib import Path

from tests.serving.models import CODE, make_reranker
from tests.serving.stack import serve

BROKEN = """
    from pathlib import Path

    def model_fn(model_dir):
        try:
            Path(model_dir, "cache").write_text("")
        except OSError as error:
            raise RuntimeError(f"no weights; {error.strerror}")
        raise RuntimeError("the artifact can be written")

    def transform_fn(model, data, content_type, accept):
        return "{}"
"""


def test_code_that_raises_looks_healthy_until_it_is_asked(tmp_path: Path) -> None:
    """The reason for the smoke request: /ping, all that SageMaker looks at, is 200 before and after."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text(textwrap.dedent(BROKEN))
    with serve(tmp_path) as server:
        for _ in range(2):  # the toolkit tries again at every request
            status, answer = server.invoke({"inputs": "a text"})
            assert status == 400
            assert answer["message"] == "no weights; Permission denied"
            assert server.ping() == 200
        assert server.log.count("RuntimeError: no weights") >= 2


def test_one_broken_model_of_several_is_named(tmp_path: Path) -> None:
    make_reranker(tmp_path / "o" / "good")
    shutil.copytree(tmp_path / "o" / "good", tmp_path / "o" / "worse")
    (tmp_path / "o" / "worse" / "model.safetensors").write_bytes(b"not weights")
    shutil.copytree(CODE, tmp_path / "code", ignore=shutil.ignore_patterns("__pycache__"))
    with serve(tmp_path) as server:
        status, answer = server.invoke({"model": "o/good", "query": "a", "passages": ["b"]})
        assert status == 400
        assert answer["message"].startswith("o/worse cannot be served: ")
        assert server.ping() == 200
