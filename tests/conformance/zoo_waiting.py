"""The zoo, fourth house: tests, fixtures and modules that never end, each with a second to live."""

from .case import Case
from .zoo import animal

_NEXT = {"next": 1}
_LIMIT_S = 1.0


def _waiter(name: str, why: str, body: str) -> Case:
    return animal(name, why, body, "timed_out", limit_s=_LIMIT_S, notes=_NEXT)


CASES = (
    _waiter("loops", "a loop in Python", "while True: pass"),
    _waiter("loops-in-c", "a loop in C that holds the interpreter's lock", "import re; re.match('(a+)+$', 'a' * 40 + 'b')"),
    _waiter("sleeps", "a test that waits for nothing", "import time; time.sleep(300)"),
    _waiter(
        "deaf",
        "a test that ignores every signal that can be ignored",
        """
        import signal, time
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT): signal.signal(number, signal.SIG_IGN)
        while True: time.sleep(1)
        """,
    ),
    _waiter(
        "blocks-signals",
        "a test that blocks every signal that can be blocked",
        """
        import signal, time
        signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        time.sleep(300)
        """,
    ),
    _waiter("stops-itself", "a process that stands still", "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)"),
    _waiter(
        "deadlock",
        "two threads that wait for each other",
        """
        import threading
        first, second = threading.Lock(), threading.Lock()
        def take(one, other, ready=threading.Barrier(2)):
            with one:
                ready.wait()
                with other: pass
        threading.Thread(target=take, args=(second, first)).start()
        take(first, second)
        """,
    ),
    _waiter(
        "waits-for-a-child",
        "a test whose child never ends; both are gone afterwards",
        "import subprocess; subprocess.run(['sleep', '300'])",
    ),
    _waiter(
        "swallows-everything",
        "a test that catches whatever is thrown at it",
        """
        import time
        while True:
            try: time.sleep(300)
            except BaseException: pass
        """,
    ),
    _waiter(
        "text-without-end",
        "an exception whose text is never ready",
        """
        class Slow(Exception):
            def __str__(self):
                while True: pass
        raise Slow
        """,
    ),
)
