import unittest

from lifecycle import Recorder, calls_of


class TestOrder(unittest.TestCase):
    def test_around_one_test(self):
        """Class, set-up, test, tear-down, cleanups, class: in this order."""
        expected = ["setUpClass", "setUp", "passing", "tearDown", "cleanup", "tearDownClass"]

        self.assertEqual(calls_of("passing"), expected)

    def test_around_two_tests(self):
        """setUp and tearDown surround each test; setUpClass and tearDownClass surround them all."""
        calls = calls_of("passing", "passing")

        self.assertEqual(calls.count("setUp"), 2)
        self.assertEqual(calls.count("tearDown"), 2)
        self.assertEqual(calls.count("setUpClass"), 1)
        self.assertEqual(calls.count("tearDownClass"), 1)

    def test_after_a_failure(self):
        """tearDown runs after a test that failed, too."""
        self.assertEqual(calls_of("failing")[-3:], ["tearDown", "cleanup", "tearDownClass"])

    def test_after_a_broken_set_up(self):
        """When setUp breaks, test and tearDown are left out, but cleanups run: prefer addCleanup."""
        self.assertEqual(calls_of("broken_set_up"), ["setUpClass", "setUp", "cleanup", "tearDownClass"])

    def test_each_test_has_its_own_object(self):
        """unittest makes one object per test, so what setUp stores on self is never shared."""
        suite = unittest.TestSuite([Recorder("passing"), Recorder("failing")])
        first, second = suite

        self.assertIsNot(first, second)


if __name__ == "__main__":
    unittest.main()
