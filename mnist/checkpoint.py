r"""Checkpoints: the weights of a model as a safetensors file, its identity, and the difference of two.

The optimiser's state stays out: the file is what a training produced, and its content hash says whether two trainings
produced the same. Nothing in a file is ever run: safetensors holds a table of names, types and shapes, and raw numbers.

The content hash is the sha256 over b"runner-checkpoint-v1\0" and then, for each tensor in the order of its name's UTF-8 bytes,
four fields, each preceded by its length as 8 little-endian bytes: the name in UTF-8; the safetensors name of the dtype; the shape
as decimals joined by commas, empty for a scalar; the 32 bytes of the sha256 over the little-endian row-major numbers.
Metadata, strides, device and file name have no part in it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final

import torch
from safetensors import SafetensorError
from safetensors.torch import load as deserialize
from safetensors.torch import save as serialize
from torch import Tensor, nn

from mnist.data import write_atomically
from mnist.errors import CheckpointMismatch, CheckpointUnwritable
from mnist.events import TensorFacts

_DOMAIN: Final = b"runner-checkpoint-v1\0"
_LENGTH_BYTES: Final = 8
_PICKLE_STARTS: Final = (b"\x80", b"PK\x03\x04")
# One key only: safetensors writes several in an order that changes from call to call, and so would the file's bytes.
_METADATA: Final = {"format": "pt"}


@dataclass(frozen=True, slots=True)
class CheckpointFacts:
    """The identity of one file.

    Attributes:
        file_sha256: Of the file's bytes: is it damaged?
        content_hash: Of the tensors: are the weights the same?
        tensors: In the order of their names.
    """

    path: Path
    size_bytes: int
    file_sha256: str
    content_hash: str
    tensors: tuple[TensorFacts, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """How two checkpoints differ.

    Attributes:
        same: Whether the content hashes are equal.
        first_difference: Name of the first tensor, in the order of the names' UTF-8 bytes, that is missing on one side or
            has another dtype, shape or value; None where all are the same.
        max_abs_delta: Largest absolute difference over all tensors that both hold in one shape; NaN where a number stands against
            a NaN; None where they share no tensor.
    """

    same: bool
    first_difference: str | None
    max_abs_delta: float | None


def save(model: nn.Module, path: Path) -> CheckpointFacts:
    """Write the weights, whole or not at all, and return the identity of the file.

    Raises:
        CheckpointUnwritable: It could not be written; what was at `path` before is untouched.
    """
    # A copy of each, for safetensors refuses tensors that share memory, as tied weights do.
    state = {name: tensor.detach().cpu() for name, tensor in model.state_dict().items()}
    weights = {name: tensor.clone(memory_format=torch.contiguous_format) for name, tensor in state.items()}
    data = serialize(weights, metadata=_METADATA)
    try:
        write_atomically(path, data)
    except OSError as error:
        raise CheckpointUnwritable(
            f"the checkpoint {path} could not be written ({error.strerror or error}); an older file of that name is untouched"
        ) from error
    return _facts(path, data)


def load(model: nn.Module, path: Path, content_hash: str | None = None) -> CheckpointFacts:
    """Read weights into the model, all or none.

    Args:
        model: Must have tensors of the same names, shapes and dtypes; keeps its devices.
        path: A safetensors file.
        content_hash: What the file must hold; None takes any that fits.

    Raises:
        CheckpointMismatch: The file is missing, damaged or no safetensors file, holds a dtype that torch lacks or other
            content than `content_hash` says, or does not fit the model, which is then unchanged.
    """
    data, tensors = _read(path)
    facts = _facts(path, data)
    if content_hash is not None and facts.content_hash != content_hash:
        raise CheckpointMismatch(
            f"{path} holds content {facts.content_hash}, but {content_hash} was expected; it is another checkpoint"
        )
    own = model.state_dict()
    for name in sorted(own.keys() | tensors.keys()):
        came, expected = _describe(tensors.get(name)), _describe(own.get(name))
        if came != expected:
            raise CheckpointMismatch(f"{path} does not fit the model: {name} is {came} in the file and {expected} in the model")
    model.load_state_dict(tensors)
    return facts


def read_facts(path: Path) -> CheckpointFacts:
    """Return the identity of a file.

    Raises:
        CheckpointMismatch: The file is missing, damaged or no safetensors file, or holds a dtype that torch lacks.
    """
    data, _ = _read(path)
    return _facts(path, data)


def compare(path_a: Path, path_b: Path) -> Comparison:
    """Compare two checkpoints tensor by tensor.

    Raises:
        CheckpointMismatch: A file is missing, damaged or no safetensors file, or holds a dtype that torch lacks.
    """
    (data_a, a), (data_b, b) = _read(path_a), _read(path_b)
    facts_a, facts_b = _facts(path_a, data_a), _facts(path_b, data_b)
    by_name_a = {facts.name: facts for facts in facts_a.tensors}
    by_name_b = {facts.name: facts for facts in facts_b.tensors}
    names = sorted(by_name_a.keys() | by_name_b.keys(), key=str.encode)
    deltas = [_max_abs_delta(a[name], b[name]) for name in names if name in a and name in b and a[name].shape == b[name].shape]
    return Comparison(
        same=facts_a.content_hash == facts_b.content_hash,
        first_difference=next((name for name in names if by_name_a.get(name) != by_name_b.get(name)), None),
        max_abs_delta=float(torch.tensor(deltas, dtype=torch.float64).max()) if deltas else None,
    )


def content_hash_of(tensors: tuple[TensorFacts, ...]) -> str:
    """Return the content hash, in hexadecimal, as the head of this module defines it."""
    digest = hashlib.sha256(_DOMAIN)
    ordered = sorted(tensors, key=lambda facts: facts.name.encode())
    fields = ((f.name.encode(), f.dtype.encode(), ",".join(map(str, f.shape)).encode(), bytes.fromhex(f.sha256)) for f in ordered)
    for field in chain.from_iterable(fields):
        digest.update(len(field).to_bytes(_LENGTH_BYTES, "little") + field)
    return digest.hexdigest()


def _read(path: Path) -> tuple[bytes, dict[str, Tensor]]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise CheckpointMismatch(f"the checkpoint {path} cannot be read ({error.strerror or error})") from error
    try:
        return data, deserialize(data)
    except SafetensorError as error:
        kind = (
            "looks like a pickle, which is not opened because it can run code" if data.startswith(_PICKLE_STARTS) else str(error)
        )
        raise CheckpointMismatch(f"{path} is no whole safetensors file ({kind}); restore it or train again") from error
    except KeyError as error:
        # safetensors checks a file against all dtypes of the format, and then looks its dtype up among those of torch.
        raise CheckpointMismatch(
            f"{path} holds a tensor of the dtype {error.args[0]}, which torch cannot take; store it in another one"
        ) from error


def _facts(path: Path, data: bytes) -> CheckpointFacts:
    """Read the identity out of the file's own bytes, so that it says what the file holds and not what was meant."""
    header_end = _LENGTH_BYTES + int.from_bytes(data[:_LENGTH_BYTES], "little")
    header = json.loads(data[_LENGTH_BYTES:header_end])
    numbers = memoryview(data)[header_end:]
    tensors = tuple(
        TensorFacts(
            name=name,
            dtype=entry["dtype"],
            shape=tuple(entry["shape"]),
            sha256=hashlib.sha256(numbers[slice(*entry["data_offsets"])]).hexdigest(),
        )
        for name, entry in sorted(header.items(), key=lambda item: item[0].encode())
        if name != "__metadata__"
    )
    return CheckpointFacts(path, len(data), hashlib.sha256(data).hexdigest(), content_hash_of(tensors), tensors)


def _describe(tensor: Tensor | None) -> str:
    return "missing" if tensor is None else f"{tensor.dtype} of shape {tuple(tensor.shape)}"


def _max_abs_delta(a: Tensor, b: Tensor) -> float:
    wide = torch.complex128 if a.is_complex() or b.is_complex() else torch.float64
    a, b = a.to(wide), b.to(wide)
    # Infinity minus infinity is no number, although nothing differs; likewise a NaN that stands on both sides.
    equal = (a == b) | (a.isnan() & b.isnan())
    return float(torch.where(equal, torch.zeros((), dtype=wide), a - b).abs().max()) if a.numel() else 0.0
