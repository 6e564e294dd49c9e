"""From the spec to an answer: nothing is imitated but AWS's and the hub's addresses.

specs/embeddings.yaml is rendered and deployed as it is; its own functions and its own build script run; what they
leave in S3 is served by the container's real software, and the stack's own smoke test asks that. The models are
all-MiniLM-L6-v2 with its real weights and small stand-ins for the other two, in a hub on loopback.

    python -m pytest tests/build/test_served.py      # part of `make test-serving`

Needs .venvs/serving (requirements/serving.txt) beside the environment it runs in.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from cfgen.pipeline import render_spec
from cfgen.spec import load_spec
from tests.build.world import World
from tests.conftest import ROOT
from tests.serving.stack import SERVING_PYTHON, Server, serve

pytestmark = [
    pytest.mark.served,
    pytest.mark.skipif(not SERVING_PYTHON.exists(), reason="needs .venvs/serving"),
]
SPEC = ROOT / "specs" / "embeddings.yaml"
MINILM = "sentence-transformers/all-MiniLM-L6-v2"
E5 = "intfloat/multilingual-e5-large"
RERANKER = "cross-encoder/ms-marco-MiniLM-L-12-v2"
TEXTS = ["The cat sits on the mat.", "Ein Kätzchen schläft auf der Fußmatte.", "Stocks fell.", "word " * 700]
QUERY = "Where is the cat?"
DIRECT = """
import json, sys
import torch
from pathlib import Path
from sentence_transformers import CrossEncoder, SentenceTransformer
from transformers import AutoModel, AutoTokenizer
folder, e5, reranker, texts, query = json.loads(sys.argv[1])
from tests.serving.models import minilm
found = {"minilm": SentenceTransformer(str(minilm()), device="cpu").encode(texts).tolist()}
tokenizer = AutoTokenizer.from_pretrained(Path(folder) / e5)
model = AutoModel.from_pretrained(Path(folder) / e5).eval()
vectors = []
for text in texts:
    with torch.inference_mode():
        batch = tokenizer("query: " + text, truncation=True, max_length=512, return_tensors="pt")
        vector = model(**batch).last_hidden_state[0].mean(0)
        vectors.append((vector / vector.norm()).tolist())
found["e5"] = vectors
ranker = CrossEncoder(str(Path(folder) / reranker), device="cpu")
found["scores"] = ranker.predict([(query, text) for text in texts]).tolist()
print(json.dumps(found))
"""


def serving(code: str, *arguments: str) -> str:
    """What a program prints that runs in the serving environment."""
    command = [str(SERVING_PYTHON), "-W", "ignore", "-c", code, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


class Container:
    """SageMaker's part: when a model has been made, fetch its files, start its server, pass requests on."""

    def __init__(self, world: World, folder: Path) -> None:
        self.world, self.folder = world, folder
        self.server: Server | None = None
        self.problem: Exception | None = None
        self.stack, self.stopped = ExitStack(), threading.Event()
        self.statuses: list[int] = []
        container = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, data = container.ask(body, dict(self.headers.items()))
                container.statuses.append(status)
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.front = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.front.server_address[1]}/invocations"
        threading.Thread(target=self.front.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        self.thread = threading.Thread(target=self.start)
        self.thread.start()

    def start(self) -> None:
        """Wait for a model and serve it."""
        try:
            api = self.world.sandbox.client("sagemaker")
            while not (models := api.list_models()["Models"]):
                if self.stopped.wait(0.2):
                    return
            container = api.describe_model(ModelName=models[0]["ModelName"])["PrimaryContainer"]
            source = container["ModelDataSource"]["S3DataSource"]
            assert (source["S3DataType"], source["CompressionType"]) == ("S3Prefix", "None")
            self.fetch(source["S3Uri"])
            running = serve(self.folder, python=SERVING_PYTHON, env=container.get("Environment", {}))
            self.server = self.stack.enter_context(running)
        except Exception as error:
            self.problem = error

    def fetch(self, uri: str) -> None:
        """The files of a prefix, as SageMaker lays them out below /opt/ml/model."""
        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        s3 = self.world.sandbox.client("s3")
        for one in (
            s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix).search("Contents")
        ):
            target = self.folder / one["Key"].removeprefix(prefix)
            target.parent.mkdir(parents=True, exist_ok=True)
            s3.download_file(bucket, one["Key"], str(target))

    def ask(self, body: bytes, headers: dict[str, str]) -> tuple[int, bytes]:
        """A request as SageMaker passes it on; 503 while the server is starting."""
        if self.server is None:
            return 503, json.dumps({"message": f"not yet there: {self.problem}"}).encode()
        sent = {"Content-Type": headers.get("Content-Type", ""), "Accept": headers.get("Accept", "*/*")}
        request = urllib.request.Request(f"{self.server.url}/invocations", data=body, headers=sent)
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def stop(self) -> None:
        self.stopped.set()
        self.thread.join()
        self.stack.close()
        self.front.shutdown()
        self.front.server_close()


