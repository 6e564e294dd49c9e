"""The build script as CodeBuild runs it: a process of its own, from a hub to S3."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.fixtures.hub import Hub
from tests.functions.conftest import FUNCTIONS, TOKEN, Functions
from tests.functions.loopback import Throttle
from tests.functions.reference.make import code_archive

WEIGHTS = bytes(range(256)) * 4096 * 3  # 3 MiB
FILES: dict[str, bytes] = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": WEIGHTS,
    "tokenizer/empty.txt": b"",
}


def one(name: str = "org/model", **more: Any) -> dict[str, Any]:
    return {"models": [{"id": name, "revision": "main", **more}]}


def keys(bucket: Any, prefix: str = "models/k1/") -> dict[str, bytes]:
    return {
        item.key[len(prefix) :]: item.get()["Body"].read() for item in bucket.objects.filter(Prefix=prefix)
    }


def manifest(bucket: Any) -> dict[str, Any]:
    return dict(json.load(bucket.Object("models/k1.json").get()["Body"]))


def reason(bucket: Any) -> str:
    return str(json.load(bucket.Object("models/k1.failure.json").get()["Body"])["reason"])


def nothing_claims_success(bucket: Any) -> bool:
    return not [item for item in bucket.objects.all() if item.key == "models/k1.json"]


def test_files_arrive_whole_and_the_manifest_says_what_they_are(
    hub: Hub, bucket: Any, functions: Functions
) -> None:
    commit = hub.add("org/model", FILES, card={"license": "mit"})
    done = functions.build(one())
    assert done.code == 0, done.out
    assert keys(bucket) == FILES
    said = manifest(bucket)
    assert said["models"] == [{"id": "org/model", "revision": "main", "commit": commit, "license": "mit"}]
    assert {item["path"]: item["size"] for item in said["objects"]} == {p: len(d) for p, d in FILES.items()}
    assert {item["path"]: item["oid"] for item in said["files"]} == {
        "config.json": "sha1:" + hashlib.sha1(b"blob 22\0" + FILES["config.json"]).hexdigest(),
        "model.safetensors": "sha256:" + hashlib.sha256(WEIGHTS).hexdigest(),
        "tokenizer/empty.txt": "sha1:" + hashlib.sha1(b"blob 0\0").hexdigest(),
    }
    assert said["script"] == hashlib.sha256((FUNCTIONS / "build.py").read_bytes()).hexdigest()


def test_large_files_go_up_in_parts(hub: Hub, bucket: Any, functions: Functions) -> None:
    weights = os.urandom(23 << 20)
    hub.add("org/model", {**FILES, "model.safetensors": weights})
    assert (
        functions.build(
            one(),
        ).code
        == 0
    )
    assert bucket.Object("models/k1/model.safetensors").e_tag.endswith('-3"')
    assert keys(bucket)["model.safetensors"] == weights


def test_several_repositories_keep_their_owners(hub: Hub, bucket: Any, functions: Functions) -> None:
    hub.add("one/model", {**FILES, "config.json": b"1"})
    hub.add("two/model", {**FILES, "config.json": b"2"})
    models = {"models": [{"id": name, "revision": "main"} for name in ("one/model", "two/model")]}
    assert functions.build(models).code == 0
    there = keys(bucket)
    assert (there["one/model/config.json"], there["two/model/config.json"]) == (b"1", b"2")


def test_code_is_ours_not_the_models(hub: Hub, bucket: Any, functions: Functions, tmp_path: Path) -> None:
    hub.add("org/model", {**FILES, "code/inference.py": b"theirs"})
    folder = tmp_path / "source"
    (folder / "sub").mkdir(parents=True)
    (folder / "inference.py").write_text("ours")
    (folder / "sub" / "more.py").write_text("more")
    archive = code_archive(folder)
    digest = {"code": {"sha256": hashlib.sha256(archive).hexdigest()}}
    (tmp_path / "code.tar.gz").write_bytes(archive)
    assert functions.build({**one(), **digest}).code == 0
    there = keys(bucket)
    assert (there["code/inference.py"], there["code/sub/more.py"]) == (b"ours", b"more")

    # A rollback may find the project's older build specification: other code, another content.
    (tmp_path / "code.tar.gz").write_bytes(gzip.compress(b"other", mtime=0))
    done = functions.build({**one(), **digest, "key": "k2"})
    assert done.code == 1
    assert "code archive is not the one" in done.out

    boto3.client("s3").put_object(Bucket=bucket.name, Key="assets/code.tar.gz", Body=archive)
    uri = {"codeUri": f"s3://{bucket.name}/assets/code.tar.gz", "key": "k3"}
    assert functions.build({**one(), **digest, **uri}).code == 0
    assert keys(bucket, "models/k3/")["code/inference.py"] == b"ours"


def test_archive_for_containers_that_need_one(hub: Hub, bucket: Any, functions: Functions) -> None:
    hub.add("org/model", {**FILES, "model.safetensors": os.urandom(17 << 20)})
    for turn in range(2):
        done = functions.build({**one(), "archive": "tar.gz"})
        assert done.code == 0, done.out
        assert f"to copy: {0 if turn else 3}" in done.out
        assert [*keys(bucket)] == ["model.tar.gz"]
    data = keys(bucket)["model.tar.gz"]
    assert manifest(bucket)["objects"] == [{"path": "model.tar.gz", "size": len(data)}]
    with tarfile.open(fileobj=io.BytesIO(data)) as members:
        assert {item.name: item.size for item in members} == {
            "config.json": 22,
            "model.safetensors": 17 << 20,
            "tokenizer/empty.txt": 0,
        }


@pytest.mark.parametrize(
    ("extra", "config", "kept", "dropped"),
    [
        ({"pytorch_model.bin": b"x", "tf_model.h5": b"x", "onnx/model.onnx": b"x"}, {}, [], "all"),
        (
            {"openvino/openvino_model.bin": b"x", "flax_model.msgpack": b"x", "rust_model.ot": b"x"},
            {},
            [],
            "all",
        ),
        ({"training_args.bin": b"x", "optimizer.pt": b"x", ".gitattributes": b"x"}, {}, [], "all"),
        ({"consolidated.safetensors": b"x", "original/consolidated.00.pth": b"x"}, {}, [], "all"),
        (
            {"onnx/model.onnx": b"x"},
            {"include": ["onnx/", "config.json"]},
            ["onnx/model.onnx"],
            ["model.safetensors"],
        ),
        (
            {"notes/a.txt": b"x"},
            {"exclude": ["notes/", "tokenizer/*"]},
            [],
            ["notes/a.txt", "tokenizer/empty.txt"],
        ),
        (
            {"2_Dense/model.safetensors": b"x", "2_Dense/pytorch_model.bin": b"x"},
            {},
            ["2_Dense/model.safetensors"],
            [],
        ),
    ],
)
def test_the_files_that_are_copied(
    hub: Hub,
    bucket: Any,
    functions: Functions,
    extra: dict[str, bytes],
    config: dict[str, Any],
    kept: Any,
    dropped: Any,
) -> None:
    hub.add("org/model", {**FILES, **extra})
    done = functions.build(one(**config))
    assert done.code == 0, done.out
    there = keys(bucket)
    assert set(kept) <= there.keys()
    assert not there.keys() & set(extra if dropped == "all" else dropped)


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ({"config.json": b"{}", "pytorch_model.bin": b"x"}, "pickles may run code"),
        ({**FILES, "2_Dense/pytorch_model.bin": b"x"}, "2_Dense/pytorch_model.bin"),
        ({"config.json": b"{}"}, "no weights among the 1 files"),
        ({**FILES, "a": b"x", "a/b": b"x"}, "SageMaker cannot take 'a'"),
        ({**FILES, "n" * 256: b"x"}, "SageMaker cannot take"),
        ({**FILES, "a/../b": b"x"}, "SageMaker cannot take 'a/../b'"),
    ],
)
def test_what_is_refused(
    hub: Hub, bucket: Any, functions: Functions, files: dict[str, bytes], why: str
) -> None:
    hub.add("org/model", files)
    done = functions.build(one())
    assert done.code == 1
    assert why in reason(bucket)
    assert nothing_claims_success(bucket)
    assert keys(bucket) == {}


def test_pickles_when_they_are_allowed(hub: Hub, bucket: Any, functions: Functions) -> None:
    hub.add("org/model", {"config.json": b"{}", "pytorch_model.bin": b"weights"})
    assert functions.build({**one(), "allowPickle": True}).code == 0
    assert keys(bucket)["pytorch_model.bin"] == b"weights"


def test_a_commit_is_pinned_and_lists_have_pages(bucket: Any, functions: Functions, monkeypatch: Any) -> None:
    with Hub(page=2) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        first = hub.add("org/model", FILES)
        hub.add("org/model", {"config.json": b"newer", "model.safetensors": b"newer"})
        done = functions.build(one(revision=first))
        assert done.code == 0, done.out
        assert keys(bucket) == FILES
        assert all(first in request.path for request in hub.asked("hub", "tree|resolve"))


def test_the_token_opens_gated_models_and_goes_nowhere_else(
    hub: Hub, bucket: Any, functions: Functions, secret: str
) -> None:
    hub.add("meta/gated", FILES, gated=True)
    done = functions.build({**one("meta/gated"), "tokenSecret": secret})
    assert done.code == 0, done.out
    assert hub.asked("cdn")
    assert all("Authorization" not in request.headers for request in hub.asked("cdn"))
    assert all(request.headers["Authorization"] == f"Bearer {TOKEN}" for request in hub.asked("hub"))
    for item in bucket.objects.all():
        assert TOKEN.encode() not in item.get()["Body"].read()


def test_a_secret_may_be_json(hub: Hub, bucket: Any, functions: Functions) -> None:
    hub.add("acme/private", FILES, private=True)
    boto3.client("secretsmanager").create_secret(Name="json", SecretString=json.dumps({"HF_TOKEN": TOKEN}))
    assert functions.build({**one("acme/private"), "tokenSecret": "json"}).code == 0
    assert keys(bucket) == FILES


@pytest.mark.parametrize(
    ("name", "token", "status", "code"),
    [
        ("meta/gated", False, 401, "GatedRepo"),
        ("meta/closed", True, 403, "GatedRepo"),
        ("acme/private", False, 401, "RepoNotFound"),
        ("org/mistyped", True, 404, "RepoNotFound"),
    ],
)
def test_the_hub_refuses(
    hub: Hub, bucket: Any, functions: Functions, secret: str, name: str, token: bool, status: int, code: str
) -> None:
    hub.add("meta/gated", FILES, gated=True)
    hub.add("meta/closed", FILES, gated=True)
    hub.add("acme/private", FILES, private=True)
    started = time.monotonic()
    done = functions.build({**one(name), "tokenSecret": secret if token else ""})
    assert done.code == 1
    assert f"the hub answers {status}" in reason(bucket)
    assert code in reason(bucket)
    assert time.monotonic() - started < 10, "a refusal is not tried again"
    assert nothing_claims_success(bucket)


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "/api/", "status": 429, "headers": {"Retry-After": "1"}, "times": 2},
        {"path": "/api/.*/tree", "status": 500, "times": 3},
        {"path": "config.json", "status": 503, "times": 3},
        {"path": "", "origin": "cdn", "status": 500, "times": 4},
        {"path": "", "origin": "cdn", "status": 429, "headers": {"Retry-After": "1"}, "times": 1},
        {"path": "", "origin": "cdn", "cut_after": 1_000_000, "times": 3},
        {"path": "", "origin": "cdn", "cut_after": 0, "times": 3},
        {"path": "", "origin": "cdn", "reset": True, "times": 2},
        {"path": "resolve/.*/config.json", "cut_after": 5, "times": 2},
        {"path": "/api/.*/tree", "cut_after": 30, "times": 2},
    ],
    ids=str,
)
def test_passing_faults_of_the_hub_are_overcome(
    hub: Hub, bucket: Any, functions: Functions, fault: dict[str, Any]
) -> None:
    hub.add("org/model", FILES)
    wrong = hub.fault(**fault)
    done = functions.build(one())
    assert done.code == 0, done.out
    assert wrong.times == 0
    assert keys(bucket) == FILES


def test_a_cut_is_taken_up_where_it_happened(hub: Hub, bucket: Any, functions: Functions) -> None:
    hub.add("org/model", FILES)
    hub.fault("", origin="cdn", cut_after=2_000_000)
    assert functions.build(one()).code == 0
    assert keys(bucket) == FILES
    first, second = (
        request.headers["Range"].removeprefix("bytes=").split("-") for request in hub.asked("cdn")
    )
    assert first == ["0", f"{len(WEIGHTS) - 1}"]
    assert 1_800_000 <= int(second[0]) <= 2_000_000


def test_signed_addresses_expire(hub: Hub, bucket: Any, functions: Functions) -> None:
    weights = os.urandom(40 << 20)
    hub.add("org/model", {**FILES, "model.safetensors": weights})
    hub.expire_after = 1
    done = functions.build(one())
    assert done.code == 0, done.out
    assert keys(bucket)["model.safetensors"] == weights


def test_a_signed_address_expires_for_all_who_use_it(hub: Hub, bucket: Any, functions: Functions) -> None:
    weights = os.urandom(80 << 20)
    hub.add("org/model", {**FILES, "model.safetensors": weights})
    hub.expire_after, hub.refused_at_once = 1, threading.Barrier(2)
    done = functions.build(one())
    assert done.code == 0, done.out
    assert keys(bucket)["model.safetensors"] == weights


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        ({"path": "", "origin": "cdn", "corrupt": True, "times": 99}, "wrong bytes"),
        (
            {"path": "resolve/.*/config.json", "corrupt": True, "times": 99},
            "config.json: wrong bytes, sha1 is",
        ),
        ({"path": "", "origin": "cdn", "status": 500, "times": 999}, "too many 500 error responses"),
        ({"path": "", "origin": "cdn", "cut_after": 10, "times": 999}, "model.safetensors"),
        ({"path": "/api/", "status": 500, "times": 999}, "too many 500 error responses"),
    ],
    ids=str,
)
def test_lasting_faults_of_the_hub_end_the_build(
    hub: Hub, bucket: Any, functions: Functions, fault: dict[str, Any], why: str
) -> None:
    hub.add("org/model", FILES)
    hub.fault(**fault)
    done = functions.build({**one(), "pause": 0.001}, CODEBUILD_BUILD_ID="demo:1")
    assert done.code == 1
    assert why in reason(bucket)
    assert nothing_claims_success(bucket)
    assert "model.safetensors" not in keys(bucket), "an object came to be that was never checked"
    assert not list(bucket.multipart_uploads.all())


def test_a_hub_that_is_down(bucket: Any, functions: Functions) -> None:
    done = functions.build({**one(), "hub": "http://127.0.0.1:9", "pause": 0.001})
    assert done.code == 1
    assert "Max retries exceeded" in reason(bucket)


@pytest.mark.parametrize("method", ["PUT", "POST", "GET", "HEAD"])
def test_s3_throttles(
    hub: Hub, bucket: Any, functions: Functions, aws: str, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    hub.add("org/model", {**FILES, "model.safetensors": os.urandom(20 << 20)})
    assert functions.build(one()).code == 0
    bucket.Object("models/k1/model.safetensors").delete()
    with Throttle(aws, method, 3) as slow:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", slow.url)
        done = functions.build(one())
        assert done.code == 0, done.out
        assert slow.throttled == 3


def test_a_secret_that_is_not_there(bucket: Any, functions: Functions) -> None:
    done = functions.build({**one(), "tokenSecret": "nothing"})
    assert done.code == 1
    assert "ResourceNotFoundException" in reason(bucket)


def test_a_rerun_takes_up_where_the_last_one_stopped(hub: Hub, bucket: Any, functions: Functions) -> None:
    hub.add("org/model", {**FILES, "model-2.safetensors": b"second"})
    hub.fault("", origin="cdn", corrupt=True, times=1)
    assert functions.build(one()).code == 1
    bucket.put_object(Key="models/k1/stray.bin", Body=b"?")
    bucket.put_object(
        Key="models/k1/config.json", Body=FILES["config.json"]
    )  # right bytes, but never checked
    bucket.Object("models/k1/half.safetensors").initiate_multipart_upload()
    assert functions.build(one()).code == 0
    before = len(hub.asked("cdn"))
    done = functions.build(one())
    assert done.code == 0
    assert "to copy: 0" in done.out
    assert len(hub.asked("cdn")) == before
    assert keys(bucket) == {**FILES, "model-2.safetensors": b"second"}
    assert not list(bucket.multipart_uploads.all())


def test_killed_without_a_word_and_run_again(
    hub: Hub, bucket: Any, functions: Functions, tmp_path: Path
) -> None:
    weights = os.urandom(40 << 20)
    hub.add("org/model", {**FILES, "model.safetensors": weights})
    hub.fault("", origin="cdn", delay=1.5, times=1, cut_after=None)
    given = json.dumps({**one(), "bucket": bucket.name, "key": "k1"})
    command = [sys.executable, str(FUNCTIONS / "build.py")]
    process = subprocess.Popen(command, env={**os.environ, "CFGEN_BUILD": given}, cwd=tmp_path, stdout=-3)
    deadline = time.monotonic() + 20
    while not hub.asked("cdn") and time.monotonic() < deadline:
        time.sleep(0.05)
    process.kill()
    process.wait()
    assert nothing_claims_success(bucket)
    assert functions.build(one()).code == 0
    assert keys(bucket)["model.safetensors"] == weights
    assert not list(bucket.multipart_uploads.all())


def test_nothing_is_written_to_disk(hub: Hub, bucket: Any, tmp_path: Path) -> None:
    hub.add("org/model", {**FILES, "model.safetensors": os.urandom(20 << 20)})
    limit = "import resource, runpy, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0));"
    script = f"{limit} runpy.run_path({str(FUNCTIONS / 'build.py')!r}, run_name='__main__')"
    tmp_path.chmod(0o555)
    given = json.dumps({**one(), "bucket": bucket.name, "key": "k1"})
    done = subprocess.run(
        [sys.executable, "-B", "-c", script],
        env={**os.environ, "CFGEN_BUILD": given},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    tmp_path.chmod(0o755)
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.iterdir()) == []
