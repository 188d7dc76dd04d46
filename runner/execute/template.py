"""The process that has loaded the suite and is forked for each worker, so that heavy imports are paid once."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from runner.execute.child import Child
from runner.execute.options import encode_environment
from runner.execute.process import Pipes, WorkerProcess, spawn

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.execute.options import WorkerOptions

_ANSWER_S = 30.0


class _TemplatePipes(Pipes):
    """Commands go through a socket, for only that can hand over descriptors."""

    socket: socket.socket

    def _command_pipe(self) -> tuple[int, int]:
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(_ANSWER_S)
        return theirs.detach(), os.dup(self.socket.fileno())

    def close(self) -> None:
        super().close()
        self.socket.close()


class Template:
    """A worker process that runs no test itself."""

    def __init__(self, options: WorkerOptions, block: bytes, environment: Mapping[str, str]) -> None:
        self._pipes = _TemplatePipes()
        self.process = spawn(options, block, environment, self._pipes)

    def fork(self, environment: Mapping[str, str]) -> WorkerProcess | None:
        """Return a new worker; None where the template is gone or does not answer.

        Args:
            environment: Variables that the worker sets for itself.
        """
        pipes = Pipes()
        block = encode_environment(environment)
        try:
            socket.send_fds(self._pipes.socket, [f"fork {len(block)}\n".encode() + block], pipes.theirs)
            answer = self._answer()
        except OSError:
            answer = b""
        finally:
            pipes.close_theirs()
        if not answer.endswith(b"\n"):
            pipes.close()
            return None
        return WorkerProcess(pipes, Child(int(answer)))

    def _answer(self) -> bytes:
        answer = b""
        while not answer.endswith(b"\n"):
            part = self._pipes.socket.recv(64)
            if not part:
                break
            answer += part
        return answer
