"""The other versions of Python that are at hand."""

import shutil
import subprocess
import sys
from pathlib import Path

SUPPORTED = ((3, 11), (3, 12), (3, 13))


def other_interpreters() -> dict[tuple[int, ...], str]:
    """Find interpreters on the path and beside this one, one per supported version other than ours."""
    named = [path for minor in (11, 12, 13) if (path := shutil.which(f"python3.{minor}"))]
    beside = sorted(map(str, Path(sys.base_prefix).parent.glob("*/bin/python3")))
    found: dict[tuple[int, ...], str] = {}
    for path in [*named, *beside]:
        code = "import sys; print(*sys.version_info[:3])"
        answer = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False).stdout.split()
        version = tuple(map(int, answer))
        if version[:2] in SUPPORTED and version[:2] not in {sys.version_info[:2], *(known[:2] for known in found)}:
            found[version] = path
    return found
