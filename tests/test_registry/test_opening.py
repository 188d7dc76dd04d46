"""Opening a registry: where it is, what is refused, and what never happens to a file that is not ours."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import unittest
from contextlib import chdir, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest import mock

import registry
from registry.errors import RegistryDamaged, RegistryLocked, RegistryUnreachable, SchemaTooNew
from registry.storage.database import is_on_network, locate

from .factories import CHECKOUT, RegistryCase, finish, python, result, write_safetensors

FIVE_LINES = """
import registry
with registry.open("sqlite:///runs.db").start_run("train", name="cifar", seed=42) as run:
    run.log_metric("test_accuracy", 0.93, step=10)
    run.log_checkpoint("model.safetensors")
"""
MOUNTS = r"""22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:30 / /home/my\040data rw - nfs4 server:/export rw
31 22 0:31 / /home/my\040data/fast rw - xfs /dev/sdb rw
32 22 0:32 / /mnt/remote rw - fuse.sshfs me@there: rw
33 22 0:33 / /tmp rw - tmpfs tmpfs rw
broken line
"""


class FolderCase(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(TemporaryDirectory(prefix="registry-"))).resolve()
        self.enterContext(chdir(self.folder))

    def assert_untouched(self, path: Path, error: type[Exception], *words: str):
        """Assert that a file is refused with a sentence, by readers and writers, and not changed by a byte."""
        before = path.read_bytes()
        for must_exist in (True, False):
            with self.assertRaises(error) as caught:
                registry.open(path, must_exist=must_exist)
            for word in (str(path), *words):
                self.assertIn(word, str(caught.exception))
        self.assertEqual(path.read_bytes(), before)
        self.assertEqual([entry.name for entry in path.parent.iterdir()], [path.name])


class Creating(FolderCase):
    """A registry that does not exist yet."""

    def test_five_lines(self):
        """The five lines of the documentation record a training."""
        write_safetensors(self.folder / "model.safetensors", {"w": ("F32", [1], bytes(4))})
        code, _, errors = finish(python(f"import os; os.chdir({str(self.folder)!r})\n{FIVE_LINES}"))
        self.assertEqual((code, errors), (0, ""))
        with registry.open("sqlite:///runs.db", must_exist=True) as opened:
            details = opened.details(opened.find_run("cifar"))
        self.assertEqual((details.run.seed, details.run.status), (42, "finished"))
        self.assertEqual((details.metrics[0].last, details.metrics[0].last_step), (0.93, 10))
        self.assertEqual(details.checkpoints[0].path, str(self.folder / "model.safetensors"))
        self.assertIn("sqlalchemy", details.run.environment.packages)

    def test_a_new_file_is_private(self):
        """Only its owner may read a new registry, whatever the umask."""
        before = os.umask(0)
        try:
            registry.open("runs.db").close()
        finally:
            os.umask(before)
        self.assertEqual(stat.S_IMODE(Path("runs.db").stat().st_mode), 0o600)
        self.assertEqual([path.name for path in self.folder.iterdir()], ["runs.db"])

    def test_the_default_place(self):
        """Without a name the registry lies below the project's root, in a folder that git ignores."""
        (self.folder / "deep" / "er").mkdir(parents=True)
        (self.folder / "pyproject.toml").touch()
        variables = {name: value for name, value in os.environ.items() if name != "RUNNER_REGISTRY"}
        with chdir("deep/er"), mock.patch.dict(os.environ, variables, clear=True), registry.open() as opened:
            self.assertEqual(opened.location, str(self.folder / ".runner" / "registry.db"))
        self.assertEqual((self.folder / ".runner" / ".gitignore").read_text(), "*\n")

    def test_the_variable(self):
        """RUNNER_REGISTRY names the registry where nothing else does."""
        with mock.patch.dict(os.environ, {"RUNNER_REGISTRY": "elsewhere.db"}), registry.open() as opened:
            self.assertEqual(opened.location, str(self.folder / "elsewhere.db"))

    def test_reading_makes_nothing(self):
        """A reading command in a folder without a registry says how to record one, and makes neither file nor folder."""
        for target in (".runner/registry.db", "sqlite:///runs.db"):
            with self.assertRaisesRegex(RegistryUnreachable, "no registry at .*runner test --record"):
                registry.open(target, must_exist=True)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_odd_names(self):
        """Blanks, question marks, percent signs and umlauts in the path are part of the name."""
        for name in ("a b?c#d%20.db", "größe.db"):
            registry.open(Path(name)).close()
            with registry.open(name, must_exist=True) as opened:
                self.assertEqual(opened.check(), [])
        self.assertEqual(len(list(self.folder.iterdir())), 2)

    def test_the_working_folder_may_change(self):
        """A relative path is meant from where the registry was opened."""
        with registry.open("runs.db") as opened:
            (self.folder / "other").mkdir()
            with chdir("other"):
                self.assertEqual(opened.runs(), [])
                self.assertEqual(list(Path.cwd().iterdir()), [])


