"""Copy models from a Hugging Face hub, and a code folder, into S3 as one SageMaker artifact.

Runs in CodeBuild on the image's own python3, boto3 and urllib3. Bytes stream from hub to S3, are checked
against the hub's hashes on the way, and touch no disk. Settings: the JSON in CFGEN_BUILD.
"""

import hashlib
import io
import json
import os
import re
import tarfile
import time
import zlib
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urljoin

import boto3
import urllib3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config

MIB, HIDDEN = 1 << 20, list[str]()
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib")
WEIGHTS = (".safetensors", ".gguf", ".onnx", ".h5", ".msgpack", ".ot", ".tflite", *PICKLES)
NEVER = [
    "*.gitattributes",
    "*.gitignore",
    "*optimizer.pt",
    "*scheduler.pt",
    "*training_args.bin",
    "*rng_state*",
]
TWINS = ["onnx/*", "openvino/*", "original/*", "coreml/*", "*.onnx", "*.h5", "*.msgpack", "*.ot", "*.tflite"]
Dict = dict[str, Any]


class Refused(Exception):
    """A reason in words that more tries would not change."""


class File(NamedTuple):
    path: str
    size: int
    oid: str  # sha256:… or, of a git blob, sha1:…
    url: str = ""
    data: bytes = b""


