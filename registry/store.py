"""The registry: open it, start a run, read what is in it. What a recording does not need is loaded by the call that does."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypedDict, Unpack
from uuid import uuid4

from registry import queries, schema
from registry.encoding import encode_choice, encode_integer
from registry.environment import capture_environment, capture_git, code_files, project_root, redact_argv
from registry.errors import RegistryError
from registry.naming import check_name
from registry.recording import ActiveRun
from registry.records import Environment, GitState, NewRun, Points, Run, RunDetails, RunKind
from registry.storage import starting
from registry.storage.database import Database, locate
from registry.storage.information import RegistryInfo

if TYPE_CHECKING:
    from registry.comparing.facts import RunComparison
    from registry.expected.baselines import Baselines
    from registry.expected.expectations import Expectations, Kept
    from registry.expected.known_failures import KnownFailures
    from registry.intake.importing import ImportReport
    from registry.past.cells import Strips
    from registry.past.latest import LastFailures
    from registry.past.nights import Nights
    from registry.past.pasts import HistoryEntry, MetricPast
    from registry.past.reliability import Unreliable

VARIABLE = "RUNNER_REGISTRY"
"""The environment variable that names the registry where nothing else does."""


class RunFacts(TypedDict, total=False):
    """What `Registry.start_run` may be told about a run; what surrounds it is captured where it is not given.

    Attributes:
        seed: Root seed.
        argv: Command line, by default this program's; its secrets are masked.
        tags: Free words of the user, by key.
        params: Configuration, values of JSON.
        environment: What surrounds the run.
        git: State of the work tree.
        code: Path to sha256 of the code files that take part.
    """

    seed: int | None
    argv: tuple[str, ...]
    tags: Mapping[str, str] | None
    params: Mapping[str, object] | None
    environment: Environment | None
    git: GitState | None
    code: Mapping[str, str] | None


def open_registry(url: str | Path | None = None, *, must_exist: bool = False) -> Registry:
    """Open a registry; one that does not exist is created at the newest schema.

    Args:
        url: A path, or an SQLAlchemy URL for SQLite or PostgreSQL; None takes RUNNER_REGISTRY, else `.runner/registry.db` below
            the project's root.
        must_exist: Refuse to create one.

    Raises:
        RegistryUnreachable: It cannot be opened or created, or is absent although it must exist.
        RegistryDamaged: There is a file, but it is no registry.
        RegistryLocked: Another process keeps it locked.
        SchemaOutOfDate: An older release wrote it; `runner db upgrade` helps.
        SchemaTooNew: A newer release wrote it.
    """
    database = locate(url or os.environ.get(VARIABLE) or project_root(Path.cwd()) / ".runner" / "registry.db")
    try:
        schema.prepare(database, must_exist=must_exist)
    except BaseException:
        database.close()
        raise
    return Registry(database)


class Registry:
    """An open registry. As a context manager it closes its connections at the end.

    Attributes:
        location: Path or URL as sentences name it; a password is masked.
    """

    def __init__(self, database: Database) -> None:
        self.location = database.location
        self._database = database

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are not in use."""
        self._database.close()

    @property
    def nights(self) -> Nights:
        """What it knows of nights: their parts, what they found."""
        from registry.past.nights import Nights

        return Nights(self._database)

    def start_run(self, kind: str | RunKind, name: str | None = None, **facts: Unpack[RunFacts]) -> ActiveRun:
        """Start recording a run; git, environment and code are captured where they are not given.

        Args:
            kind: "test", "train" or "nightly".
            name: By default KIND-ID.
            facts: See RunFacts.

        Raises:
            InvalidName: The name could be mistaken for a reference.
            NameInUse: An earlier run has it.
            RegistryError: The run cannot be written.
        """
        for fact in facts:
            if fact not in RunFacts.__annotations__:
                raise TypeError(f"start_run() got an unexpected keyword argument {fact!r}")
        checked_kind = encode_choice("kind of run", kind, RunKind)
        if name is not None:
            self.check_new_name(name)
        root = project_root(Path.cwd())
        git, environment, code = facts.get("git"), facts.get("environment"), facts.get("code")
        return self.start(
            NewRun(
                kind=checked_kind,
                name=name,
                seed=facts.get("seed"),
                argv=redact_argv(facts.get("argv", sys.argv)),
                tags=facts.get("tags") or {},
                params=facts.get("params") or {},
                git=capture_git(root) if git is None else git,
                environment=capture_environment() if environment is None else environment,
                code=code_files(root) if code is None else code,
            )
        )

    def start(self, new_run: NewRun) -> ActiveRun:
        """Start recording a run of which exactly this is known.

        Raises:
            InvalidName: The name could be mistaken for a reference.
            NameInUse: An earlier run has it.
            RegistryError: The run cannot be written.
        """
        if new_run.name is not None:
            check_name(new_run.name)
        with self._database.writing() as connection:
            run_id = starting.insert_run(connection, new_run, uuid4().hex)
            run = queries.run_by_id(connection, run_id)
        return ActiveRun(self._database, run)

    def check_new_name(self, name: str) -> None:
        """Refuse a name that no run could be started with.

        Raises:
            InvalidName: The name could be mistaken for a reference.
            NameInUse: An earlier run has it.
        """
        check_name(name)
        with self._database.reading() as connection:
            starting.require_unused(connection, name)

    def find_run(self, reference: str, *, like: Run | None = None, kind: RunKind | None = None) -> Run:
        """Return the run that a reference means; docs/baselines.md lists the forms.

        Args:
            reference: A name, an id, `latest`, `latest:KIND~N`, `last-green`, `baseline:NAME`, `branch:NAME` or `rolling:N`.
            like: The other side of a comparison: `last-green`, `branch:NAME` and `rolling:N` mean a run of its kind, before it.
            kind: The kind of run that `last-green` and `branch:NAME` mean where there is no other side.

        Raises:
            RunNotFound: There is none; the message names near ones.
        """
        from registry import references

        with self._database.reading() as connection:
            return references.find_run(connection, reference, self.location, like, kind)

    def expectations(self, reference: str, a: Run, b: Run, kept: Kept | None = None) -> Expectations:
        """Return what a run is held to besides the one that it is compared with.

        Args:
            reference: What was typed for A.
            a: The run that it means.
            b: The run to look at.
            kept: Bars and known failures that hold in the place of today's.
        """
        from registry import references
        from registry.expected import baselines, known_failures
        from registry.expected.expectations import Expectations, Kept
        from registry.naming import BaselineName, Rolling, parse_reference

        meant, kept = parse_reference(reference), kept or Kept()
        with self._database.reading() as connection:
            bars = baselines.bars(connection, meant.name) if isinstance(meant, BaselineName) else ()
            failures = tuple(known_failures.listed(connection)) if kept.known is None else kept.known
            return Expectations(
                bars=baselines.with_seeds(connection, bars if kept.bars is None else kept.bars),
                known=known_failures.results(connection, b, a, failures),
                failures=failures,
                window=references.window(connection, meant, b) if isinstance(meant, Rolling) else None,
            )

    def runs(self, kind: str | RunKind | None = None, limit: int | None = None) -> list[Run]:
        """Return the runs, newest first, each without its list of code files, of which the fingerprint stands there.

        Raises:
            InvalidValue: There is no such kind, or the limit is no whole number of 64 bits.
        """
        only = None if kind is None else encode_choice("kind of run", kind, RunKind)
        most = None if limit is None else encode_integer("the limit", limit)
        with self._database.reading() as connection:
            return queries.list_runs(connection, only, most)

    def details(self, run: Run, *, with_points: bool = False) -> RunDetails:
        """Return everything recorded about a run, as it is now; the points of its metrics only where they are asked for."""
        with self._database.reading() as connection:
            return queries.details(connection, run.id, with_points=with_points)

    def compare(self, a: Run, b: Run) -> RunComparison:
        """Return the facts about two runs that a diff is made from; only tests that changed leave the database."""
        from registry import comparison

        with self._database.reading() as connection:
            return comparison.compare(connection, a.id, b.id)

    def find_subject(self, name: str, *, is_metric: bool | None = None) -> tuple[str, bool]:
        """Return the id of the test or the name of the metric that is meant, and whether it is a metric.

        Args:
            name: The id of a test, or the end of that of one test only; or the name of a metric.
            is_metric: Whether it is a metric, where somebody says so.

        Raises:
            AmbiguousName: Several are called so.
            TestNotFound: Nothing is; the message names near ones.
        """
        from registry import near

        with self._database.reading() as connection:
            return near.find_subject(connection, name, self.location, is_metric=is_metric)

    def history(self, test_id: str, limit: int = 50) -> list[HistoryEntry]:
        """Return the latest attempts at a test over all runs, newest first; empty where no run knows it."""
        from registry.past import history

        with self._database.reading() as connection:
            return history.history(connection, test_id, encode_integer("the limit", limit))

    def metric_history(self, name: str, limit: int = 50) -> MetricPast:
        """Return the last value of a metric in each of the latest runs that have it, newest first."""
        from registry.past import history

        with self._database.reading() as connection:
            return history.metric_history(connection, name, encode_integer("the limit", limit))

    def unreliable_tests(self) -> Unreliable:
        """Return the tests that are proven to be flaky, then those that are suspected, the worst first."""
        from registry.past import flaky

        with self._database.reading() as connection:
            return flaky.unreliable_tests(connection)

    def strips(self, run: Run, tests: Collection[tuple[str, int]]) -> Strips:
        """Return what a few hundred tests at most, by id and ordinal, did in a run and in the runs like it before."""
        from registry.past import strips

        with self._database.reading() as connection:
            return strips.strips(connection, run.id, tests)

    def curves(self, run: Run, metrics: Collection[str]) -> dict[str, Points]:
        """Return step and value of some metrics of a run: of many points a few hundred, evenly spread, and the last."""
        from registry import curves

        with self._database.reading() as connection:
            return curves.curves(connection, run.id, metrics)

    @property
    def baselines(self) -> Baselines:
        """The named runs to compare with."""
        from registry.expected.baselines import Baselines

        return Baselines(self._database)

    @property
    def known_failures(self) -> KnownFailures:
        """The tests that may fail for a while."""
        from registry.expected.known_failures import KnownFailures

        return KnownFailures(self._database)

    def expected_durations(self, *, of_whole_runs: bool = False) -> dict[tuple[str, int], float]:
        """Return (id, ordinal) of each test that ran lately to its seconds, the median of its last results.

        Args:
            of_whole_runs: Leave out runs that were shards, so that one shard knows no other durations than the next.
        """
        from registry.past import durations

        with self._database.reading() as connection:
            return durations.expected_durations(connection, of_whole_runs=of_whole_runs)

    def last_failures(self) -> LastFailures:
        """Return the tests that were red when they were last recorded, whichever runs those were."""
        from registry.past import latest

        with self._database.reading() as connection:
            return latest.last_failures(connection)

    def import_runs(self, paths: Sequence[Path], name: str | None = None) -> ImportReport:
        """Copy the runs of other registry files that are not here yet; the shards of one test run become one run.

        Args:
            paths: SQLite files; they are only read, and nothing in them is believed unseen.
            name: What the run is called; there must be only one then.

        Raises:
            InvalidName: The name could be mistaken for a reference.
            NameInUse: A run has a name that another run has here.
            RegistryError: A file is no registry, is damaged, or of another release.
        """
        from registry.intake import importing

        if name is not None:
            check_name(name)
        return importing.import_runs(self._database, paths, name)

    def info(self) -> RegistryInfo:
        """Return where the registry is and what it holds."""
        return schema.describe(self._database)

    def check(self) -> list[str]:
        """Return what is wrong with the registry, one sentence each: damage, dangling rows, other tables than this release's."""
        found = schema.problems(self._database)
        try:
            with self._database.reading() as connection:
                damaged = list(queries.damaged_runs(connection))
        except RegistryError as error:
            damaged = [str(error)]
        return [*found, *(sentence for sentence in damaged if sentence not in found)]
