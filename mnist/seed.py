"""Seeds and the settings that decide the bits of a computation.

One root seed gives every random stream its own seed, by hashing the stream's name: a new stream never shifts an old one.
"""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import numpy as np
import torch

_CUBLAS_VARIABLE: Final = "CUBLAS_WORKSPACE_CONFIG"
_RECORDED_VARIABLES: Final = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "ONEDNN_MAX_CPU_ISA",
    "ATEN_CPU_CAPABILITY",
    _CUBLAS_VARIABLE,
)


def derive_seed(root: int, name: str) -> int:
    """Return the seed of the stream `name`, 0 to 2**63 - 1; equal in every process, unlike `hash`."""
    digest = hashlib.sha256(f"{root}/{name}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def make_generator(root: int, name: str) -> torch.Generator:
    """Return a CPU generator of its own for the stream `name`."""
    return torch.Generator().manual_seed(derive_seed(root, name))


def seed_everything(seed: int) -> None:
    """Seed the global generators of Python, NumPy and torch (every device), 0 <= seed < 2**63."""
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002 - it is the legacy global state that other people's code reads
    torch.manual_seed(seed)


def random_state(*generators: torch.Generator) -> str:
    """Return the sha256, in hexadecimal, over the states of the global generators and of these, in order.

    Two trainings whose states part have drawn other random numbers; that shows before their weights say why.
    """
    digest = hashlib.sha256(b"random-state-v1\0")
    numpy: Any = np.random.get_state()  # noqa: NPY002 - as in `seed_everything`
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []  # type: ignore[no-untyped-call]
    states = [torch.get_rng_state(), *cuda, *(generator.get_state() for generator in generators)]
    parts = [repr(random.getstate()).encode(), numpy[1].tobytes(), repr(numpy[2:]).encode()]
    for part in [*parts, *(state.numpy().tobytes() for state in states)]:
        digest.update(len(part).to_bytes(8, "little"))
        digest.update(part)
    return digest.hexdigest()


@contextmanager
def fixed_numerics(threads: int | None) -> Iterator[None]:
    """Make torch repeat itself bit by bit, and put its process-wide settings back afterwards.

    On the CPU the bits depend on the number of threads, on a GPU on the algorithms that are chosen. An operation without
    a deterministic algorithm raises instead of passing in silence.

    Args:
        threads: Threads of one operation on the CPU; None leaves torch's own choice.
    """
    before = (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    deterministic: Any = torch.utils.deterministic  # a module whose attribute is a property that mypy does not see
    fill = deterministic.fill_uninitialized_memory
    benchmark, variable = torch.backends.cudnn.benchmark, os.environ.get(_CUBLAS_VARIABLE)
    try:
        # cuBLAS reads the variable when CUDA starts; with any other value its products may differ from run to run.
        os.environ[_CUBLAS_VARIABLE] = variable or ":4096:8"
        torch.use_deterministic_algorithms(mode=True)
        deterministic.fill_uninitialized_memory = False  # a debugging aid, which costs time
        torch.backends.cudnn.benchmark = False
        if threads is not None:
            torch.set_num_threads(threads)
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.use_deterministic_algorithms(before[1], warn_only=warn_only)
        deterministic.fill_uninitialized_memory = fill
        torch.backends.cudnn.benchmark = benchmark
        _restore_variable(variable)


def describe_numerics(device: torch.device) -> Mapping[str, str]:
    """Return what decides the bits of a computation on this device: versions, threads, instruction sets and flags, as text."""
    facts: dict[str, object] = {
        "torch": torch.__version__,
        "torch_git": torch.version.git_version,
        "device": device.type,
        "threads": torch.get_num_threads(),
        "cpu_capability": torch.backends.cpu.get_cpu_capability(),
        "mkldnn": torch.backends.mkldnn.is_available(),  # type: ignore[no-untyped-call]
        "mkl": torch.backends.mkl.is_available(),  # type: ignore[no-untyped-call]
        "deterministic_algorithms": torch.are_deterministic_algorithms_enabled(),
        "matmul_precision": torch.get_float32_matmul_precision(),
        "default_dtype": torch.get_default_dtype(),
    }
    if device.type == "cuda":
        facts |= _describe_cuda(device)
    facts |= {name: os.environ[name] for name in _RECORDED_VARIABLES if name in os.environ}
    return {name: str(value) for name, value in facts.items()}


def _describe_cuda(device: torch.device) -> dict[str, object]:
    return {
        "cuda": torch.version.cuda,
        "cudnn": torch.backends.cudnn.version(),  # type: ignore[no-untyped-call]
        "cudnn_allow_tf32": torch.backends.cudnn.allow_tf32,
        "gpu": torch.cuda.get_device_name(device),
        "gpu_capability": torch.cuda.get_device_capability(device),
    }


def _restore_variable(value: str | None) -> None:
    if value is None:
        os.environ.pop(_CUBLAS_VARIABLE, None)
    else:
        os.environ[_CUBLAS_VARIABLE] = value
