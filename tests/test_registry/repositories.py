"""Throw-away git repositories with an author of their own."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class Repository:
    """A folder with a git repository; the user's own configuration of git does not count in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git and return what it says."""
        who = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
        variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        answer = subprocess.run(
            ["git", *who, *arguments], cwd=self.root, check=True, capture_output=True, text=True, env=variables
        )
        return answer.stdout.strip()

    def commit(self, subject: str, **files: str) -> str:
        """Write files and commit them; in a name a double underline is a slash and `_py` the suffix. Return the hash."""
        for name, text in files.items():
            path = self.root / name.replace("__", "/").replace("_py", ".py")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")
