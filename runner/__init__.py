"""The tool: runs a unittest suite or a training, records what happened, tells what changed."""

__version__ = "0.1.0"
