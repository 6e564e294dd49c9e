"""What a repository's weight files say of themselves: format, bytes, and how many numbers of which type.

A safetensors file begins with the length of a JSON header, eight bytes, and the header: for each tensor its type,
shape and place (huggingface/safetensors, README: Format). So its content is known from its first few kilobytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

from cfgen.models.errors import DamagedFile
from cfgen.models.facts import ModelFile

TYPE_BYTES: Mapping[str, float] = {
    "F64": 8, "I64": 8, "U64": 8, "C64": 8,
    "F32": 4, "I32": 4, "U32": 4,
    "F16": 2, "BF16": 2, "I16": 2, "U16": 2,
    "F8_E4M3": 1, "F8_E5M2": 1, "F8_E8M0": 1, "F8_E4M3FNUZ": 1, "F8_E5M2FNUZ": 1,
    "I8": 1, "U8": 1, "BOOL": 1, "F6_E2M3": 0.75, "F6_E3M2": 0.75, "F4": 0.5,
}  # fmt: skip
MAX_HEADER = 100_000_000
"""Bytes: the format's own limit (safetensors: tensor.rs, MAX_HEADER_SIZE)."""
FIRST_READ = 256 << 10
"""Bytes read at first: most headers are smaller, and then one request is all."""
PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl")
INDEXES = ("model.safetensors.index.json", "pytorch_model.bin.index.json")


class Repository(Protocol):
    """What is read from: a hub's repository or a folder."""

    model: str

    def files(self) -> tuple[ModelFile, ...]:
        """Every file with its size."""
        ...

    def read(self, path: str) -> bytes | None:
        """A small file whole, or None."""
        ...

    def part(self, path: str, start: int, end: int) -> bytes:
        """A part of a file."""
        ...

    def card(self) -> dict[str, Any]:
        """The model card's metadata."""
        ...

    def counted(self) -> dict[str, int] | None:
        """Numbers by type, when somebody has counted them."""
        ...


@dataclass(frozen=True, slots=True)
class Weights:
    """``format``: safetensors, pickle, gguf, other or empty. ``stored``: bytes of the tensors, None when there are
    none. ``numbers``: how many of each type (safetensors alone)."""

    format: str
    stored: int | None
    numbers: Mapping[str, int]


def weights_of(repository: Repository, files: Sequence[ModelFile]) -> Weights:
    """The weights that a server would load: safetensors rather than the same in pickles. Raises DamagedFile."""
    sizes = {one.path: one.size for one in files}
    for index in INDEXES:
        if index in sizes and (data := repository.read(index)) is not None:
            total, shards = read_index(repository.model, index, data)
            if missing := sorted(set(shards) - set(sizes)):
                raise DamagedFile(
                    repository.model, index, f"names files that are not there, such as {missing[0]}"
                )
            if index == INDEXES[1]:
                return Weights("pickle", total or sum(sizes[shard] for shard in shards), {})
            numbers = repository.counted() or _counted(repository, shards, sizes)
            return Weights("safetensors", total or _bytes(numbers), numbers)
    at_root = {path: size for path, size in sizes.items() if "/" not in path}
    if "model.safetensors" in at_root:
        numbers = _counted(repository, ["model.safetensors"], sizes)
        return Weights("safetensors", _bytes(numbers), numbers)
    if "pytorch_model.bin" in at_root:
        return Weights("pickle", at_root["pytorch_model.bin"], {})
    if gguf := [size for path, size in sizes.items() if path.endswith(".gguf")]:
        return Weights("gguf", min(gguf) if len(gguf) > 1 else gguf[0], {})
    if safe := sorted(path for path in at_root if path.endswith(".safetensors")):
        return Weights(
            "safetensors", _bytes(_counted(repository, safe, sizes)), _counted(repository, safe, sizes)
        )
    if pickled := [size for path, size in at_root.items() if path.endswith(PICKLES)]:
        return Weights("pickle", sum(pickled), {})
    return Weights(
        "other" if any(path.endswith((".h5", ".msgpack", ".onnx")) for path in sizes) else "", None, {}
    )


def read_index(model: str, path: str, data: bytes) -> tuple[int | None, tuple[str, ...]]:
    """Bytes of all tensors (None when it does not say) and the files they lie in. Raises DamagedFile."""
    try:
        index = json.loads(data)
        shards = tuple(sorted({str(shard) for shard in index["weight_map"].values()}))
        total = (index.get("metadata") or {}).get("total_size")
        total = None if total is None else int(total)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedFile(model, path, "is no index of weights") from error
    if not shards or (total is not None and total <= 0):
        raise DamagedFile(model, path, "is an index of no weights")
    return total, shards


def read_header(repository: Repository, path: str, size: int) -> dict[str, int]:
    """How many numbers of each type a safetensors file holds. Raises DamagedFile."""
    model = repository.model
    start = repository.part(path, 0, min(size, FIRST_READ))
    if len(start) < 8:
        raise DamagedFile(model, path, "is too short for a safetensors file (a pointer to large storage?)")
    if start.startswith(b"version https://git-lfs"):
        raise DamagedFile(
            model, path, "is only a pointer to large storage: fetch the file itself (git lfs pull)"
        )
    length = int.from_bytes(start[:8], "little")
    if length > MAX_HEADER or length + 8 > size:
        raise DamagedFile(model, path, f"names a header of {length:,} bytes, in a file of {size:,}")
    data = start[8 : 8 + length]
    if len(data) < length:
        data += repository.part(path, 8 + len(data), 8 + length)
    if len(data) < length:
        raise DamagedFile(model, path, "ends within its header")
    numbers: dict[str, int] = {}
    end = 0
    try:
        for name, tensor in json.loads(data).items():
            if name != "__metadata__":
                end = max(end, _dimension(tensor["data_offsets"][1]))
                count = math.prod(_dimension(one) for one in tensor["shape"])
                kind = str(tensor["dtype"])
                numbers[kind] = numbers.get(kind, 0) + count
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as error:
        raise DamagedFile(model, path, "has a header that cannot be read") from error
    if 8 + length + end > size:
        raise DamagedFile(model, path, f"has {size:,} bytes, and its header speaks of {8 + length + end:,}")
    return numbers


def _dimension(value: Any) -> int:
    if not isinstance(value, int) or value < 0:
        raise ValueError(value)
    return value


def _counted(repository: Repository, paths: Sequence[str], sizes: Mapping[str, int]) -> dict[str, int]:
    numbers: dict[str, int] = {}
    with ThreadPoolExecutor(min(8, len(paths))) as pool:
        for found in pool.map(lambda path: read_header(repository, path, sizes[path]), paths):
            for kind, count in found.items():
                numbers[kind] = numbers.get(kind, 0) + count
    return dict(sorted(numbers.items()))


def _bytes(numbers: Mapping[str, int]) -> int:
    return int(sum(count * TYPE_BYTES.get(kind, 2) for kind, count in numbers.items()))
