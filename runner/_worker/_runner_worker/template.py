"""Be forked: the suite is loaded once, and each worker is a copy of this process.

A copy has only the thread that forked. Whatever another thread held then, a lock or a pool, is held for ever, and counting
threads does not find it: after one parallel operation of torch every copy hung in its first matrix product, with no thread to be
seen. So this process was started with one thread for each of those libraries, and before it is used a copy has to show that it
can compute.
"""

import _thread
import atexit
import faulthandler
import os
import signal
import socket
import sys
import time
import weakref

from .capture import Capture, flush_open_files
from .lifeline import die_with_parent
from .options import Options
from .sharing import OwnThings
from .wire import Channel, array, out_of_reach

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

__unittest = True

_CANARY_S = 5.0
_CANNOT_COMPUTE = f"a forked process could not compute within {_CANARY_S:g} s"
_WITHOUT_CARDS = 3
_POLL_S = 0.005
_DESCRIPTORS = 16


class Template:
    """The process that loads the suite to be forked; made before it does so."""

    def __init__(self, options: Options, channel: Channel, capture: Capture) -> None:
        self._channel, self._capture = channel, capture
        self._otherwise = options.otherwise
        self._own = OwnThings() if options.template == "auto" else None

    def serve(self) -> tuple[Channel, Capture]:
        """Fork workers for as long as the parent asks for some; return in each of them, with what is its own.

        Where forking is not safe, return at once: this process is then a worker itself. Either way SIGINT stays blocked until the
        worker obeys: here it would only show where in our own code it came.
        """
        signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT,))
        reason = "" if self._own is None else self._own.why_not_shared() or why_not()
        if reason:
            self._channel.send(array("t", reason))
            os.environ.update(self._otherwise)
            _use_threads()
            return self._channel, self._capture
        flush_open_files()  # or each copy would write what waits in them
        control = socket.socket(fileno=self._channel.descriptors[1])
        self._channel.send(array("t", ""))
        while True:
            request, descriptors, _, _ = socket.recv_fds(control, 65536, _DESCRIPTORS)
            if not request.startswith(b"fork"):
                _leave()
            worker = _fork(control, _environment(control, request), descriptors)
            if worker is not None:
                os.close(self._channel.descriptors[0])
                return worker


def why_not() -> str:
    """Say why this process must not be forked; empty where it may."""
    if _thread._count() > 0:  # noqa: SLF001 (threading may not be loaded)
        return "a thread was started while the suite was loaded"
    torch = _torch()
    if torch is not None and torch.cuda.is_initialized():
        return "CUDA was initialised while the suite was loaded"
    if torch is not None or "numpy" in sys.modules:
        return _cause_of_death_of_canary()
    return ""


def _torch() -> "ModuleType | None":
    """Return torch where it is loaded, and not something in its place."""
    module = sys.modules.get("torch")
    return module if hasattr(module, "cuda") and hasattr(module, "get_num_threads") else None


def _cause_of_death_of_canary() -> str:
    """Let a copy try what workers do; say why it could not, empty where it could."""
    canary = os.fork()
    if not canary:
        try:
            _compute()
        finally:
            os._exit(1)
    deadline = time.monotonic() + _CANARY_S
    while time.monotonic() < deadline:
        pid, status = os.waitpid(canary, os.WNOHANG)
        if pid and os.waitstatus_to_exitcode(status) == _WITHOUT_CARDS:
            return "torch was asked for graphics cards while the suite was loaded, and a copy can use none"
        if pid:
            return "" if status == 0 else _CANNOT_COMPUTE
        time.sleep(_POLL_S)
    os.kill(canary, signal.SIGKILL)
    os.waitpid(canary, 0)
    return _CANNOT_COMPUTE


def _compute() -> None:
    """Do what hangs in a copy that cannot compute, then leave with 0."""
    torch = _torch()
    if torch is not None:
        # Torch's own word for it: even `is_available()` initialises CUDA's driver, which no copy can use.
        if torch.cuda._is_in_bad_fork() and torch.cuda.device_count() > 0:  # noqa: SLF001
            os._exit(_WITHOUT_CARDS)
        weights = torch.ones(256, 256, requires_grad=True)
        (weights @ weights).sum().backward()
    else:
        numpy = sys.modules["numpy"]
        numpy.dot(numpy.ones((256, 256)), numpy.ones((256, 256)))
    os._exit(0)


def _environment(control: socket.socket, request: bytes) -> dict[str, str]:
    line, _, block = request.partition(b"\n")
    size = int(line.split()[1])
    while len(block) < size:
        block += control.recv(size - len(block))
    fields = (os.fsdecode(field).partition("=") for field in block.split(b"\0") if field)
    return {name: value for name, _, value in fields}


def _fork(control: socket.socket, environment: dict[str, str], descriptors: list[int]) -> tuple[Channel, Capture] | None:
    """Fork twice, so that the worker becomes the parent's child; tell the parent its id. Returns a channel in the worker."""
    reading, writing = os.pipe()
    between = os.fork()
    if not between:
        worker = os.fork()
        if worker:
            os.write(writing, b"%d\n" % worker)
            os._exit(0)
        os.setsid()
        os.close(reading)
        os.close(writing)
        return _become_worker(control, environment, descriptors)
    os.close(writing)
    os.waitpid(between, 0)
    answer = os.read(reading, 32)
    for descriptor in (reading, *descriptors):
        os.close(descriptor)
    control.sendall(answer)
    return None


def _become_worker(control: socket.socket, environment: dict[str, str], descriptors: list[int]) -> tuple[Channel, Capture]:
    control.close()
    events, commands, lifeline, stacks, printed = descriptors
    die_with_parent(lifeline)
    faulthandler.enable(out_of_reach(stacks))
    os.environ.update(environment)
    _forget_exit_handlers()
    _use_threads()
    return Channel(events, commands), Capture(printed)


def _forget_exit_handlers() -> None:
    """Leave to the original what was registered before: a folder made at import is shared, and removed once, at the end."""
    atexit._clear()  # noqa: SLF001
    for finalizer in list(weakref.finalize._registry):  # type: ignore[attr-defined]  # noqa: SLF001
        finalizer.atexit = False
    atexit.register(weakref.finalize._exitfunc)  # type: ignore[attr-defined]  # noqa: SLF001


def _use_threads() -> None:
    """Give torch the threads of our environment; it has read that of the original."""
    torch = _torch()
    threads = os.environ.get("OMP_NUM_THREADS", "")
    if torch is not None and threads.isdigit() and int(threads) > 0 and torch.get_num_threads() != int(threads):
        torch.set_num_threads(int(threads))


def _leave() -> None:
    """End with the exit handlers, as the interpreter itself would."""
    atexit._run_exitfuncs()  # noqa: SLF001 (the interpreter itself is not asked to: it would wait for threads)
    flush_open_files()
    os._exit(0)
