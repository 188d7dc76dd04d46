"""The zoo, second house: tests that leave descriptors, streams, modules, threads and settings in disorder."""

from .zoo import animal

_NEXT = {"next": 1}

CASES = (
    animal("closes-the-streams", "the descriptors 1 and 2 are closed", "import os; os.close(1); os.close(2)", notes=_NEXT),
    animal("closes-low-descriptors", "all descriptors below 256 are closed", "import os; os.closerange(3, 256)", notes=_NEXT),
    animal(
        "closes-every-descriptor",
        "a test that cuts every connection is told so, and never waited for",
        "import os; os.closerange(0, 1 << 16)",
        "crashed",
        shows=("file descriptor was closed by a test",),
        notes=_NEXT,
    ),
    animal(
        "deletes-its-folder",
        "the current folder is gone",
        """
        import os, tempfile
        os.chdir(tempfile.mkdtemp())
        os.rmdir(os.getcwd())
        """,
        notes=_NEXT,
    ),
    animal("deletes-its-module", "the file of the test is gone", "import os; os.remove(__file__)", notes=_NEXT),
    animal("no-streams", "the streams are None", "import sys; sys.stdout = sys.stderr = None", notes=_NEXT),
    animal("closed-streams", "the streams are closed", "import sys; sys.stdout.close(); sys.stderr.close()", notes=_NEXT),
    animal("reads-standard-input", "there is nobody to answer", "input()", "errored", shows=("EOFError",), notes=_NEXT),
    animal(
        "breakpoint",
        "a debugger has no terminal here, and says so instead of waiting",
        "breakpoint()",
        "errored",
        shows=("--pdb",),
        notes=_NEXT,
    ),
    animal(
        "leaves-a-thread",
        "a thread that never ends holds nothing up",
        "import threading, time; threading.Thread(target=time.sleep, args=(300,)).start()",
        notes=_NEXT,
    ),
    animal(
        "leaves-a-thread-that-prints",
        "a thread goes on printing between the tests and after them",
        """
        import threading
        def chatter():
            while True: print("chatter", end="")
        threading.Thread(target=chatter, daemon=True).start()
        """,
        notes=_NEXT,
    ),
    animal(
        "thread-raises",
        "an exception in a thread is no outcome",
        "import threading; threading.Thread(target=int, args=('x',)).start()",
        notes=_NEXT,
    ),
    animal(
        "exit-handler-waits",
        "an exit handler never returns",
        "import atexit, time; atexit.register(time.sleep, 300)",
        notes=_NEXT,
        fixtures=("crashed atexit (worker)",),
        exit_code=1,
    ),
    animal(
        "exit-handler-exits",
        "an exit handler changes the exit code",
        "import atexit, os; atexit.register(os._exit, 9)",
        notes=_NEXT,
        fixtures=("crashed atexit (worker)",),
        exit_code=1,
    ),
    animal("exit-handler-raises", "an exit handler is broken", "import atexit; atexit.register(int, 'x')", notes=_NEXT),
    animal(
        "patches-the-system",
        "functions of os and time stay replaced",
        """
        from unittest import mock
        for name in ("os.write", "os.read", "os.close", "time.monotonic", "time.time"):
            mock.patch(name, side_effect=OSError).start()
        """,
        notes=_NEXT,
    ),
    animal(
        "forgets-modules",
        "modules that the runner uses are taken out of sys.modules",
        """
        import sys
        for name in ("json", "traceback", "unittest", "unittest.case", "warnings", "os", "io"): sys.modules.pop(name, None)
        """,
        notes=_NEXT,
    ),
    animal(
        "poisons-modules",
        "a module of the standard library is replaced by rubbish",
        "import sys; sys.modules.update(json=None, traceback=None, linecache=None, difflib=None)",
        notes=_NEXT,
    ),
    animal(
        "clears-the-environment",
        "environment, path and hooks are emptied",
        """
        import os, sys
        os.environ.clear()
        sys.path[:] = []
        sys.meta_path[:] = []
        """,
        notes=_NEXT,
    ),
    animal(
        "changes-settings",
        "locale, socket timeout, umask, handlers and switch interval stay changed",
        """
        import locale, os, signal, socket, sys
        locale.setlocale(locale.LC_ALL, "C")
        socket.setdefaulttimeout(0.001)
        os.umask(0o077)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        sys.setswitchinterval(10)
        """,
        notes=_NEXT,
    ),
    animal(
        "low-recursion-limit", "hardly any recursion is allowed any more", "import sys; sys.setrecursionlimit(90)", notes=_NEXT
    ),
    animal(
        "traces",
        "a trace function that raises",
        "import sys; sys.settrace(lambda *_: 1 / 0); note('traced')",
        "errored",
        notes=_NEXT,
    ),
    animal(
        "no-collection",
        "garbage collection is off, and what is left has a finaliser that raises",
        """
        import gc
        gc.disable()
        class Loud:
            def __del__(self): raise RuntimeError("in a finaliser")
        self.loud = Loud()
        """,
        notes=_NEXT,
    ),
    animal(
        "deletes-the-next-test",
        "a test takes the next one away, which then is an error and not nothing",
        "del Row.test_next",
        outcomes={"test_row.Row.test_next": "errored"},
        in_order=True,
        exit_code=1,
    ),
    animal(
        "breaks-unittest",
        "a test replaces a method of TestCase and never puts it back",
        "unittest.TestCase.run = None",
        outcomes={"test_row.Row.test_next": "errored"},
        beside_fine=False,
        in_order=True,
        exit_code=1,
    ),
)
