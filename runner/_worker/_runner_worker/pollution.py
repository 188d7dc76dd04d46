"""State of the process that tests leave changed: found by comparison, named, and put right.

A class is compared with what was before its setUpClass, a module that has fixtures with what was before its setUpModule; both
after their own teardown, so that what a fixture undoes is no finding. What the import of somebody's package brings with it,
filters of warnings, new environment variables, folders on sys.path and defaults of torch, is none either: the next class, which
does not import it anew, would have to do without.
"""

import sys
from unittest import case

from .loading import test_id
from .probes import PROBES
from .wire import Channel, array, one_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .capture import Capture
    from .probes import Probe

__unittest = True

_LINE = 300
_UNREADABLE = "cannot be read"


class Pollution:
    """Compares, reports and puts right, by class and module, and test by test where that is asked."""

    def __init__(self, channel: Channel, capture: "Capture", *, by_test: bool) -> None:
        self._channel = channel
        self._probes: list[Probe] = [kind(capture) for kind in PROBES]
        self._before_module: Snapshot | None = None
        self._before_class = Snapshot(self._probes)
        self._before_test: Snapshot | None = None
        self._by_test = by_test

    def before_module(self) -> None:
        """A module with fixtures is about to be set up."""
        self._before_module = self._before_class

    def after_module_setup(self) -> None:
        """What setUpModule changed is what the classes of the module find; it is compared when the module is torn down."""
        if self._before_module is not None:
            self._before_class = Snapshot(self._probes)

    def after_class_setup(self) -> None:
        """What setUpClass changed is what the tests of the class find."""
        if self._by_test:
            self._before_test = Snapshot(self._probes)

    def after_test(self, test: object) -> None:
        """Compare with what the test found."""
        if self._before_test is not None:
            self._before_test = self._checked(test_id(test), self._before_test)

    def after_class(self, name: str) -> None:
        """Compare with what the class found; what a cleanup of its module may still undo is left to the end of the module."""
        self._before_test = None
        if not case._module_cleanups:  # type: ignore[attr-defined]  # noqa: SLF001
            self._before_class = self._checked(name, self._before_class)

    def after_module(self, name: str) -> None:
        """Compare with what the module found."""
        self._before_class = self._checked(name, self._before_module or self._before_class)
        self._before_module = None

    def _checked(self, place: str, before: "Snapshot") -> "Snapshot":
        """Report what changed and put it right; return what the next ones find."""
        now = Snapshot(self._probes)
        if now.values == before.values:
            return now
        changes = [change for probe, old, new in before.differences(now) for change in _put_right(probe, old, new)]
        if changes:
            self._channel.send(array("P", place, [[what, one_line(change, _LINE)] for what, change in changes]))
        return Snapshot(self._probes)


class Snapshot:
    """What the probes read at one moment."""

    def __init__(self, probes: "list[Probe]") -> None:
        self._probes = probes
        self.values = [_read(probe) for probe in probes]
        self._modules = len(sys.modules)

    def differences(self, later: "Snapshot") -> "list[tuple[Probe, object, object]]":
        """Return each probe that reads something else now, with what it should read and what it does."""
        imported = _files_of_foreign(list(sys.modules)[self._modules :])
        found = []
        for probe, old, new in zip(self._probes, self.values, later.values, strict=True):
            wanted = probe.without_imports(old, new, imported) if imported and _UNREADABLE not in (old, new) else old
            if wanted != new and _UNREADABLE not in (old, new):
                found.append((probe, wanted, new))
        return found


def _read(probe: "Probe") -> object:
    try:
        return probe.read()
    except Exception:  # noqa: BLE001 (a test may leave the state such that reading it raises anything)
        return _UNREADABLE


def _put_right(probe: "Probe", old: object, new: object) -> "list[tuple[str, str]]":
    changes = list(probe.tell(old, new))
    try:
        probe.restore(old)
    except Exception as problem:  # noqa: BLE001 (the folder may be gone, the handler may be C's)
        changes = [f"{change}; it cannot be put right: {type(problem).__name__}: {problem}" for change in changes]
    return [(probe.name, change) for change in changes]


def _files_of_foreign(names: list[str]) -> list[str]:
    """Return where the modules are from that are not of the standard library; an empty string for one that is from no file."""
    foreign = [name for name in names if name.partition(".")[0] not in sys.stdlib_module_names]
    return [_file_of(sys.modules.get(name)) for name in foreign]


def _file_of(module: object) -> str:
    """Return where a module is from, without waking one that loads itself, or refuses to, when it is asked for anything."""
    try:
        return str(object.__getattribute__(module, "__dict__").get("__file__") or "")
    except AttributeError:
        return ""
