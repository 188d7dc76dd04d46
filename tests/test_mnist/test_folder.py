from __future__ import annotations

import contextlib
import gzip
import hashlib
import io
import shutil
import tempfile
import threading
import unittest
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from unittest import mock

from torchvision.datasets import MNIST

from mnist import data
from mnist.config import TrainConfig
from mnist.data import EMBEDDED, SHA256, ensure_mnist, load_mnist_data, load_mnist_tensors
from mnist.errors import DataDamaged, DataUnavailable, InvalidConfig
from mnist.events import EventList
from mnist.train import train

from .factories import one_thread, real_data_dir

LABELS = "t10k-labels-idx1-ubyte"

setUpModule = one_thread


class InAFolder(unittest.TestCase):
    """A folder of its own whose big files are links to the ones unpacked once; the small one, a copy, may be damaged."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.raw = self.home / "MNIST" / "raw"
        self.raw.mkdir(parents=True)
        for name in SHA256:
            (self.raw / name).hardlink_to(real_data_dir() / "MNIST" / "raw" / name)
        self.labels = self.raw / LABELS
        self.original = self.labels.read_bytes()
        self.labels.unlink()
        self.labels.write_bytes(self.original)

    def assert_sums(self) -> None:
        for name, expected in SHA256.items():
            self.assertEqual(hashlib.sha256((self.raw / name).read_bytes()).hexdigest(), expected, name)


class Filling(InAFolder):
    def test_empty_folder(self):
        """An empty folder is filled with the four original files, and nothing else is left in it."""
        shutil.rmtree(self.home / "MNIST")
        ensure_mnist(self.home)
        self.assert_sums()
        self.assertEqual({path.name for path in self.raw.iterdir()}, set(SHA256))

    def test_missing_file(self):
        """Only the file that is missing is unpacked; the others are left alone."""
        self.labels.unlink()
        before = {name: (self.raw / name).stat().st_mtime_ns for name in SHA256 if name != LABELS}
        ensure_mnist(self.home)
        self.assert_sums()
        self.assertEqual({name: (self.raw / name).stat().st_mtime_ns for name in before}, before)

    def test_filled_folder(self):
        """A folder that is in order is not written to."""
        before = self.labels.stat().st_mtime_ns
        ensure_mnist(self.home)
        self.assertEqual(self.labels.stat().st_mtime_ns, before)

    def test_two_at_once(self):
        """Two that fill a folder at once both succeed, and the files are whole."""
        for name in (LABELS, "t10k-images-idx3-ubyte", "train-labels-idx1-ubyte"):
            (self.raw / name).unlink()
        with ThreadPoolExecutor(2) as pool:
            for filled in [pool.submit(ensure_mnist, self.home) for _ in range(2)]:
                self.assertIsNone(filled.result())
        self.assert_sums()
        self.assertEqual({path.name for path in self.raw.iterdir()}, set(SHA256))

    def test_torchvision_reads_it(self):
        """Torchvision's own class reads the folder."""
        ensure_mnist(self.home)
        self.assertEqual(len(MNIST(self.home, train=False)), 10_000)

    def test_folder_as_text(self):
        """The folder of the data may be given as text."""
        self.assertEqual(len(load_mnist_data(str(self.home), batch_size=100)[2]), 100)
        self.assertEqual(len(load_mnist_tensors(str(self.home)).test.labels), 10_000)

    def test_seed_out_of_range(self):
        """A seed that no generator takes is refused with its value."""
        for seed in (-1, 2**63, 2**70):
            with self.subTest(seed=seed), self.assertRaisesRegex(InvalidConfig, f"seed is {seed}"):
                load_mnist_data(self.home, seed=seed)


