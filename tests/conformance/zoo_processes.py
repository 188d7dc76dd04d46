"""The zoo, first house: tests that end, stop, fork or limit processes."""

from .zoo import animal

_NEXT = {"next": 1}

CASES = (
    animal(
        "abort",
        "abort() is told as SIGABRT",
        "import os; os.abort()",
        "crashed",
        shows=("SIGABRT",),
        notes=_NEXT,
    ),
    animal(
        "exit-from-a-thread",
        "a thread ends the process while the test waits",
        """
        import os, threading, time
        threading.Thread(target=os._exit, args=(0,)).start()
        time.sleep(30)
        """,
        "crashed",
        notes=_NEXT,
    ),
    animal(
        "becomes-another-program",
        "exec replaces the process, and the other program ends with 0",
        """
        import os, sys
        os.execv(sys.executable, [sys.executable, "-c", "pass"])
        """,
        "crashed",
        notes=_NEXT,
    ),
    animal(
        "forks-in-c",
        "a library that is not Python's forks, and its child comes back into the runner",
        """
        import ctypes
        ctypes.CDLL(None).fork()
        """,
        notes={"next": 1},
    ),
    animal(
        "kills-its-group",
        "a signal to its whole process group reaches neither the runner nor other tests",
        "import os, signal; os.killpg(0, signal.SIGKILL)",
        "crashed",
        shows=("SIGKILL",),
        notes=_NEXT,
    ),
    animal(
        "alarm-without-handler",
        "an alarm that nobody handles kills the process",
        """
        import signal, time
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        time.sleep(30)
        """,
        "crashed",
        shows=("SIGALRM",),
        notes=_NEXT,
    ),
    animal(
        "broken-pipe-without-handler",
        "with the default action of SIGPIPE a write to a closed pipe kills",
        """
        import os, signal
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        end, pipe = os.pipe()
        os.close(end)
        os.write(pipe, b"lost")
        """,
        "crashed",
        shows=("SIGPIPE",),
        notes=_NEXT,
    ),
    animal(
        "watchdog-of-its-own",
        "faulthandler is told to end the process, and does",
        """
        import faulthandler, time
        faulthandler.dump_traceback_later(0.05, exit=True)
        time.sleep(30)
        """,
        "crashed",
        notes=_NEXT,
    ),
    animal(
        "leaves-a-child",
        "a process that a test leaves is gone after the run",
        """
        import subprocess
        subprocess.Popen(["sleep", "300"])
        """,
        notes=_NEXT,
    ),
    animal(
        "leaves-a-fork",
        "a forked child keeps every descriptor open, and nobody waits for it",
        """
        import os, time
        if os.fork() == 0:
            time.sleep(300)
            os._exit(0)
        """,
        notes=_NEXT,
    ),
    animal(
        "leaves-a-deaf-child",
        "a child that ignores every polite signal is gone as well",
        """
        import subprocess, sys
        code = "import signal, time; [signal.signal(n, signal.SIG_IGN) for n in (1, 2, 15)]; print(flush=True); time.sleep(300)"
        child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
        child.stdout.readline()
        """,
        notes=_NEXT,
    ),
    animal(
        "leaves-fifty-children",
        "fifty forks at once are no more trouble than one",
        """
        import os, time
        for _ in range(50):
            if os.fork() == 0:
                time.sleep(300)
                os._exit(0)
        """,
        notes=_NEXT,
    ),
    animal(
        "child-in-a-session-of-its-own",
        "a child that left the process group is found all the same",
        """
        import subprocess
        subprocess.Popen(["sleep", "300"], start_new_session=True)
        """,
        notes=_NEXT,
    ),
    animal(
        "daemon",
        "a process forked twice, as daemons are, is nobody's child, and still ends with the run",
        """
        import os, subprocess
        child = os.fork()
        if child == 0:
            os.setsid()
            subprocess.Popen(["sleep", "300"])
            os._exit(0)
        os.waitpid(child, 0)
        """,
        notes=_NEXT,
    ),
    animal(
        "child-comes-back-late",
        "a forked child returns from the test after the test has ended, and must not run the rest",
        """
        import os, time
        if os.fork() == 0: time.sleep(0.2)
        """,
        notes=_NEXT,
    ),
    animal(
        "children-of-a-pool",
        "a pool that nobody closes holds nothing up",
        """
        import concurrent.futures
        self.pool = concurrent.futures.ProcessPoolExecutor(2)
        self.assertEqual(list(self.pool.map(abs, [-1, -2])), [1, 2])
        """,
        notes=_NEXT,
    ),
    animal(
        "no-more-descriptors",
        "a limit of open files that a test lowers breaks no report",
        """
        import resource
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
        """,
        outcomes={"test_row.Row.test_next": "errored"},
        beside_fine=False,
        in_order=True,
        exit_code=1,
    ),
    animal(
        "no-more-memory",
        "a test that needs more memory than there is gets a MemoryError of its own",
        """
        import resource
        self.addCleanup(resource.setrlimit, resource.RLIMIT_AS, resource.getrlimit(resource.RLIMIT_AS))
        resource.setrlimit(resource.RLIMIT_AS, (1 << 33, resource.getrlimit(resource.RLIMIT_AS)[1]))
        bytearray(1 << 35)
        """,
        "errored",
        shows=("MemoryError",),
        notes=_NEXT,
    ),
    animal(
        "no-more-file-size",
        "a test forbids its process to write files, and the results still arrive",
        """
        import resource
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, resource.getrlimit(resource.RLIMIT_FSIZE))
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
        """,
        notes=_NEXT,
    ),
)
