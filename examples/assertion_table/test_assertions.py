"""The table of assertions: one test for each method, with what it is good for in deep learning."""

import logging
import math
import unittest
import warnings

import torch
from torch import nn


class TestEquality(unittest.TestCase):
    def test_assert_equal(self):
        """assertEqual(a, b): a == b. Counts, shapes, names; not computed floats."""
        self.assertEqual(torch.zeros(4, 1, 28, 28).shape, (4, 1, 28, 28))

    def test_assert_not_equal(self):
        """assertNotEqual(a, b): a != b."""
        self.assertNotEqual(nn.ReLU.__name__, nn.GELU.__name__)

    def test_assert_true(self):
        """assertTrue(x): x is truthy. Last choice: when it fails it only says "False is not true"."""
        self.assertTrue(torch.isfinite(torch.ones(3)).all())

    def test_assert_false(self):
        """assertFalse(x): x is falsy."""
        self.assertFalse(torch.isnan(torch.ones(3)).any())

    def test_assert_is(self):
        """assertIs(a, b): the very same object, such as a layer whose weights are shared."""
        encoder, decoder = nn.Linear(8, 4), nn.Linear(4, 8)
        decoder.weight = encoder.weight

        self.assertIs(decoder.weight, encoder.weight)

    def test_assert_is_not(self):
        """assertIsNot(a, b): two objects, such as a tensor and its copy."""
        weights = torch.ones(2)

        self.assertIsNot(weights.clone(), weights)

    def test_assert_is_none(self):
        """assertIsNone(x): before the backward pass there is no gradient."""
        self.assertIsNone(nn.Linear(2, 1).weight.grad)

    def test_assert_is_not_none(self):
        """assertIsNotNone(x): after the backward pass there is one."""
        layer = nn.Linear(2, 1)
        layer(torch.ones(1, 2)).sum().backward()

        self.assertIsNotNone(layer.weight.grad)


class TestNumbers(unittest.TestCase):
    def test_assert_almost_equal(self):
        """assertAlmostEqual(a, b, places=7): computed floats, equal but for rounding; `delta=` for a distance of your own."""
        self.assertAlmostEqual(0.1 + 0.2, 0.3)
        self.assertAlmostEqual(math.log(10), 2.3, delta=0.01)

    def test_assert_not_almost_equal(self):
        """assertNotAlmostEqual(a, b): they differ by more than rounding."""
        self.assertNotAlmostEqual(0.98, 0.99)

    def test_assert_greater(self):
        """assertGreater(a, b): a > b, with both values in the message."""
        self.assertGreater(0.99, 0.1)

    def test_assert_greater_equal(self):
        """assertGreaterEqual(a, b): a >= b, such as a probability and 0."""
        self.assertGreaterEqual(torch.softmax(torch.randn(10), dim=0).min().item(), 0.0)

    def test_assert_less(self):
        """assertLess(a, b): a < b, such as the loss after a step and before."""
        self.assertLess(0.7, math.log(10))

    def test_assert_less_equal(self):
        """assertLessEqual(a, b): a <= b."""
        self.assertLessEqual(torch.tensor([3, 7]).max().item(), 9)


class TestContainers(unittest.TestCase):
    def test_assert_in(self):
        """assertIn(a, b): a in b, such as a key of a state dict."""
        self.assertIn("weight", nn.Linear(2, 1).state_dict())

    def test_assert_not_in(self):
        """assertNotIn(a, b): a not in b."""
        self.assertNotIn("bias", nn.Linear(2, 1, bias=False).state_dict())

    def test_assert_count_equal(self):
        """assertCountEqual(a, b): the same elements as often, in any order; a shuffle must keep them all."""
        order = torch.randperm(10, generator=torch.Generator().manual_seed(0)).tolist()

        self.assertCountEqual(order, range(10))

    def test_assert_sequence_equal(self):
        """assertSequenceEqual(a, b): the same order, whatever the types of the sequences."""
        self.assertSequenceEqual([4, 10], (4, 10))

    def test_assert_list_equal(self):
        """assertListEqual(a, b): two lists; assertEqual calls it by itself and shows the first difference."""
        self.assertListEqual(torch.arange(3).tolist(), [0, 1, 2])

    def test_assert_tuple_equal(self):
        """assertTupleEqual(a, b): two tuples."""
        self.assertTupleEqual(tuple(torch.zeros(2, 3).shape), (2, 3))

    def test_assert_set_equal(self):
        """assertSetEqual(a, b): two sets; the message names what is missing on each side."""
        self.assertSetEqual(set(torch.tensor([1, 0, 1]).tolist()), {0, 1})

    def test_assert_dict_equal(self):
        """assertDictEqual(a, b): two dicts, such as a configuration and what was loaded back."""
        self.assertDictEqual({"seed": 42, "epochs": 3}, {"epochs": 3, "seed": 42})


