"""One worker process: its pipes, what it says through them, and what it left behind when it died."""

from __future__ import annotations

import contextlib
import fcntl
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from runner.errors import WorkerFailed
from runner.execute.child import Child
from runner.execute.lines import LineDecoder
from runner.execute.printed import PrintedFile, anonymous_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.execute.lines import Message
    from runner.execute.options import WorkerOptions

MAIN = Path(__file__).parent.parent / "_worker" / "__main__.py"
_PIPE_BYTES = 1 << 20
_READ_BYTES = 1 << 17  # some thousand events: what they are decoded into takes ten times as much
_STACK_BYTES = 64 * 1024
_LEAVING_S = 5.0
_OURS = ("RUNNER_REGISTRY", "GITHUB_STEP_SUMMARY")
_CHANNEL_LOST = 71  # as in the worker's wire module
_NOISE = "Extension modules: "  # faulthandler's list of every C module, a screenful
_READS_OF_DEAD = 2 * _PIPE_BYTES // _READ_BYTES  # a stray outside the group may hold the pipe and write for ever


def interpreter_flags() -> list[str]:
    """Return the flags that give a child the interpreter settings of this process (-O, -W, -X and so on)."""
    flags = cast("list[str]", subprocess._args_from_interpreter_flags())  # type: ignore[attr-defined]  # noqa: SLF001
    for name, value in sys._xoptions.items():  # noqa: SLF001
        option = name if value is True else f"{name}={value}"
        if option not in flags:
            flags += ["-X", option]
    return flags


class Pipes:
    """The private descriptors of one worker, ours and its own.

    Attributes:
        events: What the worker says; ours.
        commands: What we say; ours.
        theirs: The worker's ends, in the order of its arguments: events, commands, lifeline, stacks, printed.
    """

    def __init__(self) -> None:
        self.stacks = anonymous_file("runner-stacks")
        self.printed = PrintedFile()
        self.events, events = os.pipe()
        commands, self.commands = self._command_pipe()
        lifeline, self._lifeline = os.pipe()
        for pipe in (events, self.commands):
            _enlarge(pipe)
        for pipe in (self.events, self.commands):
            os.set_blocking(pipe, False)
        self._passed = (events, commands, lifeline)
        self.theirs = (*self._passed, self.stacks.fileno(), self.printed.fileno())

    def _command_pipe(self) -> tuple[int, int]:
        return os.pipe()

    def close_theirs(self) -> None:
        """Close the ends that the worker holds now."""
        for descriptor in self._passed:
            os.close(descriptor)

    def close(self) -> None:
        """Close our ends."""
        for descriptor in (self.events, self.commands, self._lifeline):
            os.close(descriptor)
        self.stacks.close()
        self.printed.close()


@dataclass(frozen=True, slots=True)
class Leaving:
    """What happened in a worker after it had said `end`.

    Attributes:
        printed: What its exit handlers printed; None where that is nothing.
        problem: How they ended the process, where they did.
        stacks: What faulthandler wrote then.
    """

    printed: str | None = None
    problem: str | None = None
    stacks: str | None = None