class Refusing(FolderCase):
    """Files that are no registry, and places where none can be."""

    def test_an_empty_file(self):
        """A file of no bytes, which SQLite takes for a new database, is refused."""
        (self.folder / "runs.db").touch()
        self.assert_untouched(self.folder / "runs.db", RegistryDamaged, "empty file")

    def test_another_kind_of_file(self):
        """A text is refused."""
        (self.folder / "notes.txt").write_text("not a database " * 100)
        self.assert_untouched(self.folder / "notes.txt", RegistryDamaged)

    def test_the_database_of_another_program(self):
        """An SQLite file of another program is refused, with tables and without."""
        for statement in ("CREATE TABLE run (id INTEGER)", "PRAGMA application_id = 7"):
            with self.subTest(statement=statement), TemporaryDirectory() as folder:
                path = Path(folder).resolve() / "other.db"
                with closing(sqlite3.connect(path)) as connection:
                    connection.execute(statement)
                self.assert_untouched(path, RegistryDamaged, "another program")

    def test_truncated_registries(self):
        """A registry that was cut off anywhere is refused on opening, or its check finds problems."""
        registry.open("runs.db").close()
        whole = (self.folder / "runs.db").read_bytes()
        for length in range(100, len(whole), len(whole) // 12):
            with self.subTest(length=length):
                Path("cut.db").write_bytes(whole[:length])
                try:
                    with registry.open("cut.db", must_exist=True) as opened:
                        self.assertNotEqual(opened.check(), [])
                except RegistryDamaged as error:
                    self.assertIn("cut.db", str(error))

    def test_a_folder(self):
        """A folder is refused."""
        with self.assertRaisesRegex(RegistryUnreachable, "is a folder"):
            registry.open(self.folder)

    def test_a_folder_that_is_missing(self):
        """A registry in a folder that does not exist, or below a file, is refused and makes nothing."""
        (self.folder / "file").touch()
        for path in ("none/runs.db", "file/runs.db"):
            with (
                self.subTest(path=path),
                self.assertRaisesRegex(RegistryUnreachable, f"{path} cannot be created: .*; make .* a folder"),
            ):
                registry.open(path)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["file"])

    def test_impossible_names(self):
        """Unknown users, NUL, too long names, links in a circle and names that are not UTF-8 are refused and make nothing."""
        (self.folder / "loop.db").symlink_to("loop.db")
        for name in ("~nosuchuser/x.db", "a\0b.db", "x" * 300, "loop.db", "x\udcff.db"):
            with self.subTest(name=ascii(name[:20])), self.assertRaisesRegex(RegistryUnreachable, "name another file"):
                registry.open(name)
        self.assertEqual([entry.name for entry in self.folder.iterdir()], ["loop.db"])

    def test_a_newer_file_format(self):
        """A file of a newer format is refused."""
        registry.open("runs.db").close()
        with closing(sqlite3.connect("runs.db")) as connection:
            connection.execute("PRAGMA journal_mode = delete")
            connection.execute("PRAGMA user_version = 99")
        self.assert_untouched(self.folder / "runs.db", SchemaTooNew, "99")

    def test_a_locked_registry(self):
        """A registry that another process keeps locked is refused after the timeout, which the sentence names."""
        registry.open("runs.db").close()
        with (
            closing(sqlite3.connect("runs.db", isolation_level=None)) as holder,
            registry.open("sqlite:///runs.db?timeout=0.1") as opened,
        ):
            holder.execute("BEGIN IMMEDIATE")
            with self.assertRaisesRegex(RegistryLocked, r"runs\.db is locked.*0\.1 s"):
                opened.start_run("test", code={})


