"""The tables: a comment per column, nothing else.

Integer surrogate keys everywhere; long texts are stored once, keyed by their sha256; tables that are read by a prefix of their
primary key have no rowid on SQLite. Numbers that may be NaN or infinite have a kind column beside them
(`registry.encoding.Kind`), and outcomes are stored as positions in `registry.encoding.OUTCOMES`.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.types import TypeEngine

_HEX = String(64)

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def _key(comment: str) -> Column[int]:
    return Column("id", Integer, primary_key=True, comment=comment)


def _column(name: str, type_: type[TypeEngine[Any]] | TypeEngine[Any], comment: str) -> Column[Any]:
    return Column(name, type_, nullable=False, comment=comment)


def _optional(name: str, type_: type[TypeEngine[Any]] | TypeEngine[Any], comment: str) -> Column[Any]:
    return Column(name, type_, nullable=True, comment=comment)


def _part(name: str, type_: type[TypeEngine[Any]], comment: str) -> Column[Any]:
    return Column(name, type_, primary_key=True, autoincrement=False, comment=comment)


def _run_part(name: str = "run_id", comment: str = "The run.") -> Column[int]:
    key = ForeignKey("run.id", ondelete="CASCADE")
    return Column(name, Integer, key, primary_key=True, autoincrement=False, comment=comment)


def _metric_part() -> Column[int]:
    key = ForeignKey("metric_key.id")
    return Column("key_id", Integer, key, primary_key=True, autoincrement=False, comment="The metric.")


def _run_link(comment: str) -> Column[int]:
    return Column("run_id", Integer, ForeignKey("run.id", ondelete="CASCADE"), nullable=False, comment=comment)


def _text_link(name: str, comment: str, *, optional: bool = True) -> Column[int]:
    return Column(name, Integer, ForeignKey("long_text.id"), nullable=optional, comment=comment)


long_text = Table(
    "long_text",
    metadata,
    _key("Surrogate key."),
    _column("sha256", _HEX, "Hexadecimal sha256 of the body's UTF-8 bytes."),
    _column("body", Text, "The text."),
    UniqueConstraint("sha256"),
    comment="Texts that repeat from run to run, stored once: tracebacks, package lists, lists of code files, coverage.",
)

environment = Table(
    "environment",
    metadata,
    _key("Surrogate key."),
    _column("sha256", _HEX, "Over all that follows, in canonical JSON."),
    _column("python", Text, "Version of Python."),
    _column("platform", Text, "Operating system, release and machine."),
    _column("machine", Text, "JSON object: what makes durations comparable."),
    _column("numerics", Text, "JSON object: what decides the bits of a computation."),
    _column("variables", Text, "JSON object: allow-listed environment variables."),
    _text_link("packages_id", "JSON object: distribution to version.", optional=False),
    _optional("fingerprint", _HEX, "sha256 of the numerics; NULL where nothing is known of them."),
    UniqueConstraint("sha256"),
    comment="What surrounded runs; runs in equal surroundings share a row.",
)

dataset = Table(
    "dataset",
    metadata,
    _key("Surrogate key."),
    _column("fingerprint", _HEX, "sha256 over all bytes in order and the split."),
    _column("name", Text, "Name of the data set."),
    _column("train", BigInteger, "Number of training examples."),
    _column("validation", BigInteger, "Number of validation examples."),
    _column("test", BigInteger, "Number of test examples."),
    UniqueConstraint("fingerprint", "name", "train", "validation", "test"),
    comment="What was trained and tested on.",
)

run = Table(
    "run",
    metadata,
    _key("The run's number, in order of start; never used again."),
    _column("uid", String(32), "32 hexadecimal digits, unique over all registries."),
    _column("name", Text, "The name that was given, or KIND-ID."),
    _column("kind", String(16), "test, train or nightly."),
    _column("status", String(16), "running, finished, failed or interrupted; crashed is found out when reading."),
    _optional("green", Boolean, "Whether the run is green; NULL while nothing can be said."),
    _column("started_us", BigInteger, "Start, microseconds since 1970 UTC."),
    _optional("duration_s", Double, "Seconds from start to end; NULL while it runs."),
    _column("heartbeat_us", BigInteger, "Last sign of life, microseconds since 1970 UTC."),
    _column("process_space", Text, "Host, boot and process-id namespace: only inside it does the process id tell anything."),
    _column("pid", BigInteger, "Id of the recording process."),
    _optional("pid_started", BigInteger, "Start of that process in clock ticks since boot, for ids are used again."),
    _optional("seed", Text, "Root seed, decimal digits of any number."),
    _column("argv", Text, "JSON array: the command line without its secrets."),
    _optional("git_commit", Text, "Full commit hash."),
    _optional("git_branch", Text, "Branch; NULL on a detached head."),
    _optional("git_dirty", Boolean, "Whether the work tree differs from the commit."),
    _optional("git_reason", Text, "Why git could not tell."),
    Column("environment_id", Integer, ForeignKey("environment.id"), nullable=True, comment="What surrounded the run."),
    _text_link("code_id", "JSON object: path to sha256 of each code file; the text's own sha256 is the code fingerprint."),
    Column("dataset_id", Integer, ForeignKey("dataset.id"), nullable=True, comment="What was trained and tested on."),
    UniqueConstraint("uid"),
    UniqueConstraint("name"),
    comment="One execution of a suite or of a training.",
    sqlite_autoincrement=True,
)

run_tag = Table(
    "run_tag",
    metadata,
    _run_part(),
    _part("key", Text, "Name of the tag."),
    _column("value", Text, "Value of the tag."),
    comment="Tags that a user gave to a run.",
    sqlite_with_rowid=False,
)

run_param = Table(
    "run_param",
    metadata,
    _run_part(),
    _part("key", Text, "Name of the parameter."),
    _column("value", Text, "Value as JSON, so that its type is kept."),
    comment="The configuration of a run.",
    sqlite_with_rowid=False,
)

test = Table(
    "test",
    metadata,
    _key("Surrogate key."),
    _column("name", Text, "TestCase.id(); of a very long one the start and a hash."),
    _column("ordinal", Integer, "0 for the first test of that id in load order."),
    UniqueConstraint("name", "ordinal"),
    comment="The identities of tests.",
)

test_result = Table(
    "test_result",
    metadata,
    _run_part(),
    Column("test_id", Integer, ForeignKey("test.id"), primary_key=True, autoincrement=False, comment="The test."),
    _part("attempt", Integer, "1 for the first try."),
    _column("outcome", SmallInteger, "Position in registry.encoding.OUTCOMES: 0 passed, 1 failed, 2 errored, 3 skipped ..."),
    _optional("duration_s", Double, "Seconds."),
    _optional("message", Text, "One line: of the exception, the reason of a skip, why it did not run."),
    _text_link("traceback_id", "The traceback."),
    _optional("worker", Integer, "Number of the worker process."),
    _optional("seed", Text, "The test's own seed, decimal digits of any number."),
    _column("subtests_passed", Integer, "How many subtests passed; the others have rows of their own."),
    _text_link("output_id", "What it wrote to its standard output and error, bounded; kept only where the outcome is red."),
    _optional(
        "cause", String(16), "Hash of why it is red, as registry.cause tells; NULL where it is green or older than this column."
    ),
    Index(None, "test_id", "run_id"),
    comment="One attempt at one test in one run.",
    sqlite_with_rowid=False,
)

subtest_result = Table(
    "subtest_result",
    metadata,
    _part("run_id", Integer, "The run."),
    _part("test_id", Integer, "The test."),
    _part("attempt", Integer, "The attempt at the test."),
    _part("seq", Integer, "0 for the first subtest that did not pass."),
    _column("params", Text, "Message and parameters as unittest prints them."),
    _column("outcome", SmallInteger, "Position in registry.encoding.OUTCOMES."),
    _optional("message", Text, "One line."),
    _text_link("traceback_id", "The traceback."),
    ForeignKeyConstraint(
        ("run_id", "test_id", "attempt"), ("test_result.run_id", "test_result.test_id", "test_result.attempt"), ondelete="CASCADE"
    ),
    comment="Subtests that did not pass.",
    sqlite_with_rowid=False,
)

fixture_result = Table(
    "fixture_result",
    metadata,
    _run_part(),
    _part("seq", Integer, "0 for the first of the run."),
    _column("name", Text, "Such as setUpClass (pkg.mod.Class)."),
    _column("outcome", SmallInteger, "Position in registry.encoding.OUTCOMES."),
    _optional("message", Text, "One line."),
    _text_link("traceback_id", "The traceback."),
    _text_link("output_id", "What it wrote to its standard output and error, bounded; kept only where the outcome is red."),
    comment="Class, module and import fixtures that failed or were skipped.",
    sqlite_with_rowid=False,
)

pollution = Table(
    "pollution",
    metadata,
    _run_part(),
    _part("seq", Integer, "0 for the first of the run."),
    _column("place", Text, "The class, module or test that left the change behind."),
    _column("what", Text, "Such as working directory, environment, sys.path, torch."),
    _column("change", Text, "What was left, one line; names of environment variables, never their values."),
    comment="State of the process that tests changed and did not put back.",
    sqlite_with_rowid=False,
)

metric_key = Table(
    "metric_key",
    metadata,
    _key("Surrogate key."),
    _column("name", Text, "Name of the metric; of a very long one the start and a hash."),
    UniqueConstraint("name"),
    comment="Names of metrics.",
)

metric_point = Table(
    "metric_point",
    metadata,
    _run_part(),
    _metric_part(),
    _part("step", BigInteger, "Step; -2**63 where none was given."),
    _part(
        "seq", BigInteger, "0 for the first point of that metric in the run, in order of logging: steps may repeat or go back."
    ),
    _optional("value", Double, "The value where it is finite."),
    _column("kind", SmallInteger, "0 finite, 1 NaN, 2 infinity, 3 minus infinity, 4 minus zero."),
    comment="Each value that was logged.",
    sqlite_with_rowid=False,
)

metric_summary = Table(
    "metric_summary",
    metadata,
    _run_part(),
    _metric_part(),
    _optional("last", Double, "The value logged last."),
    _column("last_kind", SmallInteger, "Its kind, as in metric_point."),
    _optional("minimum", Double, "Smallest value that is not NaN."),
    _optional("minimum_kind", SmallInteger, "Its kind; NULL where all are NaN."),
    _optional("maximum", Double, "Largest value that is not NaN."),
    _optional("maximum_kind", SmallInteger, "Its kind; NULL where all are NaN."),
    _column("count", BigInteger, "Number of points."),
    _column("last_step", BigInteger, "Step of the value logged last; -2**63 where none was given."),
    _optional("unit", Text, "Unit of the values."),
    _optional("direction", String(8), "higher or lower is better; NULL where unknown."),
    comment="What a diff reads of a metric, written in the same transaction as its points.",
    sqlite_with_rowid=False,
)

checkpoint = Table(
    "checkpoint",
    metadata,
    _run_part(),
    _part("seq", Integer, "0 for the first of the run."),
    _optional("epoch", BigInteger, "Epoch after which it was written."),
    _column("path", Text, "Where the file lay."),
    _column("size_bytes", BigInteger, "Size of the file."),
    _column("file_sha256", _HEX, "Tells whether the file is intact."),
    _optional("content_hash", _HEX, "Tells whether the weights are equal; NULL where the format is not understood."),
    _optional("random_state", _HEX, "sha256 over the states of all random generators when it was written; NULL where unknown."),
    comment="Files with weights.",
    sqlite_with_rowid=False,
)

checkpoint_tensor = Table(
    "checkpoint_tensor",
    metadata,
    _part("run_id", Integer, "The run."),
    _part("checkpoint_seq", Integer, "The checkpoint."),
    _part("seq", Integer, "0 for the first tensor."),
    _column("name", Text, "Name of the tensor."),
    _column("dtype", Text, "As in safetensors, such as F32."),
    _column("shape", Text, "Decimals joined by commas; empty for a scalar."),
    _column("sha256", _HEX, "Of the little-endian bytes in row-major order."),
    ForeignKeyConstraint(("run_id", "checkpoint_seq"), ("checkpoint.run_id", "checkpoint.seq"), ondelete="CASCADE"),
    comment="The identity of each tensor of a checkpoint.",
    sqlite_with_rowid=False,
)

coverage = Table(
    "coverage",
    metadata,
    _run_part(),
    _column("percent", Double, "0 to 100 as coverage.py prints it."),
    _text_link("files_id", "JSON object: path to number of statements and missing lines.", optional=False),
    comment="Coverage of a test run.",
)

answers = Table(
    "answers",
    metadata,
    _run_part(),
    _part("split", Text, "Part of the data set: test or validation."),
    _column("examples", BigInteger, "Number of examples."),
    _column("bits", LargeBinary, "A bit an example in the order of the data set, highest bit of a byte first: 1 is right."),
    comment="Which examples a training answered rightly at its end.",
    sqlite_with_rowid=False,
)

run_part = Table(
    "run_part",
    metadata,
    _run_part("parent_id", "The nightly run."),
    _part("seq", Integer, "0 for the first part of the run."),
    _run_link("The run that is a part of it."),
    _column("role", Text, "What it is there for, such as suite tests or mnist seed 3; equal from night to night."),
    Index(None, "run_id"),
    comment="The suites and trainings that a nightly run is made of.",
    sqlite_with_rowid=False,
)

night = Table(
    "night",
    metadata,
    _run_part(),
    _column("verdict", String(20), "regressed, suspected, improved, unchanged or insufficient_data."),
    _column("sentence", Text, "The verdict in one sentence."),
    _optional("reference", Text, "Name of the run that it was compared with; NULL where there was none."),
    comment="What a nightly run found.",
)

baseline = Table(
    "baseline",
    metadata,
    Column("name", Text, primary_key=True, comment="Name of the baseline."),
    _run_link("The run that it means now."),
    _column("set_us", BigInteger, "When it was set, microseconds since 1970 UTC."),
    Index(None, "run_id"),
    comment="Named runs to compare with; they can be moved.",
)

baseline_bar = Table(
    "baseline_bar",
    metadata,
    Column("baseline", Text, ForeignKey("baseline.name", ondelete="CASCADE"), primary_key=True, comment="The baseline."),
    _metric_part(),
    _column("value", Double, "The best last value of the runs that the baseline has meant; always finite."),
    _column("run", Text, "Name of the run that reached it."),
    comment="What a metric is held to although the baseline has moved to a run that is worse.",
    sqlite_with_rowid=False,
)

known_failure = Table(
    "known_failure",
    metadata,
    Column("test", Text, primary_key=True, comment="TestCase.id() of the test."),
    _column("reason", Text, "Why it may fail."),
    _column("owner", Text, "Who looks after it."),
    _column("until", String(10), "The last day on which it may fail, YYYY-MM-DD."),
    _column("added_us", BigInteger, "When it was added, microseconds since 1970 UTC."),
    comment="Tests that may fail for a while: still run and recorded, but muted.",
)
