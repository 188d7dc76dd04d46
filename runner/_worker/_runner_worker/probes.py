"""What of the process's state is watched: how it is read, told and put back.

Functions that tests may replace are kept as attributes.
"""

import _signal  # type: ignore[import-not-found]
import os
import sys
import warnings

from .capture import Capture

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

    State = Any

__unittest = True

_NAMES = 8
_LIBRARIES = ("site-packages", "dist-packages")
_SIGNALS = (
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGUSR1",
    "SIGUSR2",
    "SIGPIPE",
    "SIGALRM",
    "SIGTERM",
    "SIGCHLD",
    "SIGCONT",
    "SIGWINCH",
)


class Probe:
    """Reads one part of the state as a value that can be compared."""

    name = ""

    def __init__(self, capture: Capture) -> None:
        self._capture = capture

    def read(self) -> "State":
        """Return what the state is now."""
        raise NotImplementedError

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        """Yield a line for each change; of what may be secret, only names."""
        raise NotImplementedError

    def restore(self, old: "State") -> None:
        """Make the state what it was."""
        raise NotImplementedError

    def without_imports(self, old: "State", new: "State", files: list[str]) -> "State":  # noqa: ARG002 (most states are no business of an import)
        """Return what the old state would be, had somebody's modules, from these files, been imported before it was read."""
        return old


class _WorkingDirectory(Probe):
    name = "working directory"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self._get, self._change = os.getcwd, os.chdir

    def read(self) -> "State":
        try:
            return self._get()
        except OSError:
            return ""

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        yield f"{new} instead of {old}" if new else f"a folder that was removed, instead of {old}"

    def restore(self, old: "State") -> None:
        self._change(old)


class _Environment(Probe):
    name = "environment"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self._environ = os.environ

    def read(self) -> "State":
        return os.environ is self._environ, dict(self._environ._data)  # type: ignore[attr-defined]  # noqa: SLF001 (a copy through the front door costs ten times as much)

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        if not new[0]:
            yield "os.environ is another object"
        before, after = old[1], new[1]
        yield from _named(after.keys() - before.keys(), "added")
        yield from _named([name for name in before.keys() & after.keys() if before[name] != after[name]], "changed")
        yield from _named(before.keys() - after.keys(), "removed")

    def restore(self, old: "State") -> None:
        os.environ = self._environ  # noqa: B003 (a test put another object there)
        before, after = old[1], self.read()[1]
        for name in after.keys() - before.keys():
            del os.environ[os.fsdecode(name)]
        for name, value in before.items():
            if after.get(name) != value:
                os.environ[os.fsdecode(name)] = os.fsdecode(value)
        if before.get(b"TZ") != after.get(b"TZ") and "time" in sys.modules:
            sys.modules["time"].tzset()

    def without_imports(self, old: "State", new: "State", files: list[str]) -> "State":  # noqa: ARG002
        return old[0], new[1] | old[1]


class _ImportPath(Probe):
    name = "sys.path"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self._path = sys.path

    def read(self) -> "State":
        return sys.path is self._path, list(sys.path)

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        before, after = set(map(str, old[1])), set(map(str, new[1]))
        if before == after:
            yield "in another order" if new[0] else "another list"
        yield from _named(after - before, "added")
        yield from _named(before - after, "removed")

    def restore(self, old: "State") -> None:
        sys.path = self._path
        self._path[:] = old[1]

    def without_imports(self, old: "State", new: "State", files: list[str]) -> "State":
        """Leave a folder that a module elsewhere may have added; one added for the modules in it is the test's doing."""
        kept = [entry for entry in new[1] if entry in old[1]]
        if kept != old[1]:
            return old
        return old[0], [entry for entry in new[1] if entry in kept or any(file and not _is_under(file, entry) for file in files)]


class _Signals(Probe):
    name = "signal handlers"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self._numbers = {name: getattr(_signal, name) for name in _SIGNALS if hasattr(_signal, name)}
        self._get, self._set = _signal.getsignal, _signal.signal

    def read(self) -> "State":
        return [self._get(number) for number in self._numbers.values()]

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        for name, before, after in zip(self._numbers, old, new, strict=True):
            if before != after:
                handler = "its default" if after == _signal.SIG_DFL else "nobody" if after == _signal.SIG_IGN else _name(after)
                yield f"{name} is left to {handler}"

    def restore(self, old: "State") -> None:
        for number, before, after in zip(self._numbers.values(), old, self.read(), strict=True):
            if before != after and before is not None:
                self._set(number, before)


class _Streams(Probe):
    name = "standard streams"
    _names = ("stdin", "stdout", "stderr")

    def read(self) -> "State":
        streams = [getattr(sys, name, None) for name in self._names]
        return [(stream, getattr(stream, "closed", None)) for stream in streams]

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        for name, before, after in zip(self._names, old, new, strict=True):
            if before[0] is not after[0]:
                yield f"sys.{name} is a {type(after[0]).__name__}"
            elif before != after:
                yield f"sys.{name} is closed"

    def restore(self, old: "State") -> None:
        for name, (stream, _) in zip(self._names, old, strict=True):
            if stream is not None and stream.closed:
                self._capture.reopen(name)
            else:
                setattr(sys, name, stream)


