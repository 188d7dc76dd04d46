"""What a checkpoint file holds: its hashes and the digest of each tensor, read with the standard library alone.

The content hash is a sha256 over `runner-checkpoint-v1` and a NUL, then for each tensor, in the order of the UTF-8 bytes of its
name, the name, the safetensors dtype name, the shape as decimals joined by commas, and the sha256 of its bytes, each preceded by
its length as 8 bytes, least significant first. Metadata, file name and the order inside the file do not count.

Source: safetensors file format, https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, TypeGuard

from registry.errors import CheckpointUnreadable
from registry.records import Checkpoint, TensorDigest

HEADER_LIMIT_BYTES = 100_000_000
"""The longest header that safetensors allows."""

_MAGIC = b"runner-checkpoint-v1\0"
_LENGTH_BYTES = 8
_BLOCK_BYTES = 1 << 20
_BITS = {
    "BOOL": 8,
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def describe_checkpoint(path: str | Path, *, epoch: int | None = None) -> Checkpoint:
    """Read a checkpoint once and return its size and hashes; of a .safetensors file also the content hash and each digest.

    Raises:
        CheckpointUnreadable: The file cannot be read, or is no well-formed safetensors file although its name says so.
    """
    path = Path(path)
    try:
        if path.suffix != ".safetensors":
            return Checkpoint(str(path.resolve()), path.stat().st_size, file_sha256(path), epoch=epoch)
        with path.open("rb") as file:
            digest, tensors = _read_safetensors(path, file, path.stat().st_size)
    except OSError as error:
        raise CheckpointUnreadable(f"the checkpoint {path} cannot be read: {error.strerror or error}") from error
    size = path.stat().st_size
    return Checkpoint(str(path.resolve()), size, digest, content_hash(tensors), epoch, tuple(tensors))


def content_hash(tensors: Iterable[TensorDigest]) -> str:
    """Return the content hash of a set of tensors, as 64 hexadecimal digits."""
    digest = hashlib.sha256(_MAGIC)
    for tensor in sorted(tensors, key=lambda tensor: tensor.name.encode("utf-8")):
        shape = ",".join(str(size) for size in tensor.shape)
        fields = (tensor.name.encode("utf-8"), tensor.dtype.encode("ascii"), shape.encode("ascii"), bytes.fromhex(tensor.sha256))
        for field in fields:
            digest.update(len(field).to_bytes(_LENGTH_BYTES, "little") + field)
    return digest.hexdigest()


def file_sha256(path: Path) -> str:
    """Return the hexadecimal sha256 of a file's bytes.

    Raises:
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_safetensors(path: Path, file: BinaryIO, size_bytes: int) -> tuple[str, list[TensorDigest]]:
    """Return the file's sha256 and the tensors in the order of their names; every byte is read once."""
    prefix = file.read(_LENGTH_BYTES)
    length = int.from_bytes(prefix, "little")
    if len(prefix) < _LENGTH_BYTES or length > min(HEADER_LIMIT_BYTES, size_bytes - _LENGTH_BYTES):
        raise _malformed(path, f"it has {size_bytes} bytes and announces a header of {length}")
    header = file.read(length)
    whole = hashlib.sha256(prefix + header)
    tensors = []
    for entry in _entries(path, header, size_bytes - _LENGTH_BYTES - length):
        own, left = hashlib.sha256(), entry.end - entry.begin
        while left:
            block = file.read(min(left, _BLOCK_BYTES))
            if not block:
                raise _malformed(path, "it became shorter while it was read")
            own.update(block)
            whole.update(block)
            left -= len(block)
        tensors.append(TensorDigest(entry.name, entry.dtype, entry.shape, own.hexdigest()))
    return whole.hexdigest(), sorted(tensors, key=lambda tensor: tensor.name.encode("utf-8"))


def _entries(path: Path, header: bytes, data_bytes: int) -> list[_Entry]:
    """Return the tensors in the order of their bytes, which must follow one another without a hole up to the end."""
    try:
        document = json.loads(header.decode("utf-8"), object_pairs_hook=_unique)
    except (ValueError, RecursionError) as error:
        raise _malformed(path, f"its header is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise _malformed(path, "its header is no JSON object")
    entries = [_entry(path, name, value) for name, value in document.items() if name != "__metadata__"]
    entries.sort(key=lambda entry: (entry.begin, entry.end))
    position = 0
    for entry in entries:
        if entry.begin != position:
            raise _malformed(path, f"the bytes of the tensor {entry.name!r} begin at {entry.begin} instead of {position}")
        position = entry.end
    if position != data_bytes:
        raise _malformed(path, f"its tensors need {position} bytes and {data_bytes} follow the header")
    return entries


def _entry(path: Path, name: str, value: object) -> _Entry:
    fields = value if isinstance(value, dict) else {}
    dtype, shape, offsets = fields.get("dtype"), fields.get("shape"), fields.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise _malformed(path, f"the tensor {name!r} has the unknown dtype {dtype!r}")
    if not _are_sizes(shape) or not _are_sizes(offsets) or len(offsets) != len(("begin", "end")):
        raise _malformed(path, f"the tensor {name!r} lacks a shape or its two offsets")
    begin, end = offsets
    if end < begin or (end - begin) * 8 != math.prod(shape) * _BITS[dtype]:
        raise _malformed(path, f"the tensor {name!r} of dtype {dtype} and shape {shape} cannot lie at the bytes {begin} to {end}")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise _malformed(path, f"the tensor name {name!r} is no text") from error
    return _Entry(name, dtype, tuple(shape), begin, end)


def _are_sizes(value: object) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(type(size) is int and size >= 0 for size in value)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    names = dict(pairs)
    if len(names) < len(pairs):
        raise ValueError("a name appears twice")
    return names


def _malformed(path: Path, reason: str) -> CheckpointUnreadable:
    return CheckpointUnreadable(f"the checkpoint {path} is no well-formed safetensors file: {reason}")
