"""The tool: runs a unittest suite or a training, records what happened, tells what changed."""

from __future__ import annotations

TYPE_CHECKING = False  # importing it from `typing` would take milliseconds in which a Ctrl-C shows a traceback
if TYPE_CHECKING:
    from runner.dropin.unittest_registry import RecordingTestRunner

__all__ = ["RecordingTestRunner"]
__version__ = "0.1.0"


def __getattr__(name: str) -> type[RecordingTestRunner]:
    """Import the drop-in for those who ask for it; the command line does without unittest."""
    if name != "RecordingTestRunner":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from runner.dropin.unittest_registry import RecordingTestRunner

    return RecordingTestRunner
