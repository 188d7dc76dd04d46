"""A suite of tiny suites: each breaks one thing that test runners get wrong, and says exactly what must come of it.

The rows are data (`rows_*.py`), so that they can be put before any runner:

    python -m tests.conformance                          our own runner, every row
    python -m tests.conformance --export FOLDER          the rows as folders, with what is expected as JSON
    python -m tests.conformance --command 'COMMAND ...'  any other runner: its exit code, and whether it ends at all
"""
