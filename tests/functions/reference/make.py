"""Write build.yaml from build.in.yaml and the functions; `python make.py --check` only compares."""

import base64
import gzip
import hashlib
import io
import json
import re
import sys
import tarfile
from pathlib import Path

from cfgen.render.parts import source

HERE = Path(__file__).parent
FUNCTIONS = HERE.parents[2] / "templates" / "functions"
MODELS = ["sentence-transformers/all-MiniLM-L6-v2", "cross-encoder/ms-marco-MiniLM-L-12-v2"]


def code_archive(folder: Path) -> bytes:
    """A .tar.gz that depends on names and contents only."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                member = tarfile.TarInfo(path.relative_to(folder).as_posix())
                member.size, member.mode = path.stat().st_size, 0o644
                archive.addfile(member, io.BytesIO(path.read_bytes()))
    return gzip.compress(buffer.getvalue(), mtime=0)


def narrow(source: str) -> str:
    """A source as it is embedded: one space a level, no lines that only explain. A template has 51,200 bytes."""
    source = re.sub(r"^ *#.*\n", "", source, flags=re.M)
    source = re.sub(r'^( +)"""[^"\n]+"""\n(?=\1\S)', "", source, flags=re.M)
    return re.sub(r"^(?: {4})+", lambda indent: " " * (len(indent[0]) // 4), source, flags=re.M)


def content(models: list[str], code: bytes, **more: object) -> tuple[str, str]:
    """CONFIG and KEY of some content."""
    config: dict[str, object] = {"models": [{"id": one, "revision": "main"} for one in models], **more}
    config |= {"allowPickle": False, "archive": "none", "code": {"sha256": hashlib.sha256(code).hexdigest()}}
    text = json.dumps(config, sort_keys=True, separators=(",", ":"))
    script = (FUNCTIONS / "build.py").read_bytes()
    return text, hashlib.sha256(text.encode() + script).hexdigest()[:20]


def render(models: list[str] | None = None, **more: object) -> str:
    code = code_archive(HERE / "code")
    config, key = content(models or MODELS, code, **more)
    # what the header explains is for whoever edits the file, not part of the template
    text = re.sub(r"\A(#.*\n)+", "", (HERE / "build.in.yaml").read_text())

    def include(match: re.Match[str]) -> str:
        lines = narrow(source(match[2])).splitlines()
        return "\n".join(match[1] + line if line else "" for line in lines)

    text = re.sub(r"^( *)@include (\S+)@$", include, text, flags=re.M)
    values = {"KEY": key, "ID": key[:12], "CONFIG": config, "CODE": base64.b64encode(code).decode()}
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    return text


if __name__ == "__main__":
    made, path = render(), HERE / "build.yaml"
    if "--check" in sys.argv:
        sys.exit(0 if path.read_text() == made else f"{path} is out of date: run {Path(__file__).name}")
    path.write_text(made)
    print(f"{len(made.encode()):,} bytes")
