"""What modules make for their process alone while they are imported: a name with the process id in it, a temporary folder.

Copies of that process would share it, and classes that never met in one process would write to the same file at the same time.
"""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__unittest = True

_LIBRARIES = ("site-packages", "dist-packages")


class OwnThings:
    """Notes who asks for the process id while the suite is loaded."""

    def __init__(self) -> None:
        self._reader: str | None = None
        self._getpid: Callable[[], int] = os.getpid
        os.getpid = self._noted

    def why_not_shared(self) -> str:
        """Stop noting; say what copies must not share, empty where there is nothing."""
        if os.getpid == self._noted:
            os.getpid = self._getpid
        if self._reader is not None:
            return f"{self._reader} read the id of its process while the suite was loaded"
        names = getattr(sys.modules.get("tempfile"), "_name_sequence", None)
        return "" if names is None else "a temporary file or folder was made while the suite was loaded"

    def _noted(self) -> int:
        caller = sys._getframe(1).f_globals  # noqa: SLF001 (inspect would cost milliseconds)
        name, file = str(caller.get("__name__")), str(caller.get("__file__"))
        # What libraries ask for they ask again in a copy; the suites of the standard library are in the package `test`.
        if name.partition(".")[0] not in sys.stdlib_module_names and not any(folder in file for folder in _LIBRARIES):
            self._reader = self._reader or name
        return self._getpid()
