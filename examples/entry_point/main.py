"""Run every test beside this file: `python main.py`, `python main.py -v`, `python main.py -k accuracy`.

There is no test in here. The exit code is unittest's own, so a script or a CI job can rely on it.
"""

import sys
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main(flags: list[str]) -> None:
    """Discover and run the tests of this folder, whatever the current folder is; `flags` are those of `unittest discover`."""
    unittest.main(module=None, argv=["main.py", "discover", "-s", str(HERE), *flags])


if __name__ == "__main__":
    main(sys.argv[1:])
