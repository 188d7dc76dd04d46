"""What surrounded a run: Python, packages, hardware, git, the project's code. Standard library only.

Nothing here fails a run: what cannot be found out is left out, and git's refusal is told as a reason.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import ModuleType

from registry.git import capture_git, list_python_files
from registry.records import Environment
from registry.redaction import redact_argv

__all__ = ["capture_environment", "capture_git", "code_files", "imported_code", "project_root", "redact_argv"]

CODE_FILES_LIMIT = 20_000
"""With more Python files than this below the root, the code is not fingerprinted: hashing would outlast the run."""

_FOLDERS_LIMIT = 50_000
_SKIPPED = frozenset({"venv", "node_modules", "__pycache__", "site-packages"})
_VARIABLES = frozenset(
    {
        "ATEN_CPU_CAPABILITY",
        "CUBLAS_WORKSPACE_CONFIG",
        "CUDA_VISIBLE_DEVICES",
        "GOMP_CPU_AFFINITY",
        "MALLOC_ARENA_MAX",
        "NUMEXPR_NUM_THREADS",
        "NVIDIA_TF32_OVERRIDE",
        "ONEDNN_MAX_CPU_ISA",
        "PYTHONHASHSEED",
        "PYTHONOPTIMIZE",
        "VECLIB_MAXIMUM_THREADS",
    }
)
_VARIABLE_PREFIXES = (
    "CUDNN_",
    "DNNL_",
    "KMP_",
    "MKL_",
    "OMP_",
    "ONEDNN_",
    "OPENBLAS_",
    "PYTORCH_CUDA_ALLOC_",
    "TORCH_ALLOW_TF32_",
)


def capture_environment() -> Environment:
    """Return what surrounds this process; it reads a few small files and lists the folders of sys.path."""
    return Environment(
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}",
        machine=dict(_machine()),
        packages=_packages(sys.path),
        variables={name: value for name, value in sorted(os.environ.items()) if _is_recorded(name)},
    )


def project_root(start: Path) -> Path:
    """Return the nearest folder upwards with a pyproject.toml, else the nearest with .git, else the start itself."""
    start = start.resolve()
    for marker in ("pyproject.toml", ".git"):
        for folder in (start, *start.parents):
            if os.path.exists(folder / marker):  # noqa: PTH110 - False in a folder that may not be entered
                return folder
    return start


def code_files(root: Path) -> dict[str, str]:
    """Return path and sha256 of the project's Python files, untracked ones too, as git lists them or else by walking.

    Hidden folders, virtual environments and links are left out.

    Returns:
        POSIX paths relative to the root, ascending; empty where there are more than CODE_FILES_LIMIT.
    """
    listed = list_python_files(root)
    candidates = _walk(root) if listed is None else (path for path in listed if not _is_skipped(path))
    hashes: dict[str, str] = {}
    for number, relative in enumerate(candidates):
        if number >= CODE_FILES_LIMIT:
            return {}
        digest = _hash_file(root / relative)
        if digest is not None:
            hashes[relative] = digest
    return dict(sorted(hashes.items()))


def imported_code(root: Path, modules: Mapping[str, ModuleType]) -> dict[str, str]:
    """Return path and sha256 of the modules' files that lie below the root, virtual environments left out.

    Args:
        root: The folder that paths are relative to.
        modules: Such as sys.modules.
    """
    root = root.resolve()
    hashes = {}
    for module in list(modules.values()):
        origin = getattr(module, "__file__", None)
        if not isinstance(origin, str) or not origin.endswith(".py"):
            continue
        path = Path(origin).resolve()
        if path.is_relative_to(root) and not _is_skipped(relative := path.relative_to(root).as_posix()):
            digest = _hash_file(path)
            if digest is not None:
                hashes[relative] = digest
    return dict(sorted(hashes.items()))


def _machine() -> Iterator[tuple[str, str]]:
    yield "cpu", _cpu_model()
    yield "cores", str(os.cpu_count() or 0)
    if hasattr(os, "sched_getaffinity"):
        yield "usable_cores", str(len(os.sched_getaffinity(0)))
    try:
        yield "memory_bytes", str(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    except (ValueError, OSError):
        yield "memory_bytes", "unknown"
    gpus = _gpus()
    if gpus:
        yield "gpus", ", ".join(gpus)


def _cpu_model() -> str:
    found = re.search(r"^(?:model name|Model|Processor)\s*:\s*(.+)$", _read(Path("/proc/cpuinfo"), 65_536), re.MULTILINE)
    return found.group(1).strip() if found else platform.processor() or platform.machine()


def _gpus() -> list[str]:
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    found = (re.search(r"^Model:\s*(.+)$", _read(file, 4_096), re.MULTILINE) for file in files)
    return [match.group(1).strip() for match in found if match]


def _packages(folders: Iterable[str]) -> dict[str, str]:
    """Return distribution and version by the names of the .dist-info folders; the first folder of the path wins."""
    packages: dict[str, str] = {}
    for folder in folders:
        for entry in _names(folder or "."):
            if entry.endswith(".dist-info"):
                name, _, version = entry.removesuffix(".dist-info").rpartition("-")
                packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return dict(sorted(packages.items()))


def _names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names alone, for hundreds of entries
    except OSError:
        # An entry of sys.path may be missing, an archive, or closed to us.
        return []


def _is_recorded(name: str) -> bool:
    return name in _VARIABLES or name.startswith(_VARIABLE_PREFIXES)


def _is_skipped(relative: str) -> bool:
    *folders, _ = relative.split("/")
    return any(folder in _SKIPPED or folder.startswith(".") for folder in folders)


def _walk(root: Path) -> Iterator[str]:
    for number, (folder, folders, files) in enumerate(os.walk(root)):
        # A virtual environment is known by its file, whatever its name.
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in _SKIPPED and not os.path.exists(f"{folder}/{name}/pyvenv.cfg")  # noqa: PTH110 - False in a folder that may not be entered
        )
        if number >= _FOLDERS_LIMIT:
            return
        for file in sorted(files):
            if file.endswith(".py"):
                yield Path(folder, file).relative_to(root).as_posix()


def _hash_file(path: Path) -> str | None:
    """Return the sha256 of a regular file; None for links, and for what vanished or is closed to us."""
    try:
        if path.is_symlink() or not path.is_file():
            return None
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _read(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as file:
            return file.read(limit).decode("utf-8", "replace")
    except OSError:
        # The file belongs to one kind of system; elsewhere the caller has another source.
        return ""