class Hub:
    def __init__(self, url: str, token: str, pause: float) -> None:
        self.url, self.token, self.pause, self.moved = url.rstrip("/"), token, pause, dict[str, str]()
        codes = [408, 429, *range(500, 600)]  # after Retry-After, if the hub gives one
        again = urllib3.Retry(10, redirect=5, backoff_factor=pause, status_forcelist=codes)
        self.http = urllib3.PoolManager(maxsize=20, retries=again, timeout=60)

    def get(self, url: str, whole: bool = False, anew: bool = False, **headers: str) -> Any:
        """A good answer. The token goes to the hub's own origin; urllib3 drops it on the way to another."""
        at = url if anew else self.moved.get(url, url)
        if self.token and at.startswith(f"{self.url}/"):
            headers["Authorization"] = f"Bearer {self.token}"
        reply = self.http.request("GET", at, headers=headers, preload_content=whole)
        if reply.status < 300:
            self.moved[url] = urljoin(at, reply.geturl() or at)
            return reply
        reply.drain_conn()
        if at != url:  # a signed address has expired: ask for a new one
            return self.get(url, whole, True, **headers)
        why = reply.headers.get("X-Error-Code") or "no such model, revision or file, or no access to it"
        raise Refused(f"the hub answers {reply.status} for {url}: {why}")

    def json(self, path: str) -> Any:
        """A JSON answer; of a list, all its pages."""
        reply = self.get(urljoin(self.url, path), whole=True)
        found, link = json.loads(reply.data), reply.headers.get("Link") or ""
        after = re.search(r'<([^>]+)>;\s*rel="next"', link)
        return found + self.json(after[1]) if after else found

    def read(self, file: File, start: int, end: int) -> bytes:
        """A part of a file, taken up where a connection was cut."""
        if not file.url:
            return file.data[start:end]
        chunks, at, failures = list[bytes](), start, 0
        while at < end:
            before, problem = at, "connection cut"
            try:
                reply = self.get(file.url, Range=f"bytes={at}-{end - 1}")
                if reply.status != 206 and at:
                    raise Refused(f"{file.url} cannot be read in ranges")
                for chunk in reply.stream(MIB // 4):
                    chunks.append(chunk)
                    at += len(chunk)
            except (urllib3.exceptions.HTTPError, OSError) as error:
                problem = str(error)
            if at < end:
                failures = 1 if at > before + MIB else failures + 1
                if failures > 10:
                    raise ConnectionError(f"{file.path}: {problem}")
                say(f"{file.path}: again from byte {at}: {problem}")
                time.sleep(min(self.pause * 2**failures, 60))
        return b"".join(chunks)


def choose(found: list[Dict], model: Dict, pickle: bool) -> list[Dict]:
    """The files to copy: safetensors rather than the same in other formats, no pickle unless allowed."""

    def any_of(path: str, patterns: list[str]) -> bool:
        return any(fnmatch(path, one + "*" * one.endswith("/")) for one in patterns)

    unwanted, include = NEVER + model.get("exclude", []), model.get("include")
    files = {one["path"]: one for one in found if one["type"] == "file" and not any_of(one["path"], unwanted)}
    safe = {path.rpartition("/")[0] for path in files if path.endswith(".safetensors")}
    twins = TWINS + ["consolidated*.safetensors"] * any(fnmatch(path, "model*.safetensors") for path in files)
    for path in list(files):
        twin = any_of(path, twins) or (path.endswith(PICKLES) and path.rpartition("/")[0] in safe)
        if not any_of(path, include) if include else safe and twin:
            del files[path]
    pickles = [path for path in files if path.endswith(PICKLES)]
    if pickles and not pickle:
        raise Refused(
            f"{model['id']}: pickles may run code when loaded; allow or exclude them: {pickles[:5]}"
        )
    if not any(path.endswith(WEIGHTS) for path in files):
        raise Refused(f"{model['id']}: no weights among the {len(files)} files chosen of {len(found)}")
    return list(files.values())


def survey(hub: Hub, build: Dict) -> tuple[list[File], list[Dict]]:
    """All files of the artifact as the hub describes them, each revision pinned to its commit."""
    files, models = list(unpack(build)) if build.get("code") else [], []
    for model in build["models"]:
        name, revision = model["id"], model["revision"]
        about = hub.json(f"/api/models/{name}/revision/{quote(revision, safe='')}")
        commit, license = about["sha"], (about.get("cardData") or {}).get("license")
        tree = hub.json(f"/api/models/{name}/tree/{commit}?recursive=true")
        folder = model.get("folder", name if len(build["models"]) > 1 else "")
        for one in choose(tree, model, build.get("allowPickle", False)):
            path = f"{folder}/{one['path']}".lstrip("/")
            if not build.get("code") or not path.startswith("code/"):  # ours, not the model's
                oid = f"sha256:{one['lfs']['oid']}" if one.get("lfs") else f"sha1:{one['oid']}"
                url = f"{hub.url}/{name}/resolve/{commit}/{quote(one['path'])}"
                files.append(File(path, one["size"], oid, url))
        models.append({"id": name, "revision": revision, "commit": commit, "license": license})
        say(f"{name} at {commit}, licence {license}")
    # SageMaker turns keys into folders and files, and has rules for their names.
    paths = [one.path for one in files]
    folders = {path[: at.start()] for path in paths for at in re.finditer("/", path)}
    for path in paths:
        odd = any(part in ("", ".", "..") or len(part.encode()) > 255 for part in path.split("/"))
        if odd or not path.isprintable() or path in folders or paths.count(path) > 1:
            raise Refused(f"SageMaker cannot take {path!r}: an odd name, twice there, or a folder as well")
    return files, models


def unpack(build: Dict) -> Iterator[File]:
    """The code folder's files, out of the archive beside this script or in S3."""
    bucket, _, key = build.get("codeUri", "").removeprefix("s3://").partition("/")
    asset = boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() if bucket else b""
    archive = asset or Path("code.tar.gz").read_bytes()
    if hashlib.sha256(archive).hexdigest() != build["code"]["sha256"]:
        raise Refused("the code archive is not the one that this content was made from")
    with tarfile.open(fileobj=io.BytesIO(archive)) as members:
        for one in members:
            if stream := members.extractfile(one):
                data = stream.read()
                yield File(
                    f"code/{one.name}", one.size, f"sha256:{hashlib.sha256(data).hexdigest()}", data=data
                )


class Stream:
    """The bytes of files one after the other, downloaded some parts ahead."""

    def __init__(self, hub: Hub, files: list[File], part: int, pool: ThreadPoolExecutor) -> None:
        spans = [(one, at, min(at + part, one.size)) for one in files for at in range(0, one.size or 1, part)]
        self.calls = (pool.submit(hub.read, *span) for span in spans)
        self.waiting, self.ahead = deque[Any](), max(2, 48 * MIB // part)

    def file(self, file: File) -> Iterator[bytes]:
        """The next file's parts; the last one only if the hash is right."""
        kind, _, expected = file.oid.partition(":")
        digest = hashlib.sha1(b"blob %d\0" % file.size) if kind == "sha1" else hashlib.sha256()
        left = file.size
        while True:
            self.waiting.extend(islice(self.calls, self.ahead - len(self.waiting)))
            data = self.waiting.popleft().result()
            digest.update(data)
            left -= len(data)
            if not left and digest.hexdigest() != expected:
                raise Refused(
                    f"{file.path}: wrong bytes, {kind} is {digest.hexdigest()}, the hub says {expected}"
                )
            yield data
            if not left:
                return say(f"{file.size / MIB:10.1f} MiB {file.path}")

    def archive(self, files: list[File]) -> Iterator[bytes]:
        """All files in one .tar.gz, stored: weights do not shrink, and unpacking stays cheap."""
        gzip = zlib.compressobj(0, wbits=31)
        for file in files:
            head = tarfile.TarInfo(file.path)
            head.size = file.size
            yield gzip.compress(head.tobuf())
            yield from map(gzip.compress, self.file(file))
            yield gzip.compress(bytes(-file.size % 512))
        yield gzip.compress(bytes(1024)) + gzip.flush()


class Body:
    """What boto3 reads to upload. An error on the way ends the upload, and no object comes to be."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self.chunks, self.rest, self.size = chunks, b"", 0

    def read(self, size: int = 1 << 50) -> bytes:
        got = self.rest
        while len(got) < size and (more := next(self.chunks, None)) is not None:
            got = got + more if got else more
        self.rest, got = got[size:], got[:size]
        self.size += len(got)
        return got


def tidy(bucket: Any, prefix: str, wanted: dict[str, str]) -> dict[str, int]:
    """End what a killed build left half done, delete what does not belong; name and size of what is right."""
    right = dict[str, int]()
    for upload in bucket.multipart_uploads.filter(Prefix=prefix):
        upload.abort()
    for one in bucket.objects.filter(Prefix=prefix):
        name = one.key.removeprefix(prefix)
        # An object's hash was checked before the object came to be.
        if name in wanted and one.Object().metadata.get("oid") == wanted[name]:
            right[name] = one.size
        else:
            one.delete()
    return right


def main(build: Dict, bucket: Any, prefix: str) -> None:
    token = ""
    if build.get("tokenSecret"):
        secret = boto3.client("secretsmanager").get_secret_value(SecretId=build["tokenSecret"])
        token = secret["SecretString"].strip()
        token = next(iter(json.loads(token).values())) if token.startswith("{") else token
        HIDDEN.append(token)
    url = build.get("hub") or os.environ.get("HF_ENDPOINT") or "https://huggingface.co"
    hub = Hub(url, token, build.get("pause", 1))
    files, models = survey(hub, build)
    listing = [{"path": one.path, "size": one.size, "oid": one.oid} for one in files]
    whole = {"model.tar.gz": f"sha256:{hashlib.sha256(json.dumps(listing).encode()).hexdigest()}"}
    whole = whole if build.get("archive") == "tar.gz" else {}
    wanted = whole or {one.path: one.oid for one in files}
    right = tidy(bucket, f"{prefix}/", wanted)
    todo = [one for one in files if one.path not in right and not (whole and right)]
    sizes = [one.size for one in files]
    say(f"{len(files)} files, {sum(sizes) / MIB:.1f} MiB; to copy: {len(todo)}")
    # S3 takes 10,000 parts. However large they must be, 48 MiB are under way in and 32 MiB out.
    part = max(build.get("partMiB", 8) * MIB, (sum(sizes) if whole else max(sizes)) // 9000)
    limits = TransferConfig(multipart_threshold=part, multipart_chunksize=part, max_concurrency=4)
    limits.max_in_memory_upload_chunks = max(1, 32 * MIB // part)
    stream = Stream(hub, todo, part, ThreadPoolExecutor(8))
    objects = [(name, oid, stream.archive(todo)) for name, oid in whole.items() if todo]
    for name, oid, chunks in objects or ((one.path, one.oid, stream.file(one)) for one in todo):
        body = Body(chunks)
        bucket.upload_fileobj(body, f"{prefix}/{name}", ExtraArgs={"Metadata": {"oid": oid}}, Config=limits)
        right[name] = body.size
    manifest = {
        "format": 1,
        "key": build["key"],
        "models": models,
        "code": build.get("code"),
        "files": listing,
    }
    if right.keys() != wanted.keys():
        raise Refused(f"not copied: {sorted(wanted.keys() - right.keys())[:5]}")
    manifest["objects"] = [{"path": path, "size": size} for path, size in sorted(right.items())]
    manifest["script"] = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    bucket.put_object(Key=f"{prefix}.json", Body=json.dumps(manifest).encode())
    say(f"done: s3://{bucket.name}/{prefix}/")


def say(text: str) -> None:
    """Print without secrets: neither the token nor the signatures of addresses."""
    print(clean(text), flush=True)


def clean(text: str) -> str:
    for secret in HIDDEN:
        text = text.replace(secret, "***")
    return re.sub(r"\?\S*=[^\s)']*", "", text)


if __name__ == "__main__":
    settings = json.loads(os.environ["CFGEN_BUILD"])
    often = Config(retries={"mode": "standard", "max_attempts": 12})
    place, name = boto3.resource("s3", config=often).Bucket(settings["bucket"]), f"models/{settings['key']}"
    try:
        main(settings, place, name)
    except Exception as error:
        reason = clean(str(error) if isinstance(error, Refused) else f"{type(error).__name__}: {error}")[
            :1500
        ]
        print(reason, flush=True)
        # The last step of the state machine reads this and tells CloudFormation why.
        content = {"build": os.environ.get("CODEBUILD_BUILD_ID"), "reason": reason}
        place.put_object(Key=f"{name}.failure.json", Body=json.dumps(content).encode())
        os._exit(1)
