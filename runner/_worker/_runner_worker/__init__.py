"""The private package of the worker process; its name is unlikely to collide with a user's module."""