@pytest.fixture
def models(world: World, tmp_path: Path) -> Path:
    """The three models, in a folder and in the hub under the spec's ids and revisions."""
    folder = tmp_path / "models"
    folder.mkdir()
    serving(
        "import sys; from pathlib import Path; from tests.serving.models import make_artifact;"
        "print(make_artifact(Path(sys.argv[1])))",
        str(folder),
    )
    given = load_spec(SPEC).data.model.model_id
    for one in given:
        name, revision = (one, None) if isinstance(one, str) else (one.id, one.revision)
        place = folder / name
        files = {
            str(path.relative_to(place)): path.read_bytes() for path in place.rglob("*") if path.is_file()
        }
        commit = world.hub.add(name, files)
        commits = world.hub.repositories[name].commits
        commits[revision or commit] = commits[commit]
    return folder


@pytest.fixture
def container(world: World, tmp_path: Path) -> Iterator[Container]:
    container = Container(world, tmp_path / "opt-ml-model")
    world.sandbox.configure(responders={"*": container.url})
    yield container
    container.stop()


def test_from_spec_to_answer(world: World, models: Path, container: Container) -> None:
    text = render_spec(SPEC, world.catalogue).text
    assert len(text.encode()) < 51_200
    world.create(text)
    end = world.follow(400)
    assert end.status == "CREATE_COMPLETE", (end, container.problem)
    print(f"created after {end.seconds:.1f} s; {container.server.seconds:.1f} s of them until /ping")
    # the smoke test asked the real model until it answered
    assert container.statuses[-1] == 200

    name = world.outputs()["EndpointName"]
    runtime = world.client("sagemaker-runtime")

    def ask(**body: Any) -> Any:
        data = json.dumps(body).encode()
        reply = runtime.invoke_endpoint(EndpointName=name, Body=data, ContentType="application/json")
        return json.load(reply["Body"])

    expected = json.loads(serving(DIRECT, json.dumps([str(models), E5, RERANKER, TEXTS, QUERY])))
    found = ask(model=MINILM, inputs=TEXTS)["embeddings"]
    assert [len(one) for one in found] == [384] * len(TEXTS)
    near(found, expected["minilm"])
    near(ask(model=E5, inputs=TEXTS, inputType="query")["embeddings"], expected["e5"])
    near([ask(model=RERANKER, query=QUERY, passages=TEXTS)["scores"]], [expected["scores"]])
    with pytest.raises(runtime.exceptions.ModelError, match="no model"):
        ask(model="gpt-2", inputs="a")

    # what is served is what the hub has, and the spec's code
    manifest = json.loads(
        world.client("s3")
        .get_object(Bucket=world.resource("ModelBucket"), Key=f"{world.prefix().rstrip('/')}.json")["Body"]
        .read()
    )
    served = {str(one.relative_to(container.folder)) for one in container.folder.rglob("*") if one.is_file()}
    assert {one["path"] for one in manifest["files"]} == served
    for path in served:
        origin = SPEC.parent / "embeddings" / path if path.startswith("code/") else models / path
        assert (container.folder / path).read_bytes() == origin.read_bytes(), path
    started = time.monotonic()
    assert world.delete().status == "DELETE_COMPLETE"
    assert time.monotonic() - started < 60
    world.nothing_left()


def near(found: list[list[float]], expected: list[list[float]]) -> None:
    """Equal but for the last digits."""
    assert [len(one) for one in found] == [len(one) for one in expected]
    worst = max(
        abs(a - b) for one, two in zip(found, expected, strict=True) for a, b in zip(one, two, strict=True)
    )
    assert worst < 1e-4, worst
