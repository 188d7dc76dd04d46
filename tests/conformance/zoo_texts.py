"""The zoo, third house: exceptions, texts and amounts that break reports."""

from .zoo import animal

_NEXT = {"next": 1}
_DEEP = """
    import sys
    sys.setrecursionlimit(20000)
    def deep(n): return deep(n - 1) if n else 1 / 0
    deep(9000)
"""

CASES = (
    animal(
        "exception-without-text",
        "str and repr of an exception raise",
        """
        class Awkward(Exception):
            def __str__(self): raise RuntimeError("no text")
            __repr__ = __str__
        raise Awkward
        """,
        "errored",
        shows=("Awkward",),
        notes=_NEXT,
    ),
    animal(
        "exception-whose-text-is-none",
        "str of an exception is no string",
        """
        class Awkward(Exception):
            def __str__(self): return None
        raise Awkward
        """,
        "errored",
        notes=_NEXT,
    ),
    animal("exception-of-fifty-megabytes", "the message is huge", "raise ValueError('x' * 50_000_000)", "errored", notes=_NEXT),
    animal(
        "endless-recursion",
        "the traceback has a thousand frames",
        "def f(): f()\nf()",
        "errored",
        shows=("RecursionError",),
        notes=_NEXT,
    ),
    animal(
        "nine-thousand-frames",
        "the traceback has nine thousand frames",
        _DEEP,
        "errored",
        shows=("ZeroDivisionError",),
        notes=_NEXT,
    ),
    animal(
        "endless-chain",
        "each exception is the cause of the next, ten thousand times",
        """
        error = None
        for number in range(10_000):
            new = ValueError(number)
            new.__cause__ = error
            error = new
        raise error
        """,
        "errored",
        notes=_NEXT,
    ),
    animal(
        "circle-of-causes",
        "two exceptions are each other's cause",
        """
        first, second = ValueError("first"), ValueError("second")
        first.__cause__, second.__cause__ = second, first
        raise first
        """,
        "errored",
        notes=_NEXT,
    ),
    animal("cancelled", "CancelledError is no Exception", "import asyncio; raise asyncio.CancelledError", "errored", notes=_NEXT),
    animal("bare-base-exception", "BaseException itself is raised", "raise BaseException('bare')", "errored", notes=_NEXT),
    animal("stops-iteration", "StopIteration is raised", "raise StopIteration", "errored", notes=_NEXT),
    animal(
        "skip-that-is-no-text",
        "the reason of a skip is an object without a text, which is an error of the test",
        """
        class Reason:
            def __str__(self): raise RuntimeError
            __repr__ = __str__
        self.skipTest(Reason())
        """,
        "errored",
        notes=_NEXT,
    ),
    animal(
        "assertion-about-surrogates",
        "both sides of an assertion hold what no encoding takes",
        "self.assertEqual('\\udcff' * 2000, '\\ud800\\0' * 2000)",
        "failed",
        notes=_NEXT,
    ),
    animal(
        "bytes-that-are-no-text",
        "output that is no UTF-8, with NUL and escape codes",
        r"import os; os.write(1, b'\xff\xfe\x00\x1b[2J\n'); os.write(2, b'\x80\n')",
        notes=_NEXT,
    ),
    animal(
        "five-thousand-failing-subtests",
        "every one of them is counted, and the report stays of a size that can be read",
        """
        for number in range(5000):
            with self.subTest(number=number): self.fail("again")
        """,
        "failed",
        notes=_NEXT,
    ),
    animal(
        "long-name",
        "a subtest whose parameters are a megabyte long",
        """
        with self.subTest("x" * 1_000_000, text="y" * 1_000_000): self.fail("long")
        """,
        "failed",
        notes=_NEXT,
    ),
    animal(
        "warnings-are-errors-in-tear-down",
        "a warning in a cleanup is an error of the test",
        """
        import warnings
        warnings.simplefilter("error")
        self.addCleanup(warnings.resetwarnings)
        self.addCleanup(warnings.warn, "late", ResourceWarning)
        """,
        "errored",
        notes=_NEXT,
    ),
    animal(
        "hundred-megabytes",
        "a test prints a hundred megabytes and fails, and its output is kept with head, tail and the sizes",
        """
        import sys
        for _ in range(1000): sys.stdout.write("x" * 99_999 + chr(10))
        self.fail("enough")
        """,
        "failed",
        notes=_NEXT,
    ),
)