class _Descriptors(Probe):
    name = "file descriptors"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        self._stat = os.fstat

    def read(self) -> "State":
        return [self._target(number) for number in (1, 2)]

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        for number, before, after in zip((1, 2), old, new, strict=True):
            if before != after:
                yield f"{number} is closed" if after is None else f"{number} leads elsewhere"

    def restore(self, old: "State") -> None:  # noqa: ARG002 (they always lead to the same file)
        self._capture.redirect()

    def _target(self, number: int) -> "tuple[int, int] | None":
        try:
            found = self._stat(number)
        except OSError:
            return None
        return found.st_dev, found.st_ino


class _Warnings(Probe):
    name = "warnings"

    def read(self) -> "State":
        return list(warnings.filters), warnings.showwarning

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        if old[0] != new[0]:
            added = sum(one not in old[0] for one in new[0])
            removed = sum(one not in new[0] for one in old[0])
            yield f"filters: {added} added, {removed} removed" if added or removed else "filters in another order"
        if old[1] != new[1]:
            yield "warnings.showwarning is another function"

    def restore(self, old: "State") -> None:
        warnings.filters[:] = old[0]  # type: ignore[index]
        warnings.showwarning = old[1]
        getattr(warnings, "_filters_mutated", lambda: None)()

    def without_imports(self, old: "State", new: "State", files: list[str]) -> "State":  # noqa: ARG002
        return new[0], old[1]


class _Locale(Probe):
    name = "locale"

    def __init__(self, capture: Capture) -> None:
        super().__init__(capture)
        import _locale  # the module locale would cost milliseconds of each start

        self._set, self._all = _locale.setlocale, _locale.LC_ALL

    def read(self) -> "State":
        return self._set(self._all)

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        before, after = (text.split(";") for text in (old, new))
        yield f"{', '.join(part for part in after if part not in before)} instead of {before[0]}"

    def restore(self, old: "State") -> None:
        self._set(self._all, old)


class _SocketTimeout(Probe):
    name = "socket timeout"

    def read(self) -> "State":
        module: State = sys.modules.get("_socket")
        return None if module is None else module.getdefaulttimeout()

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        yield f"{new} s by default instead of {old}"

    def restore(self, old: "State") -> None:
        sys.modules["_socket"].setdefaulttimeout(old)


class _Torch(Probe):
    name = "torch"

    def read(self) -> "State":
        torch: State = sys.modules.get("torch")
        if torch is None or not hasattr(torch, "get_default_device"):
            return None
        cudnn = torch.backends.cudnn
        return {
            "default dtype": torch.get_default_dtype(),
            "default device": str(torch.get_default_device()),
            "threads": torch.get_num_threads(),
            "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
            "deterministic algorithms only warn": torch.is_deterministic_algorithms_warn_only_enabled(),
            "cudnn.deterministic": cudnn.deterministic,
            "cudnn.benchmark": cudnn.benchmark,
            "grad mode": torch.is_grad_enabled(),
        }

    def tell(self, old: "State", new: "State") -> "Iterator[str]":
        for name, value in (new or {}).items():
            if old is not None and value != old[name]:
                yield f"{name} is {value} instead of {old[name]}"

    def restore(self, old: "State") -> None:
        if old is None:
            return
        torch: State = sys.modules["torch"]
        new = self.read()
        torch.set_default_dtype(old["default dtype"])
        if old["default device"] != new["default device"]:
            torch.set_default_device(old["default device"])
        if old["threads"] != new["threads"]:
            torch.set_num_threads(old["threads"])
        only_warn = old["deterministic algorithms only warn"]
        torch.use_deterministic_algorithms(old["deterministic algorithms"], warn_only=only_warn)
        torch.backends.cudnn.deterministic = old["cudnn.deterministic"]
        torch.backends.cudnn.benchmark = old["cudnn.benchmark"]
        torch.set_grad_enabled(old["grad mode"])

    def without_imports(self, old: "State", new: "State", files: list[str]) -> "State":
        of_project = any(file and not any(folder in file for folder in _LIBRARIES) for file in files)
        return new if old is None or of_project else old


PROBES = (
    _WorkingDirectory,
    _Environment,
    _ImportPath,
    _Signals,
    _Streams,
    _Descriptors,
    _Warnings,
    _Locale,
    _SocketTimeout,
    _Torch,
)


def _is_under(file: str, folder: object) -> bool:
    try:
        top = os.path.abspath(str(folder))  # noqa: PTH100 (pathlib costs milliseconds)
    except FileNotFoundError:  # below a working directory that was removed, where no other module can want it
        return True
    return file.startswith(os.path.join(top, ""))  # noqa: PTH118


def _name(handler: object) -> str:
    return str(getattr(handler, "__qualname__", None) or type(handler).__name__)


def _named(names: "Iterable[object]", what: str) -> "Iterator[str]":
    """Yield what happened to some names, a few of them by name."""
    texts = sorted(os.fsdecode(name) if isinstance(name, bytes) else str(name) for name in names)
    if texts:
        more = f" and {len(texts) - _NAMES} more" if len(texts) > _NAMES else ""
        yield f"{', '.join(texts[:_NAMES])}{more} {what}"
