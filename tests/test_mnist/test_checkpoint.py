from __future__ import annotations

import hashlib
import json
import math
import os
import pickle
import signal
import struct
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import torch
from safetensors.torch import save as serialize
from torch import Tensor, nn

from mnist import checkpoint, data
from mnist.checkpoint import compare, read_facts
from mnist.errors import CheckpointMismatch, CheckpointUnwritable

from .factories import digests_of, make_model, one_thread

setUpModule = one_thread


def field(content: bytes) -> bytes:
    return struct.pack("<Q", len(content)) + content


def reference_hash(tensors: dict[str, Tensor], dtypes: dict[torch.dtype, str]) -> str:
    """Compute the content hash from its definition, with other means than the module."""
    stream = b"runner-checkpoint-v1\0"
    for name in sorted(tensors, key=lambda name: name.encode()):
        tensor = tensors[name]
        digest = hashlib.sha256(tensor.contiguous().numpy().tobytes()).digest()
        shape = ",".join(str(size) for size in tensor.shape)
        stream += field(name.encode()) + field(dtypes[tensor.dtype].encode()) + field(shape.encode()) + field(digest)
    return hashlib.sha256(stream).hexdigest()


def raw_file(dtype: str, shape: list[int], numbers: bytes) -> bytes:
    """Return a well-formed safetensors file of one tensor, of any dtype that the format knows."""
    header = {"weight": {"dtype": dtype, "shape": shape, "data_offsets": [0, len(numbers)]}}
    return field(json.dumps(header).encode()) + numbers


