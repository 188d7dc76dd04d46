"""What a checkpoint file holds, read with the standard library."""

from __future__ import annotations

import hashlib
import json
import struct
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

from registry.errors import CheckpointUnreadable
from registry.storage.content import content_hash, describe_checkpoint, file_sha256
from tests.test_registry.factories import write_raw, write_safetensors

TENSORS = {
    "b.weight": ("F32", [2, 1], bytes(range(8))),
    "a.bias": ("I64", [], bytes(8)),
    "ä": ("U8", [0], b""),
}
# The sha256 of the magic and of twelve length-prefixed fields, put together outside this package from the format's description.
GOLD = "7b970a1651bd81a5cffc2a2351976b6f8b2233558bbe45fcdbf40dd372ca5244"


class FileCase(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(TemporaryDirectory()))
        self.path = self.folder / "model.safetensors"

    def assert_malformed(self, *words: str):
        """Assert that the file is refused with a sentence that names it and these words."""
        with self.assertRaises(CheckpointUnreadable) as caught:
            describe_checkpoint(self.path)
        for word in (str(self.path), *words):
            self.assertIn(word, str(caught.exception))


class ContentHash(FileCase):
    """The hash over names, dtypes, shapes and bytes."""

    def test_equals_the_value_made_by_hand(self):
        """The hash is the one that the written format gives, byte by byte."""
        stream = b"runner-checkpoint-v1\0"
        for name, dtype, shape, data in (
            ("a.bias", "I64", "", bytes(8)),
            ("b.weight", "F32", "2,1", bytes(range(8))),
            ("ä", "U8", "0", b""),
        ):
            for field in (name.encode(), dtype.encode(), shape.encode(), hashlib.sha256(data).digest()):
                stream += len(field).to_bytes(8, "little") + field
        found = describe_checkpoint(write_safetensors(self.path, TENSORS)).content_hash
        self.assertEqual(found, hashlib.sha256(stream).hexdigest())

    def test_never_changes_between_releases(self):
        """The hash of a known file is the gold value that earlier releases stored."""
        self.assertEqual(describe_checkpoint(write_safetensors(self.path, TENSORS)).content_hash, GOLD)

    def test_order_and_metadata_do_not_count(self):
        """Another order of the tensors in the file, or other metadata, changes the file and not the content."""
        first = describe_checkpoint(write_safetensors(self.path, TENSORS))
        turned = dict(reversed(TENSORS.items()))
        second = describe_checkpoint(write_safetensors(self.folder / "b.safetensors", turned, {"format": "pt"}))
        self.assertNotEqual(first.file_sha256, second.file_sha256)
        self.assertEqual(first.content_hash, second.content_hash)

    def test_every_part_counts(self):
        """Another name, dtype, shape or byte gives another hash."""
        variants = [
            {"x": ("F32", [2], bytes(8))},
            {"y": ("F32", [2], bytes(8))},
            {"x": ("I32", [2], bytes(8))},
            {"x": ("F32", [1, 2], bytes(8))},
            {"x": ("F32", [2], bytes(7) + b"\1")},
        ]
        hashes = {describe_checkpoint(write_safetensors(self.path, tensors)).content_hash for tensors in variants}
        self.assertEqual(len(hashes), len(variants))

    def test_no_tensors(self):
        """A file without tensors has the hash of the magic alone."""
        found = describe_checkpoint(write_safetensors(self.path, {}))
        self.assertEqual((found.content_hash, found.tensors), (content_hash(()), ()))


