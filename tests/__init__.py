"""The tests of Ctrl-C need a process that takes it: a shell starts what runs in its background with SIGINT ignored."""

import signal

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