class InAFolder(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.home = Path(folder.name)
        self.path = self.home / "model.safetensors"

    def write(self, name: str, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
        path = self.home / name
        path.write_bytes(serialize(tensors, metadata=metadata))
        return path

    def hash_of(self, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> str:
        return read_facts(self.write("some.safetensors", tensors, metadata)).content_hash


class Saving(InAFolder):
    def test_there_and_back(self):
        """Every tensor comes back with the bytes it had."""
        model, other = make_model(1), make_model(2)
        checkpoint.save(model, self.path)
        checkpoint.load(other, self.path)
        self.assertEqual(digests_of(other), digests_of(model))

    def test_model_is_untouched(self):
        """Saving changes neither weights nor mode nor the need of gradients."""
        model = make_model().train()
        before = digests_of(model)
        checkpoint.save(model, self.path)
        self.assertEqual(digests_of(model), before)
        self.assertTrue(model.training and all(parameter.requires_grad for parameter in model.parameters()))

    def test_facts(self):
        """The facts name the file, its size, its sum and the digest of each tensor in the order of the names."""
        model = make_model()
        facts = checkpoint.save(model, self.path)
        content = self.path.read_bytes()
        self.assertEqual((facts.path, facts.size_bytes), (self.path, len(content)))
        self.assertEqual(facts.file_sha256, hashlib.sha256(content).hexdigest())
        self.assertEqual([tensor.name for tensor in facts.tensors], sorted(model.state_dict()))
        self.assertEqual({tensor.name: tensor.sha256 for tensor in facts.tensors}, digests_of(model))

    def test_facts_of_the_file(self):
        """Reading the file gives the facts that saving gave."""
        self.assertEqual(checkpoint.save(make_model(), self.path), read_facts(self.path))

    def test_bytes_repeat(self):
        """Saving twice gives the same bytes, for the metadata has one key only."""
        sums = {checkpoint.save(make_model(), self.home / f"{number}").file_sha256 for number in range(5)}
        self.assertEqual(len(sums), 1)
        header = self.path.with_name("0").read_bytes()[8:]
        self.assertLessEqual(len(json.JSONDecoder().raw_decode(header.decode("latin-1"))[0]["__metadata__"]), 1)

    def test_shared_weights(self):
        """A model with one weight in two places is saved and comes back."""
        models = [nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3)) for _ in range(2)]
        for model in models:
            model[1].weight = model[0].weight
        checkpoint.save(models[0], self.path)
        checkpoint.load(models[1], self.path)
        self.assertEqual(digests_of(models[1]), digests_of(models[0]))

    def test_overwrites(self):
        """Saving over a checkpoint replaces it, and nothing else is left in the folder."""
        checkpoint.save(make_model(1), self.path)
        newer = checkpoint.save(make_model(2), self.path)
        self.assertEqual(read_facts(self.path), newer)
        self.assertEqual(list(self.home.iterdir()), [self.path])

    def test_flushed_before_it_is_renamed(self):
        """The bytes are forced to the disk before the file gets its name, and the folder after."""
        order: list[str] = []
        fsync, rename = os.fsync, Path.replace
        with (
            mock.patch.object(data.os, "fsync", lambda number: (order.append("fsync"), fsync(number))),
            mock.patch.object(Path, "replace", lambda source, target: (order.append("rename"), rename(source, target))),
        ):
            checkpoint.save(make_model(), self.path)
        self.assertEqual(order, ["fsync", "rename", "fsync"])


class Failing(InAFolder):
    """Where a checkpoint cannot be written, the old one stays and nothing half-written is left."""

    def setUp(self):
        super().setUp()
        checkpoint.save(make_model(1), self.path)
        self.before = self.path.read_bytes()

    def assert_old_file_only(self) -> None:
        self.assertEqual(self.path.read_bytes(), self.before)
        self.assertEqual(list(self.home.iterdir()), [self.path])

    def test_full_disk(self):
        """A full disk is reported with path and reason, the old file is intact and no temporary file is left."""
        with mock.patch.object(data.os, "fsync", side_effect=OSError(28, "No space left on device")) as fsync:
            with self.assertRaisesRegex(CheckpointUnwritable, rf"{self.path}.*No space left on device"):
                checkpoint.save(make_model(2), self.path)
            fsync.assert_called_once()
        self.assert_old_file_only()

    def test_interrupted(self):
        """An interrupt while the bytes are written leaves the old file and no temporary file."""
        with mock.patch.object(data.os, "fsync", side_effect=KeyboardInterrupt), self.assertRaises(KeyboardInterrupt):
            checkpoint.save(make_model(2), self.path)
        self.assert_old_file_only()

    def test_killed(self):
        """A process that is killed just before the new file gets its name leaves the old one whole."""
        child = os.fork()
        if child == 0:
            with mock.patch.object(Path, "replace", lambda *_: os.kill(os.getpid(), signal.SIGKILL)):
                data.write_atomically(self.path, b"new")
            os._exit(1)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), -signal.SIGKILL)
        self.assertEqual(self.path.read_bytes(), self.before)

    def test_folder_missing(self):
        """A folder that does not exist is reported with the path."""
        path = self.home / "nowhere" / "model.safetensors"
        with self.assertRaisesRegex(CheckpointUnwritable, rf"{path}.*No such file"):
            checkpoint.save(make_model(), path)
        self.assert_old_file_only()

    def test_a_folder_in_its_place(self):
        """A folder of that name is reported, stays, and no temporary file is left."""
        path = self.home / "folder"
        (path / "inside").mkdir(parents=True)
        with self.assertRaisesRegex(CheckpointUnwritable, "folder"):
            checkpoint.save(make_model(), path)
        self.assertEqual({entry.name for entry in self.home.iterdir()}, {"folder", self.path.name})