class WorkerProcess:
    """A worker in its own session and process group, with private pipes."""

    def __init__(self, pipes: Pipes, child: Child) -> None:
        self.child = child
        self._pipes = pipes
        self._decoder = LineDecoder()
        self._unsent = b""
        self._is_cut_off = False
        self._reads_of_dead = 0
        self._is_closed = False

    @property
    def descriptors(self) -> list[int]:
        """What to poll for news: the pipe of events, and where the system has one the descriptor of the process."""
        return [self._pipes.events] if self.child.descriptor is None else [self._pipes.events, self.child.descriptor]

    def command(self, data: bytes) -> None:
        """Send to the worker, now or with `send_rest`; a worker that is gone is noticed where its events are read."""
        if not self._is_closed:
            self._unsent += data
            self.send_rest()

    def send_rest(self) -> bool:
        """Send what there is room for, without waiting: the worker may itself wait for us to read; tell whether all is sent."""
        while self._unsent:
            try:
                self._unsent = self._unsent[os.write(self._pipes.commands, self._unsent) :]
            except BlockingIOError:
                return False
            except (BrokenPipeError, ConnectionResetError):
                self._unsent = b""
        return True

    def read(self) -> tuple[list[Message], bool]:
        """Return the messages that are there, and whether the worker is dead and nothing more can come."""
        is_dead = self.child.is_dead()
        if is_dead:
            self.child.bury()
        try:
            data = os.read(self._pipes.events, _READ_BYTES)
        except BlockingIOError:
            return [], is_dead
        if not data:
            self._cut_off()
            return [], True
        self._reads_of_dead += is_dead
        return self._decoder.feed(data), self._reads_of_dead > _READS_OF_DEAD

    def death(self) -> str:
        """Tell how the worker ended."""
        if self._is_cut_off or self.child.code == _CHANNEL_LOST:
            return "worker lost its connection, whose file descriptor was closed by a test,"
        return f"worker {self.child.cause()}"

    def stacks(self) -> str | None:
        """Return what faulthandler wrote when the worker died, without the frames of the worker's own code."""
        self._pipes.stacks.seek(0)
        lines = self._pipes.stacks.read(_STACK_BYTES).decode("utf-8", "replace").splitlines(keepends=True)
        return "".join(line for line in lines if str(MAIN.parent) not in line and not line.startswith(_NOISE)) or None

    def printed(self) -> str | None:
        """Return what was printed and the worker did not report any more."""
        return self._pipes.printed.read()

    def forget_middle(self) -> None:
        """Keep what a test prints without end from filling the memory."""
        self._pipes.printed.forget_middle()

    def leave(self, meanwhile: Callable[[], None]) -> Leaving:
        """Give a worker that said `end` some seconds for its exit handlers, then close.

        Args:
            meanwhile: Called again and again while they run.
        """
        if self._is_closed:  # it was buried: somebody has told already how it ended
            return Leaving()
        has_left = self.child.wait(_LEAVING_S, meanwhile)
        problem = None
        if not has_left:
            problem = f"the exit handlers did not return within {_LEAVING_S:.0f} s, and the worker was killed"
        elif self.child.code:
            problem = f"worker {self.child.cause()} in an exit handler"
        self.child.bury()
        left = Leaving(self.printed(), problem, self.stacks() if problem else None)
        self.close()
        return left

    def close(self) -> None:
        """Kill what is left of the worker and its group and free what belongs to it; may be called again."""
        if self._is_closed:
            return
        self._is_closed = True
        self.child.bury()
        self.child.close()
        self._pipes.close()

    def _cut_off(self) -> None:
        """The pipe has no writer: the worker is at its end, or a test closed its descriptors and it cannot report any more."""
        self._is_cut_off = not self.child.wait(_LEAVING_S)
        self.child.bury()


def spawn(options: WorkerOptions, block: bytes, environment: Mapping[str, str], pipes: Pipes | None = None) -> WorkerProcess:
    """Start a worker in a fresh interpreter.

    Args:
        options: How the worker runs.
        block: The first thing it reads, see `runner.execute.options.encode`.
        environment: Added to ours.
        pipes: Those to use; None makes the usual ones.

    Raises:
        WorkerFailed: The interpreter or the working directory is missing.
    """
    pipes = pipes or Pipes()
    try:
        child = Child(_popen(options, environment, pipes.theirs))
    except OSError as error:
        pipes.close()
        raise WorkerFailed(f"the worker process cannot be started in {options.working_directory}: {error}") from error
    finally:
        pipes.close_theirs()
    worker = WorkerProcess(pipes, child)
    worker.command(block)
    return worker


def _popen(options: WorkerOptions, environment: Mapping[str, str], descriptors: tuple[int, ...]) -> int:
    process = subprocess.Popen(
        [options.interpreter or sys.executable, *interpreter_flags(), str(MAIN), *map(str, descriptors)],
        stdin=None if options.pdb else subprocess.DEVNULL,
        stdout=2 if options.stdout_to_stderr else None,
        cwd=options.working_directory,
        # A test that runs `runner` itself records where its own project says, not among us, and sums up no job.
        env={
            **{name: value for name, value in os.environ.items() if name not in _OURS},
            **options.environment,
            **environment,
        },
        pass_fds=descriptors,
        # A session of its own would have no terminal to debug in.
        start_new_session=not options.pdb,
        process_group=0 if options.pdb else None,
    )
    process.returncode = 0  # or it would complain that nobody waits for it; `Child` does, by its id
    return process.pid


def _enlarge(pipe: int) -> None:
    """Give the pipe room for thousands of events, where the system lets us."""
    with contextlib.suppress(OSError, AttributeError):
        fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
