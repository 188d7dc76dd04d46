"""Start the worker: `python .../runner/_worker/__main__.py EVENTS COMMANDS LIFELINE STACKS`, all file descriptors.

The interpreter put this folder on sys.path, and the user's modules shall never see it: the private package is imported and
the folder is taken off. The flag -P would do the same, but a test's children that copy our flags would miss their own folder.
"""

import os
import sys

if __name__ == "__main__":
    _here = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 (pathlib costs milliseconds of each start)
    if not sys.path or sys.path[0] != _here:
        sys.path.insert(0, _here)
    from _runner_worker.process import main  # type: ignore[import-not-found]

    del sys.path[0]
    # What multiprocessing reads to prepare its children: as under `python -m unittest`, it then leaves this file alone.
    __spec__ = type(sys.__spec__)("unittest.__main__", None)
    main(*map(int, sys.argv[1:]))