class Loading(InAFolder):
    def assert_refused(self, *words: str, content_hash: str | None = None) -> None:
        model = make_model(3)
        with self.assertRaises(CheckpointMismatch) as caught:
            checkpoint.load(model, self.path, content_hash)
        for word in (str(self.path), *words):
            self.assertIn(word, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))
        self.assertEqual(digests_of(model), digests_of(make_model(3)), "a refused file has changed the model")

    def test_expected_content(self):
        """A file with the content that was recorded is loaded."""
        facts = checkpoint.save(make_model(1), self.path)
        self.assertEqual(checkpoint.load(make_model(2), self.path, facts.content_hash), facts)

    def test_other_content(self):
        """A file with other content is refused with both hashes."""
        facts = checkpoint.save(make_model(1), self.path)
        self.assert_refused(facts.content_hash, "0" * 64, content_hash="0" * 64)

    def test_truncated(self):
        """A truncated file is refused, wherever it is cut."""
        checkpoint.save(make_model(1), self.path)
        whole = self.path.read_bytes()
        for size in (0, 4, 8, 100, len(whole) // 2, len(whole) - 1):
            with self.subTest(size=size):
                self.path.write_bytes(whole[:size])
                self.assert_refused("no whole safetensors file")

    def test_one_bit(self):
        """A single flipped bit among the numbers is noticed where the content was recorded."""
        facts = checkpoint.save(make_model(1), self.path)
        content = bytearray(self.path.read_bytes())
        content[-10] ^= 1
        self.path.write_bytes(content)
        self.assert_refused(facts.content_hash, content_hash=facts.content_hash)

    def test_dtype_that_torch_lacks(self):
        """A dtype that the format knows and torch does not is refused by its name, by all that read files."""
        for dtype, numbers in {"F8_E8M0": bytes(4), "F4": bytes(2), "F6_E2M3": bytes(3)}.items():
            self.path.write_bytes(raw_file(dtype, [4], numbers))
            for read in (read_facts, lambda path: compare(path, path), lambda path: checkpoint.load(make_model(), path)):
                with self.subTest(dtype=dtype), self.assertRaisesRegex(CheckpointMismatch, f"{self.path}.*{dtype}"):
                    read(self.path)

    def test_missing_file(self):
        """A file that is not there is named."""
        self.assert_refused("No such file")

    def test_other_shape(self):
        """A tensor of another shape is named with both shapes."""
        weights = make_model().state_dict() | {"fc2.bias": torch.zeros(11)}
        self.write(self.path.name, weights)
        self.assert_refused("fc2.bias", "(11,)", "(10,)")

    def test_other_dtype(self):
        """A tensor of another dtype is named with both dtypes."""
        self.write(self.path.name, make_model().state_dict() | {"fc2.bias": torch.zeros(10, dtype=torch.float64)})
        self.assert_refused("fc2.bias", "float64", "float32")

    def test_missing_tensor(self):
        """A tensor that the file lacks is named."""
        self.write(self.path.name, {name: tensor for name, tensor in make_model().state_dict().items() if name != "conv2.weight"})
        self.assert_refused("conv2.weight is missing in the file")

    def test_surplus_tensor(self):
        """A tensor that the model does not have is named."""
        self.write(self.path.name, make_model().state_dict() | {"fc3.weight": torch.zeros(2)})
        self.assert_refused("fc3.weight", "missing in the model")

    def test_pickle_is_not_run(self):
        """A pickle, bare or as torch saves it, is refused, and the code in it is not run."""
        trap = self.home / "trap"

        class Trap:
            def __reduce__(self):
                return Path.touch, (trap,)

        bare = pickle.dumps(Trap())
        pickle.loads(bare)
        self.assertTrue(trap.exists(), "the trap does not work")
        trap.unlink()
        self.path.write_bytes(bare)
        self.assert_refused("pickle")
        torch.save({"weights": Trap()}, self.path)
        self.assert_refused("pickle")
        self.assertFalse(trap.exists())


class ContentHash(InAFolder):
    def test_known_value(self):
        """The hash of a small checkpoint is the one that the definition gives, in every release."""
        tensors = {"b": torch.tensor([1, 2]), "a": torch.tensor([[0.5]]), "scalar": torch.tensor(1.0)}
        self.assertEqual(self.hash_of(tensors), reference_hash(tensors, {torch.float32: "F32", torch.int64: "I64"}))
        self.assertEqual(
            self.hash_of({"a": torch.tensor([0.5])}), "930a3de74626046231657e8fd975d62cc90175bf7d2260397a80f0b9c3128ef4"
        )

    def test_of_the_model(self):
        """The hash of a saved model is the one that the definition gives."""
        model = make_model()
        expected = reference_hash(dict(model.state_dict()), {torch.float32: "F32"})
        self.assertEqual(checkpoint.save(model, self.path).content_hash, expected)

    def test_order_of_the_names(self):
        """Names are ordered by their bytes, whatever order the model has them in."""
        tensors = {name: torch.full((2,), float(number)) for number, name in enumerate(("Z", "a", "é", "layer.10", "layer.2"))}
        self.assertEqual(self.hash_of(tensors), self.hash_of(dict(reversed(tensors.items()))))
        self.assertEqual(self.hash_of(tensors), reference_hash(tensors, {torch.float32: "F32"}))

    def test_metadata_and_name_of_the_file(self):
        """Metadata and the name of the file have no part in it."""
        tensors = {"a": torch.ones(3)}
        self.assertEqual(self.hash_of(tensors), self.hash_of(tensors, {"epoch": "7"}))
        self.assertEqual(self.hash_of(tensors), read_facts(self.write("other", tensors)).content_hash)

    def test_memory_format(self):
        """Strides have no part in it: weights in channels_last have the same hash."""
        plain = checkpoint.save(make_model(), self.path).content_hash
        turned = make_model().to(memory_format=torch.channels_last)
        self.assertEqual(checkpoint.save(turned, self.path).content_hash, plain)

    def test_what_it_tells_apart(self):
        """Another name, dtype, shape, value or sign of zero gives another hash."""
        base = {"a": torch.zeros(2, 3)}
        others = {
            "name": {"b": torch.zeros(2, 3)},
            "dtype": {"a": torch.zeros(2, 3, dtype=torch.int32)},
            "shape": {"a": torch.zeros(3, 2)},
            "value": {"a": torch.zeros(2, 3).index_fill_(0, torch.tensor(1), 1e-30)},
            "sign of zero": {"a": -torch.zeros(2, 3)},
            "one more": base | {"b": torch.zeros(0)},
        }
        for name, tensors in others.items():
            with self.subTest(name):
                self.assertNotEqual(self.hash_of(tensors), self.hash_of(base))


class Comparing(InAFolder):
    def compare(self, a: dict[str, Tensor], b: dict[str, Tensor]) -> tuple[bool, str | None, float | None]:
        found = compare(self.write("a", a), self.write("b", b))
        return found.same, found.first_difference, found.max_abs_delta

    def test_same(self):
        """Two files of the same weights are the same, with no difference."""
        weights = make_model().state_dict()
        self.assertEqual(self.compare(weights, dict(reversed(weights.items()))), (True, None, 0.0))

    def test_difference(self):
        """The first tensor that differs is named, and the largest difference of all is told."""
        a = {"m": torch.zeros(2), "k": torch.zeros(3), "z": torch.zeros(4)}
        b = a | {"m": torch.tensor([0.0, 0.25]), "z": torch.tensor([0.0, 0.0, -2.0, 1.0])}
        self.assertEqual(self.compare(a, b), (False, "m", 2.0))

    def test_missing_tensor(self):
        """A tensor that only one side has is a difference, and has no part in the largest one."""
        self.assertEqual(self.compare({"a": torch.ones(2)}, {"a": torch.ones(2), "b": torch.ones(2)}), (False, "b", 0.0))

    def test_other_shape(self):
        """A tensor of another shape is a difference, and has no part in the largest one."""
        self.assertEqual(self.compare({"a": torch.ones(2)}, {"a": torch.ones(3)}), (False, "a", None))

    def test_other_dtype(self):
        """Tensors of two dtypes are compared by their values."""
        self.assertEqual(self.compare({"a": torch.ones(2)}, {"a": torch.ones(2).double()}), (False, "a", 0.0))

    def test_not_a_number(self):
        """A number against a NaN differs by NaN; equal NaNs and equal infinities do not differ."""
        odd = {"a": torch.tensor([math.nan, math.inf])}
        self.assertEqual(self.compare(odd, odd), (True, None, 0.0))
        same, first, delta = self.compare({"a": torch.tensor([math.nan])}, {"a": torch.tensor([1.0])})
        self.assertEqual((same, first), (False, "a"))
        self.assertTrue(math.isnan(delta))

    def test_small_differences(self):
        """A difference in the last bit is told as it is, not rounded away."""
        one = torch.tensor([1.0])
        self.assertEqual(self.compare({"a": one}, {"a": torch.nextafter(one, 2 * one)}), (False, "a", 2.0**-23))

    def test_integers_and_complex(self):
        """Tensors of whole and of complex numbers are compared as well."""
        a = {"i": torch.tensor([1, 5]), "c": torch.tensor([3 + 4j]), "empty": torch.zeros(0)}
        b = {"i": torch.tensor([1, 7]), "c": torch.tensor([0j]), "empty": torch.zeros(0)}
        self.assertEqual(self.compare(a, b), (False, "c", 5.0))

    def test_damaged_file(self):
        """A damaged file is refused by its name."""
        (self.home / "b").write_bytes(b"rubbish")
        with self.assertRaisesRegex(CheckpointMismatch, str(self.home / "b")):
            compare(self.write("a", {"a": torch.ones(1)}), self.home / "b")

    def test_any_model(self):
        """Checkpoints of any module can be compared, also with buffers and scalars."""
        model = nn.BatchNorm2d(3)
        checkpoint.save(model, self.path)
        self.assertTrue(compare(self.path, self.path).same)
        self.assertIn("num_batches_tracked", [tensor.name for tensor in read_facts(self.path).tensors])