class Description(FileCase):
    """What is recorded of a file."""

    def test_digests_are_by_tensor(self):
        """Each tensor has name, dtype, shape and the sha256 of its bytes, in the order of the names."""
        tensors = describe_checkpoint(write_safetensors(self.path, TENSORS)).tensors
        self.assertEqual(
            [(one.name, one.dtype, one.shape) for one in tensors],
            [("a.bias", "I64", ()), ("b.weight", "F32", (2, 1)), ("ä", "U8", (0,))],
        )
        self.assertEqual(tensors[1].sha256, hashlib.sha256(bytes(range(8))).hexdigest())

    def test_file_hash_and_size(self):
        """The file's hash, taken in the same pass, is that of its bytes."""
        found = describe_checkpoint(write_safetensors(self.path, {"x": ("U8", [3_000_000], bytes(3_000_000))}), epoch=3)
        self.assertEqual(found.file_sha256, hashlib.sha256(self.path.read_bytes()).hexdigest())
        self.assertEqual((found.size_bytes, found.epoch), (self.path.stat().st_size, 3))

    def test_agrees_with_the_safetensors_library(self):
        """Values that the safetensors library wrote are found with their digests."""
        import torch
        from safetensors.torch import save_file

        values = torch.arange(6, dtype=torch.float32).reshape(2, 3)
        save_file({"weight": values, "half": values.half()}, self.path)
        digests = {tensor.name: tensor for tensor in describe_checkpoint(self.path).tensors}
        self.assertEqual(digests["weight"].sha256, hashlib.sha256(struct.pack("<6f", *range(6))).hexdigest())
        self.assertEqual((digests["half"].dtype, digests["half"].shape), ("F16", (2, 3)))

    def test_other_formats(self):
        """A file of another format has a file hash and no content hash."""
        path = self.folder / "model.pt"
        path.write_bytes(b"anything")
        found = describe_checkpoint(path)
        self.assertEqual((found.content_hash, found.tensors, found.file_sha256), (None, (), file_sha256(path)))


class Malformed(FileCase):
    """Each way in which a file can be wrong has its sentence."""

    def test_missing(self):
        """A missing file is named."""
        self.assert_malformed("No such file")

    def test_shorter_than_its_prefix(self):
        """A file of three bytes is refused."""
        self.path.write_bytes(b"abc")
        self.assert_malformed("it has 3 bytes")

    def test_a_header_longer_than_the_file(self):
        """A header that is announced longer than the file is refused before it is read."""
        write_raw(self.path, b"{}", length=2**62)
        self.assert_malformed(str(2**62))

    def test_a_header_past_the_limit(self):
        """A header of more than 100 MB is refused, also where the file is that large."""
        with self.path.open("wb") as file:
            file.write((100_000_001).to_bytes(8, "little"))
            file.truncate(100_000_100)
        self.assert_malformed("100000001")

    def test_headers_that_are_no_json_object(self):
        """Broken JSON, broken UTF-8, a list, deep nesting and a name that appears twice are refused."""
        for header in (b"{", b"\xff", b"[]", b"[" * 100_000, b'{"x": 1, "x": 1}'):
            with self.subTest(header=header[:10]):
                write_raw(self.path, header)
                self.assert_malformed("header")

    def test_tensors_that_cannot_be(self):
        """Unknown dtypes, missing shapes, negative, fractional or overlapping offsets and sizes that do not fit are refused."""
        good = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
        for change in (
            {"dtype": "F128"},
            {"dtype": ["F32"]},
            {"shape": None},
            {"shape": [-4]},
            {"shape": [True]},
            {"shape": [5]},
            {"data_offsets": [0]},
            {"data_offsets": [0, 4.0]},
            {"data_offsets": [4, 0]},
            {"data_offsets": [2, 6]},
        ):
            with self.subTest(change=change):
                write_raw(self.path, json.dumps({"x": good | change}).encode(), bytes(4))
                self.assert_malformed("'x'")

    def test_holes_and_overlaps(self):
        """Two tensors on the same bytes, and bytes that belong to no tensor, are refused."""
        one = {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}
        write_raw(self.path, json.dumps({"x": one, "y": one}).encode(), bytes(8))
        self.assert_malformed("begin at 0 instead of 4")
        write_raw(self.path, json.dumps({"x": one}).encode(), bytes(5))
        self.assert_malformed("need 4 bytes and 5 follow")

    def test_truncated(self):
        """A file that was cut off is refused wherever it was cut."""
        whole = write_safetensors(self.path, TENSORS).read_bytes()
        for length in range(0, len(whole), 7):
            with self.subTest(length=length):
                self.path.write_bytes(whole[:length])
                self.assert_malformed()

    def test_a_name_that_is_no_text(self):
        """A lone surrogate as a tensor's name is refused."""
        write_raw(self.path, b'{"\\ud800": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}')
        self.assert_malformed("no text")
