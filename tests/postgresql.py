"""A PostgreSQL server of a test's own: in a temporary folder, on a free port of this machine, without a word to any other."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import subprocess
import tempfile
import unittest
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

USER, PASSWORD = "tester", "hunter2"
ACCOUNT = "postgres"
"""Whose processes they are where the tests are run by root, which PostgreSQL refuses."""

_PLACES = ("usr/lib/postgresql/*/bin", "usr/pgsql-*/bin", "usr/local/opt/postgresql*/bin", "opt/homebrew/opt/postgresql*/bin")


@dataclass
class Server:
    """A running server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
    """

    programs: Path
    folder: Path
    port: int
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str = "postgres", *, password: str = PASSWORD) -> str:
        """Return the URL of one of its databases."""
        return f"postgresql+psycopg://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        import psycopg

        name = f"registry{next(self._numbers)}"
        with psycopg.connect(self.url().replace("+psycopg", ""), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def start(self) -> None:
        """Start it; it answers when this returns."""
        settings = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": self.folder, "fsync": "off"}
        options = " ".join(f"-c {name}={value}" for name, value in settings.items())
        self._control("start", "-l", str(self.folder / "log"), "-o", options)

    def stop(self) -> None:
        """Stop it as a machine that fails would: at once, connections and all."""
        self._control("stop", "-m", "immediate")

    def _control(self, *arguments: str) -> None:
        run_program(self.programs / "pg_ctl", "-w", "-D", str(self.folder / "data"), *arguments)


def require_postgresql() -> Path:
    """Return the folder with the server's programs; skips the tests where something is missing, and says what."""
    if importlib.util.find_spec("psycopg") is None:
        raise unittest.SkipTest("psycopg is not installed; `pip install -e '.[dev]'` brings it")
    programs = _programs()
    if programs is None:
        raise unittest.SkipTest("no PostgreSQL server is installed; `apt-get install postgresql` brings one")
    if os.geteuid() == 0 and subprocess.run(["id", ACCOUNT], capture_output=True, check=False).returncode:
        raise unittest.SkipTest(f"PostgreSQL refuses to run as root, and there is no account {ACCOUNT}")
    return programs


@contextmanager
def running_server(programs: Path) -> Iterator[Server]:
    """Give a server that is stopped and gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="postgresql-") as name:
        folder = Path(name)
        (folder / "password").write_text(PASSWORD, encoding="utf-8")
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, ACCOUNT)
        server = Server(programs, folder, _free_port())
        login = ("--username", USER, "--pwfile", str(folder / "password"), "--auth", "scram-sha-256")
        run_program(programs / "initdb", "--pgdata", str(folder / "data"), *login, "--no-sync", "--encoding=UTF8", "--locale=C")
        server.start()
        try:
            yield server
        finally:
            server.stop()


def run_program(program: Path, *arguments: str) -> None:
    """Run one of the server's programs as an account that it accepts."""
    account = {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []} if os.geteuid() == 0 else {}
    # The server inherits what it prints to, and a pipe would be open until it ends.
    with tempfile.TemporaryFile("w+") as printed:
        done = subprocess.run(
            [program, *arguments], cwd="/", stdin=subprocess.DEVNULL, stdout=printed, stderr=printed, check=False, **account
        )
        printed.seek(0)
        if done.returncode:
            raise RuntimeError(f"{program.name} {arguments[0]} ended with {done.returncode}: {printed.read()[-500:]}")


def _programs() -> Path | None:
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(folder for place in _PLACES for folder in Path("/").glob(place) if (folder / "initdb").exists())
    return folders[-1] if folders else None


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