class Damage(InAFolder):
    def assert_named(self, damaged: bytes) -> None:
        self.labels.write_bytes(damaged)
        with self.assertRaises(DataDamaged) as caught:
            ensure_mnist(self.home)
        for part in (str(self.labels), SHA256[LABELS], hashlib.sha256(damaged).hexdigest()):
            self.assertIn(part, str(caught.exception))

    def test_truncated(self):
        """A truncated file is named with the expected and the found sum."""
        self.assert_named(self.original[:-1])

    def test_altered(self):
        """A file with one altered byte is named with the expected and the found sum."""
        self.assert_named(self.original[:-1] + bytes([self.original[-1] ^ 1]))

    def test_empty(self):
        """An empty file is named with the expected and the found sum."""
        self.assert_named(b"")

    def test_damaged_file_is_kept(self):
        """A damaged file is not overwritten: it may be somebody's own."""
        self.assert_named(b"mine")
        self.assertEqual(self.labels.read_bytes(), b"mine")

    def test_nothing_trains(self):
        """A training on damaged data stops before its first event and writes no checkpoint."""
        self.labels.write_bytes(self.original[:-1])
        sink = EventList()
        with self.assertRaises(DataDamaged):
            train(TrainConfig(device="cpu"), self.home, self.home / "checkpoints", sink)
        self.assertEqual(sink.events, [])
        self.assertFalse((self.home / "checkpoints").exists())

    def test_files_of_an_old_torchvision(self):
        """Files of an old torchvision, which it would read unchecked, are refused and named."""
        processed = self.home / "MNIST" / "processed"
        processed.mkdir()
        (processed / "training.pt").write_bytes(b"")
        with self.assertRaisesRegex(DataDamaged, "processed"):
            ensure_mnist(self.home)

    def test_damaged_package(self):
        """An embedded file that does not unpack is named, and nothing is written."""
        self.labels.unlink()
        embedded = self.home / "embedded"
        embedded.mkdir()
        for name, content in {"truncated": (EMBEDDED / f"{LABELS}.xz").read_bytes()[:-20], "rubbish": b"rubbish"}.items():
            with self.subTest(name):
                (embedded / f"{LABELS}.xz").write_bytes(content)
                with self.assertRaisesRegex(DataDamaged, "reinstall"):
                    ensure_mnist(self.home, embedded=embedded)
                self.assertFalse(self.labels.exists())

    def test_exchanged_package_file(self):
        """An embedded file that holds something else is named, and nothing is written."""
        self.labels.unlink()
        embedded = self.home / "embedded"
        embedded.mkdir()
        shutil.copy(EMBEDDED / "train-labels-idx1-ubyte.xz", embedded / f"{LABELS}.xz")
        with self.assertRaisesRegex(DataDamaged, SHA256[LABELS]):
            ensure_mnist(self.home, embedded=embedded)
        self.assertFalse(self.labels.exists())


class Absence(InAFolder):
    def test_not_embedded(self):
        """A file that is neither there nor embedded is named, with the ways to get it."""
        self.labels.unlink()
        with self.assertRaisesRegex(DataUnavailable, rf"{LABELS}.*download=True"):
            ensure_mnist(self.home, embedded=self.home)

    def test_offline(self):
        """A download without a network ends in one sentence that names the folder."""
        self.labels.unlink()
        nowhere = (self.home / "nowhere").as_uri() + "/"
        with mock.patch.object(MNIST, "mirrors", [nowhere]), self.assertRaises(DataUnavailable) as caught:
            ensure_mnist(self.home, download=True, embedded=self.home)
        self.assertIn(str(self.home), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_download(self):
        """Where the files are not embedded, torchvision's own download fills the folder."""
        self.labels.unlink()
        packed = self.home / f"{LABELS}.gz"
        packed.write_bytes(gzip.compress(self.original))
        resources = [(packed.name, hashlib.md5(packed.read_bytes()).hexdigest())]
        mirror, quiet = self.serve(self.home), contextlib.redirect_stderr(io.StringIO())
        with mock.patch.object(MNIST, "mirrors", [mirror]), mock.patch.object(MNIST, "resources", resources), quiet:
            ensure_mnist(self.home, download=True, embedded=self.home)
        self.assert_sums()

    def serve(self, folder: Path) -> str:
        """Serve a folder on this machine until the test ends, and return its address."""
        handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
        server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return f"http://127.0.0.1:{server.server_port}/"

    def test_unwritable_folder(self):
        """A folder that cannot be made is named with the reason."""
        blocked = self.home / "blocked"
        blocked.write_bytes(b"")
        self.assertTrue(blocked.is_file())
        with self.assertRaisesRegex(DataUnavailable, "blocked.*(Not a directory|File exists)"):
            ensure_mnist(blocked / "data")

    def test_folder_in_the_place_of_a_file(self):
        """A folder that lies where a data file belongs is named with the reason."""
        self.labels.unlink()
        self.labels.mkdir()
        with self.assertRaisesRegex(DataUnavailable, f"{LABELS}.*Is a directory"):
            ensure_mnist(self.home)

    def test_full_disk(self):
        """A disk that is full while a file is unpacked is reported, and no part of the file is left."""
        self.labels.unlink()
        with mock.patch.object(data.os, "fsync", side_effect=OSError(28, "No space left on device")) as fsync:
            with self.assertRaisesRegex(DataUnavailable, "No space left"):
                ensure_mnist(self.home)
            self.assertEqual(fsync.call_count, 1)
        self.assertEqual({path.name for path in self.raw.iterdir()}, set(SHA256) - {LABELS})
