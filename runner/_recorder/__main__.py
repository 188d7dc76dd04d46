"""Start the recorder: `python -P .../runner/_recorder/__main__.py [PROCESS]`.

Standard input brings the events, standard output takes the answer, and PROCESS is a descriptor that stands for the process with
the tests. The process that was started leaves at once, and its child, which is nobody's, does the work: the tests do not meet
it. Our packages come first on its path, because the user's own `registry` or `runner` may lie on PYTHONPATH.
"""

import os
import sys

if __name__ == "__main__":
    if os.fork():
        os._exit(0)
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))  # noqa: PTH100, PTH120
    from runner._recorder.process import main

    main(*map(int, sys.argv[1:]))
