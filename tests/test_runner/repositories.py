"""Throw-away projects that are git repositories, with an author of their own."""

from __future__ import annotations

import os
import subprocess

from .projects import Project


class Repository:
    """The git repository of a project; the user's own configuration of git does not count in it."""

    def __init__(self, project: Project) -> None:
        self.project = project
        project.write(".gitignore", ".runner/\n__pycache__/\n")
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        """Run git and return what it says."""
        who = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
        variables = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", *who, *arguments]
        answer = subprocess.run(command, cwd=self.project.root, check=True, capture_output=True, text=True, env=variables)
        return answer.stdout.strip()

    def commit(self, subject: str, files: dict[str, str]) -> str:
        """Write files, by their paths, and commit everything; return the hash."""
        for path, text in files.items():
            self.project.write(path, text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", subject)
        return self.git("rev-parse", "HEAD")
