"""Hub to S3: the usual way (download all, copy, tar and compress, upload one object) against ours, side by side.

    python bench/build_stream.py [--mib 2048] [--files 4] [--runs 1]

Random weights, which do not shrink, from a hub on loopback to an S3 on loopback that forgets what it gets; both
in processes of their own, so that only the building side is measured: wall time, CPU with children, peak disk of
its folder, peak memory of its process tree. Needs boto3 and huggingface_hub, and pigz (else gzip).
"""

from __future__ import annotations

import argparse
import json
import mmap
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / "templates" / "functions" / "build.py"

USUAL = """
import shutil, subprocess, sys, boto3
from huggingface_hub import snapshot_download
snapshot_download("org/model", local_dir="download/model")
shutil.copytree("download/model", "output/model", ignore=shutil.ignore_patterns(".cache"))
with open("model.tar.gz", "wb") as archive:
    tar = subprocess.Popen(["tar", "-C", "output", "-cf", "-", "."], stdout=subprocess.PIPE)
    subprocess.run([sys.argv[1], "-c"], stdin=tar.stdout, stdout=archive, check=True)
    assert tar.wait() == 0
boto3.client("s3").upload_file("model.tar.gz", "models", "out/model.tar.gz")
"""


def serve_hub(folder: Path) -> None:
    """The hub's process: prints its address, and serves until its input ends."""
    sys.path.insert(0, str(ROOT))
    from tests.fixtures.hub import Hub

    files: dict[str, object] = {"config.json": b'{"model_type": "bert"}'}
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as stream:
            files[path.name] = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    with Hub() as hub:
        hub.add("org/model", files)
        print(hub.url, flush=True)
        sys.stdin.read()


def tree(root: int) -> list[int]:
    """A process and its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found, todo = list[int](), [root]
    while todo:
        one = todo.pop()
        found.append(one)
        todo += parents.get(one, [])
    return found


def memory(root: int) -> int:
    total = 0
    for one in tree(root):
        try:
            total += int(Path(f"/proc/{one}/statm").read_text().split()[1]) * mmap.PAGESIZE
        except OSError:
            continue
    return total


def disk(folder: Path) -> int:
    total = 0
    for where, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(Path(where) / name).st_blocks * 512
            except OSError:
                continue
    return total


def measure(command: list[str], environment: dict[str, str]) -> dict[str, float]:
    folder = Path(tempfile.mkdtemp(prefix="cfgen-bench-"))
    peaks = {"disk": 0, "memory": 0}
    before, started = os.times(), time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment, "TMPDIR": str(folder)},
        stdout=subprocess.DEVNULL,
    )
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peaks["memory"] = max(peaks["memory"], memory(process.pid))
            peaks["disk"] = max(peaks["disk"], disk(folder))

    watcher = threading.Thread(target=watch)
    watcher.start()
    code = process.wait()
    wall, after = time.perf_counter() - started, os.times()
    done.set()
    watcher.join()
    shutil.rmtree(folder)
    if code:
        raise SystemExit(f"{command} failed: {code}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return {"wall": wall, "cpu": cpu, "disk": peaks["disk"] / 1e6, "memory": peaks["memory"] / 1e6}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mib", type=int, default=2048, help="size of the weights")
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--hub", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.hub:
        return serve_hub(asked.hub)

    weights = Path(tempfile.mkdtemp(prefix="cfgen-weights-"))
    for number in range(asked.files):
        with (weights / f"model-{number}.safetensors").open("wb") as stream:
            for _ in range(asked.mib // asked.files):
                stream.write(os.urandom(1 << 20))
    packer = shutil.which("pigz") or "gzip"
    here = str(Path(__file__).resolve())
    hub = subprocess.Popen(
        [sys.executable, here, "--hub", str(weights)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    sink = subprocess.Popen(
        [sys.executable, str(Path(here).with_name("build_sink.py"))], stdout=subprocess.PIPE, text=True
    )
    assert hub.stdout
    assert sink.stdout
    build = {"models": [{"id": "org/model", "revision": "main"}], "bucket": "models", "key": "k"}
    environment = {
        "HF_ENDPOINT": hub.stdout.readline().strip(),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_XET": "1",
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{sink.stdout.readline().strip()}",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    ways = {
        f"usual: download, copy, tar + {Path(packer).name}, upload": [sys.executable, "-c", USUAL, packer],
        "ours: stream, uncompressed prefix": [sys.executable, str(SCRIPT)],
        "ours: stream, .tar.gz stored": [sys.executable, str(SCRIPT)],
    }
    try:
        for run in range(asked.runs):
            print(f"run {run + 1}: {asked.mib} MiB in {asked.files} files, {os.cpu_count()} cores")
            print(f"{'':52}{'wall s':>8}{'CPU s':>8}{'disk MB':>9}{'mem MB':>8}{'faster':>8}")
            first = 0.0
            for name, command in ways.items():
                more = {
                    "CFGEN_BUILD": json.dumps(build | {"archive": "tar.gz" if "stored" in name else "none"})
                }
                seen = measure(command, environment | more)
                first = first or seen["wall"]
                cells = f"{seen['wall']:8.1f}{seen['cpu']:8.1f}{seen['disk']:9.0f}{seen['memory']:8.0f}"
                print(f"{name:52}{cells}{first / seen['wall']:7.1f}x", flush=True)
    finally:
        for process in (hub, sink):
            process.terminate()
            process.wait()
        shutil.rmtree(weights)


if __name__ == "__main__":
    main()