class TestTypesAndText(unittest.TestCase):
    def test_assert_is_instance(self):
        """assertIsInstance(x, cls): the type, or one derived from it."""
        self.assertIsInstance(nn.Linear(2, 1), nn.Module)

    def test_assert_not_is_instance(self):
        """assertNotIsInstance(x, cls): item() gives a number, not a tensor."""
        self.assertNotIsInstance(torch.ones(1).item(), torch.Tensor)

    def test_assert_regex(self):
        """assertRegex(text, pattern): the pattern is found somewhere in the text."""
        self.assertRegex("epoch 3: loss 0.041", r"loss \d\.\d+")

    def test_assert_not_regex(self):
        """assertNotRegex(text, pattern): it is not found."""
        self.assertNotRegex("epoch 3: loss 0.041", r"nan|inf")

    def test_assert_multi_line_equal(self):
        """assertMultiLineEqual(a, b): two texts; a failure shows a diff by lines."""
        self.assertMultiLineEqual(str(nn.Flatten()), "Flatten(start_dim=1, end_dim=-1)")


class TestErrorsWarningsAndLogs(unittest.TestCase):
    def test_assert_raises(self):
        """assertRaises(error): the block raises it; two matrices that do not fit are refused."""
        with self.assertRaises(RuntimeError):
            nn.Linear(3136, 128)(torch.zeros(1, 2304))

    def test_assert_raises_regex(self):
        """assertRaisesRegex(error, pattern): and the message says why."""
        with self.assertRaisesRegex(RuntimeError, "cannot be multiplied"):
            nn.Linear(3136, 128)(torch.zeros(1, 2304))

    def test_assert_warns(self):
        """assertWarns(category): the block warns."""
        with self.assertWarns(DeprecationWarning):
            warnings.warn("use predict_proba", DeprecationWarning, stacklevel=2)

    def test_assert_warns_regex(self):
        """assertWarnsRegex(category, pattern): and the text fits."""
        with self.assertWarnsRegex(UserWarning, "learning rate"):
            warnings.warn("the learning rate is 0", UserWarning, stacklevel=2)

    def test_assert_logs(self):
        """assertLogs(logger, level): the block logs; the context holds the lines."""
        with self.assertLogs("training", level="WARNING") as logs:
            logging.getLogger("training").warning("loss is NaN at step %d", 7)

        self.assertEqual(logs.output, ["WARNING:training:loss is NaN at step 7"])

    def test_assert_no_logs(self):
        """assertNoLogs(logger, level): the block logs nothing of that level."""
        with self.assertNoLogs("training", level="WARNING"):
            logging.getLogger("training").info("epoch done")


class TestTensors(unittest.TestCase):
    def test_assert_close(self):
        """torch.testing.assert_close(a, b): tensors, with a tolerance that fits their dtype; it names what differs."""
        probabilities = torch.softmax(torch.randn(4, 10), dim=1)

        torch.testing.assert_close(probabilities.sum(dim=1), torch.ones(4))

    def test_assert_close_exactly(self):
        """rtol=0, atol=0 asks for equal bits, as a checkpoint that was saved and loaded must have."""
        weights = torch.randn(3, 3)

        torch.testing.assert_close(weights.clone(), weights, rtol=0, atol=0)

    def test_assert_close_looks_at_the_dtype(self):
        """Equal values of another dtype are not close: a quiet change from float32 to float64 is found."""
        with self.assertRaisesRegex(AssertionError, "dtype"):
            torch.testing.assert_close(torch.ones(2), torch.ones(2, dtype=torch.float64))


if __name__ == "__main__":
    unittest.main()