class ReadOnly(FolderCase):
    """A registry on a file system that cannot be written."""

    def in_read_only_mount(self, code: str) -> tuple[int, str, str]:
        """Run code in a process for which the folder is read-only; chmod would deny root nothing."""
        mount = 'mount --bind "$1" "$1" && mount -o remount,ro,bind "$1" && ! touch "$1/probe" 2>/dev/null'
        script = mount + ' && exec "$2" -c "$3" "$1/runs.db"'
        arguments = ["unshare", "-m", "sh", "-c", script, "sh", str(self.folder), sys.executable, code]
        done = subprocess.run(arguments, cwd=CHECKOUT, capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout, done.stderr

    def setUp(self):
        super().setUp()
        registry.open("runs.db").close()
        if shutil.which("unshare") is None or self.in_read_only_mount("")[0]:
            self.skipTest("read-only mounts of one's own need Linux and root")

    def test_it_can_be_read(self):
        """Reading works, although WAL would want files of its own beside the registry."""
        code = "import registry, sys; print(registry.open(sys.argv[1], must_exist=True).runs())"
        self.assertEqual(self.in_read_only_mount(code), (0, "[]\n", ""))

    def test_recording_says_why_not(self):
        """Recording is refused with a sentence that names the file."""
        code = """
import registry, sys
try:
    registry.open(sys.argv[1]).start_run("test", code={})
except registry.RegistryError as error:
    print(type(error).__name__, error)
"""
        self.assertRegex(self.in_read_only_mount(code)[1], f"^RegistryUnreachable the registry {self.folder}/runs.db cannot be")


class Urls(unittest.TestCase):
    """What may stand in a URL, and what never stands in a message."""

    def assert_refused(self, url: str, *words: str):
        """Assert that a URL is refused without telling its password."""
        with self.assertRaises(RegistryUnreachable) as caught:
            registry.open(url)
        self.assertNotIn("hunter2", str(caught.exception))
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_malformed_urls(self):
        """Unknown kinds and broken URLs are refused by their scheme."""
        self.assert_refused("mysql://me:hunter2@host/runs", "mysql", "PostgreSQL")
        self.assert_refused("nosuch://me:hunter2@host/runs", "nosuch")
        self.assert_refused("postgresql://me:hunter2@host:port/runs", "postgresql", "malformed")

    def test_the_old_scheme(self):
        """postgres://, which some services still hand out, is refused with the scheme to write."""
        self.assert_refused("postgres://me:hunter2@host/runs", "postgres://", "postgresql+psycopg://")

    def test_a_driver_that_is_not_installed(self):
        """A missing driver is named, with the one that this package offers and how to get it."""
        url = "postgresql+pg8000://me:hunter2@host/runs"
        self.assert_refused(url, "needs the database driver pg8000", "pip install 'psycopg[binary]'", "postgresql+psycopg://")

    def test_a_server_that_cannot_be_reached(self):
        """A server without its driver, or that does not answer, is unreachable."""
        self.assert_refused("postgresql+psycopg://me:hunter2@127.0.0.1:1/runs?password=hunter2", "127.0.0.1", "***")

    def test_sqlite_needs_a_file(self):
        """A database in memory, a host or an unknown setting is refused."""
        for url in ("sqlite://", "sqlite:///:memory:", ":memory:", "sqlite://host/runs.db", "sqlite:///runs.db?mode=ro"):
            with self.subTest(url=url):
                self.assert_refused(url, "SQLite" if "://" in url else "memory")

    def test_the_timeout(self):
        """The timeout of a URL is in seconds."""
        self.assertEqual(locate("sqlite:///runs.db?timeout=5").timeout_s, 5.0)
        self.assertEqual(locate("sqlite:///runs.db?timeout=1e30").timeout_s, 2_000_000)
        for given in ("soon", "inf", "nan", "-1"):
            self.assert_refused(f"sqlite:///runs.db?timeout={given}", f"timeout={given}")

    def test_postgresql_is_named_without_password(self):
        """The location of a server keeps user, host and database, and masks the password."""
        location = locate("postgresql://me:hunter2@host/runs").location
        self.assertEqual(location, "postgresql://me:***@host/runs")


class Places(RegistryCase):
    """How the file is used depends on where it lies."""

    def test_connections_are_safe(self):
        """Each connection has foreign keys on, full synchronisation, WAL on a local disk, and no trust in the schema."""
        with self.registry._database.reading() as connection:
            names = ("foreign_keys", "synchronous", "journal_mode", "trusted_schema")
            values = [connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]
        self.assertEqual(values, [1, 2, "wal", 0])

    def test_network_file_systems(self):
        """The file system of the nearest mount point above a file tells whether it lies on a network."""
        for path, expected in (
            ("/home/runs.db", False),
            ("/home/my data/runs.db", True),
            ("/home/my data/fast/runs.db", False),
            ("/mnt/remote/a/runs.db", True),
            ("/mnt/remotely/runs.db", False),
            ("/tmp/runs.db", False),
        ):
            self.assertIs(is_on_network(Path(path), MOUNTS), expected, path)

    def test_no_wal_on_a_network(self):
        """A registry that is opened on a network file system leaves WAL, and is created without."""
        self.registry.close()
        with mock.patch("registry.storage.database.is_on_network", return_value=True):
            for path in (self.path, self.folder / "new.db"):
                with registry.open(path) as opened:
                    self.assertEqual(opened.info().journal_mode, "delete")

    def test_a_link_leads_to_the_file(self):
        """A registry that is opened through a symbolic link is the one file, with one write-ahead log."""
        link = self.folder / "link.db"
        link.symlink_to(self.path)
        self.recorded([result()])
        with registry.open(link) as opened:
            self.assertEqual((opened.location, len(opened.runs())), (str(self.path), 1))
