"""The life of a worker process: load the suite, run the ranges that the parent asks for, say `end`, leave.

Only the `end` event says that the worker did its work; its exit code says nothing.
"""

import atexit
import faulthandler
import os
import signal
import sys
import traceback
import warnings

from .capture import Capture, flush_open_files
from .driving import Driver, Interrupted
from .lifeline import die_with_parent
from .loading import Layout, load, start_of_path
from .measuring import Measurement
from .options import Options
from .result import Result
from .surroundings import Surroundings
from .wire import Channel, array, bounded, one_line, out_of_reach, quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import TypeVar

    Answer = TypeVar("Answer")

__unittest = True

_EXECUTORS_S = 2.0
_NO_TERMINAL = "breakpoint() was called in a worker process, which has no terminal; run this test with `runner test --pdb`"


def main(events: int, commands: int, lifeline: int, stacks: int, printed: int) -> None:
    """Be a worker; the arguments are file descriptors."""
    die_with_parent(lifeline)
    faulthandler.enable(out_of_reach(stacks))
    channel = Channel(events, commands)
    options = Options(channel.receive_bytes(int(channel.receive())))
    capture = Capture(printed, is_on=not options.pdb)
    sys.argv[:] = [os.path.basename(sys.executable) + " -m unittest"]  # noqa: PTH119 (pathlib costs milliseconds)
    start_of_path()
    if options.pdb:
        from .debugging import take_terminal

        take_terminal()
    elif not os.environ.get("PYTHONBREAKPOINT"):
        sys.breakpointhook = _refuse_breakpoint
    measurement = Measurement(options)
    if options.template:
        from .template import Template

        template = Template(options, channel, capture)
    try:
        layout = _reported(channel, lambda: _load(options, channel, measurement, capture))
        if layout is not None:
            if options.template:
                channel, capture = template.serve()
            _reported(channel, lambda: _run(options, channel, layout, measurement, capture))
    except KeyboardInterrupt:  # before the first test
        channel.send(array("e", "interrupted"))
    _leave()


def _reported(channel: Channel, work: "Callable[[], Answer]") -> "Answer | None":
    """Do the work; whatever goes wrong with it, the parent must hear."""
    try:
        return work()
    except Exception as problem:  # noqa: BLE001
        channel.send(array("x", one_line(f"{type(problem).__name__}: {problem}"), bounded(traceback.format_exc())))
        return None


def _load(options: Options, channel: Channel, measurement: Measurement, capture: Capture) -> Layout:
    layout = _interruptibly_loaded(options, channel)
    measurement.note_files()
    blocks = [[block.start, block.stop] for block in layout.blocks.values()]
    capture.follow_c()
    capture.report(channel)
    lists = (layout.units, blocks, layout.exclusive, layout.ordinals)
    channel.send(f'["c",[{",".join(map(quote, layout.ids))}],{",".join(map(str, lists))}]')
    return layout


def _run(options: Options, channel: Channel, layout: Layout, measurement: Measurement, capture: Capture) -> None:
    _filter_warnings()
    capture.follow_c()
    surroundings = Surroundings(options, channel, capture)
    result = _kind_of_result(options)(channel, layout, capture, surroundings.seeding)
    result.failfast, result.buffer, result.tb_locals = options.failfast, options.buffer, options.show_locals
    result.startTestRun()
    driver = Driver(layout, result, channel, surroundings)
    if options.settle:
        driver.keep_cleanups_apart()
    try:
        _obey(options, channel, driver, measurement)
        driver.finish()
        reason = ("failfast" if options.failfast else "stopped") if result.shouldStop else ""
    except (Interrupted, KeyboardInterrupt):  # the latter between two tests
        reason = "interrupted"
        if options.settle:  # unittest tears nothing down then; but this worker may be stopped because another one's test failed
            driver.finish()
    signal.signal(signal.SIGINT, _do_nothing)  # it comes too late
    result.stopTestRun()
    measurement.finish()
    capture.report(channel)
    channel.send(array("e", reason))


def _kind_of_result(options: Options) -> type[Result]:
    if not options.pdb:
        return Result
    from .debugging import DebuggingResult

    return DebuggingResult


def _interruptibly_loaded(options: Options, channel: Channel) -> Layout:
    """Load the suite; Ctrl-C meanwhile ends the worker, for the loader itself would take it for a failed import."""

    def give_up(_signal: int, _frame: "FrameType | None") -> None:
        channel.send(array("e", "interrupted"))
        os._exit(0)

    previous = signal.getsignal(signal.SIGINT)
    if previous is signal.default_int_handler:
        signal.signal(signal.SIGINT, give_up)
    layout = load(options, channel)
    if signal.getsignal(signal.SIGINT) is give_up:
        signal.signal(signal.SIGINT, previous)
    return layout


def _obey(options: Options, channel: Channel, driver: Driver, measurement: Measurement) -> None:
    """Run the units that the parent asks for until it says `end`."""
    if options.template:
        _take_interrupts()
    while not driver.is_stopped:
        command, *numbers = _next_command(channel)
        if command == "end":
            return
        bounds = list(map(int, numbers))
        for start, stop in zip(bounds[::2], bounds[1::2], strict=True):
            for first, last in driver.split(start, stop):
                driver.run_range(first, last)
                measurement.flush()
        if options.settle:  # others may wait for what this unit's fixtures hold
            driver.finish()
        channel.send('["u"]')


def _take_interrupts() -> None:
    """Let Ctrl-C through, also one that came while this worker was forked."""
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (signal.SIGINT,))
    except KeyboardInterrupt:
        raise Interrupted from None


def _next_command(channel: Channel) -> list[str]:
    try:
        return channel.receive().split()
    except KeyboardInterrupt:
        raise Interrupted from None


def _filter_warnings() -> None:
    """Show what unittest shows: every warning once per place, unless -W says otherwise."""
    if sys.warnoptions:
        return
    warnings.simplefilter("default")
    if sys.version_info < (3, 12):
        warnings.filterwarnings("module", category=DeprecationWarning, message=r"Please use assert\w+ instead.")


def _do_nothing(_signal: int, _frame: "FrameType | None") -> None:
    """Stand in for a handler: to ignore the signal instead would be inherited."""


def _refuse_breakpoint(*_args: object, **_keywords: object) -> None:
    raise RuntimeError(_NO_TERMINAL)


def _leave() -> None:
    """Run the exit handlers, flush, and go without waiting for threads; the parent ends what takes too long."""
    for stream in (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__):
        try:
            stream.flush()  # type: ignore[union-attr]
        except (AttributeError, OSError, ValueError):  # a test closed or replaced it
            continue
    _end_executors()
    atexit._run_exitfuncs()  # noqa: SLF001 (the interpreter itself is not asked to: it would wait for threads)
    flush_open_files()
    os._exit(0)


def _end_executors() -> None:
    """Let executors end their workers, as the interpreter does before it waits for threads; one that is busy holds nothing up.

    Otherwise the exit handler of multiprocessing would wait for the processes of a pool, which nobody has told to end.
    """
    threading = sys.modules.get("threading")
    calls = getattr(threading, "_threading_atexits", None)
    if threading is None or not calls:
        return

    def end() -> None:
        for call in reversed(calls):
            call()

    thread = threading.Thread(target=end, daemon=True)
    thread.start()
    thread.join(_EXECUTORS_S)
