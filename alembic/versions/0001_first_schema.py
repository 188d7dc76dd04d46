"""The first schema."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "dataset",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key."),
        sa.Column("fingerprint", sa.String(length=64), nullable=False, comment="sha256 over all bytes in order and the split."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the data set."),
        sa.Column("train", sa.BigInteger(), nullable=False, comment="Number of training examples."),
        sa.Column("validation", sa.BigInteger(), nullable=False, comment="Number of validation examples."),
        sa.Column("test", sa.BigInteger(), nullable=False, comment="Number of test examples."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dataset")),
        sa.UniqueConstraint(
            "fingerprint", "name", "train", "validation", "test", name=op.f("uq_dataset_fingerprint_name_train_validation_test")
        ),
        comment="What was trained and tested on.",
    )
    op.create_table(
        "long_text",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key."),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Hexadecimal sha256 of the body's UTF-8 bytes."),
        sa.Column("body", sa.Text(), nullable=False, comment="The text."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_long_text")),
        sa.UniqueConstraint("sha256", name=op.f("uq_long_text_sha256")),
        comment="Texts that repeat from run to run, stored once: tracebacks, package lists, lists of code files, coverage.",
    )
    op.create_table(
        "metric_key",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the metric; of a very long one the start and a hash."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_metric_key")),
        sa.UniqueConstraint("name", name=op.f("uq_metric_key_name")),
        comment="Names of metrics.",
    )
    op.create_table(
        "test",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key."),
        sa.Column("name", sa.Text(), nullable=False, comment="TestCase.id(); of a very long one the start and a hash."),
        sa.Column("ordinal", sa.Integer(), nullable=False, comment="0 for the first test of that id in load order."),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_test")),
        sa.UniqueConstraint("name", "ordinal", name=op.f("uq_test_name_ordinal")),
        comment="The identities of tests.",
    )
    op.create_table(
        "environment",
        sa.Column("id", sa.Integer(), nullable=False, comment="Surrogate key."),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Over all that follows, in canonical JSON."),
        sa.Column("python", sa.Text(), nullable=False, comment="Version of Python."),
        sa.Column("platform", sa.Text(), nullable=False, comment="Operating system, release and machine."),
        sa.Column("machine", sa.Text(), nullable=False, comment="JSON object: what makes durations comparable."),
        sa.Column("numerics", sa.Text(), nullable=False, comment="JSON object: what decides the bits of a computation."),
        sa.Column("variables", sa.Text(), nullable=False, comment="JSON object: allow-listed environment variables."),
        sa.Column("packages_id", sa.Integer(), nullable=False, comment="JSON object: distribution to version."),
        sa.Column(
            "fingerprint",
            sa.String(length=64),
            nullable=True,
            comment="sha256 of the numerics; NULL where nothing is known of them.",
        ),
        sa.ForeignKeyConstraint(["packages_id"], ["long_text.id"], name=op.f("fk_environment_packages_id_long_text")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_environment")),
        sa.UniqueConstraint("sha256", name=op.f("uq_environment_sha256")),
        comment="What surrounded runs; runs in equal surroundings share a row.",
    )
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False, comment="The run's number, in order of start; never used again."),
        sa.Column("uid", sa.String(length=32), nullable=False, comment="32 hexadecimal digits, unique over all registries."),
        sa.Column("name", sa.Text(), nullable=False, comment="The name that was given, or KIND-ID."),
        sa.Column("kind", sa.String(length=16), nullable=False, comment="test, train or nightly."),
        sa.Column(
            "status",
            sa.String(length=16),
            nullable=False,
            comment="running, finished, failed or interrupted; crashed is found out when reading.",
        ),
        sa.Column("green", sa.Boolean(), nullable=True, comment="Whether the run is green; NULL while nothing can be said."),
        sa.Column("started_us", sa.BigInteger(), nullable=False, comment="Start, microseconds since 1970 UTC."),
        sa.Column("duration_s", sa.Double(), nullable=True, comment="Seconds from start to end; NULL while it runs."),
        sa.Column("heartbeat_us", sa.BigInteger(), nullable=False, comment="Last sign of life, microseconds since 1970 UTC."),
        sa.Column(
            "process_space",
            sa.Text(),
            nullable=False,
            comment="Host, boot and process-id namespace: only inside it does the process id tell anything.",
        ),
        sa.Column("pid", sa.BigInteger(), nullable=False, comment="Id of the recording process."),
        sa.Column(
            "pid_started",
            sa.BigInteger(),
            nullable=True,
            comment="Start of that process in clock ticks since boot, for ids are used again.",
        ),
        sa.Column("seed", sa.Text(), nullable=True, comment="Root seed, decimal digits of any number."),
        sa.Column("argv", sa.Text(), nullable=False, comment="JSON array: the command line without its secrets."),
        sa.Column("git_commit", sa.Text(), nullable=True, comment="Full commit hash."),
        sa.Column("git_branch", sa.Text(), nullable=True, comment="Branch; NULL on a detached head."),
        sa.Column("git_dirty", sa.Boolean(), nullable=True, comment="Whether the work tree differs from the commit."),
        sa.Column("git_reason", sa.Text(), nullable=True, comment="Why git could not tell."),
        sa.Column("environment_id", sa.Integer(), nullable=True, comment="What surrounded the run."),
        sa.Column(
            "code_id",
            sa.Integer(),
            nullable=True,
            comment="JSON object: path to sha256 of each code file; the text's own sha256 is the code fingerprint.",
        ),
        sa.Column("dataset_id", sa.Integer(), nullable=True, comment="What was trained and tested on."),
        sa.ForeignKeyConstraint(["code_id"], ["long_text.id"], name=op.f("fk_run_code_id_long_text")),
        sa.ForeignKeyConstraint(["dataset_id"], ["dataset.id"], name=op.f("fk_run_dataset_id_dataset")),
        sa.ForeignKeyConstraint(["environment_id"], ["environment.id"], name=op.f("fk_run_environment_id_environment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        sa.UniqueConstraint("name", name=op.f("uq_run_name")),
        sa.UniqueConstraint("uid", name=op.f("uq_run_uid")),
        comment="One execution of a suite or of a training.",
        sqlite_autoincrement=True,
    )
    op.create_table(
        "checkpoint",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="0 for the first of the run."),
        sa.Column("epoch", sa.BigInteger(), nullable=True, comment="Epoch after which it was written."),
        sa.Column("path", sa.Text(), nullable=False, comment="Where the file lay."),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False, comment="Size of the file."),
        sa.Column("file_sha256", sa.String(length=64), nullable=False, comment="Tells whether the file is intact."),
        sa.Column(
            "content_hash",
            sa.String(length=64),
            nullable=True,
            comment="Tells whether the weights are equal; NULL where the format is not understood.",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_checkpoint_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_checkpoint")),
        comment="Files with weights.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "coverage",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("percent", sa.Double(), nullable=False, comment="0 to 100 as coverage.py prints it."),
        sa.Column(
            "files_id", sa.Integer(), nullable=False, comment="JSON object: path to number of statements and missing lines."
        ),
        sa.ForeignKeyConstraint(["files_id"], ["long_text.id"], name=op.f("fk_coverage_files_id_long_text")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_coverage_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_coverage")),
        comment="Coverage of a test run.",
    )
    op.create_table(
        "fixture_result",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="0 for the first of the run."),
        sa.Column("name", sa.Text(), nullable=False, comment="Such as setUpClass (pkg.mod.Class)."),
        sa.Column("outcome", sa.SmallInteger(), nullable=False, comment="Position in registry.encoding.OUTCOMES."),
        sa.Column("message", sa.Text(), nullable=True, comment="One line."),
        sa.Column("traceback_id", sa.Integer(), nullable=True, comment="The traceback."),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_fixture_result_run_id_run"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["traceback_id"], ["long_text.id"], name=op.f("fk_fixture_result_traceback_id_long_text")),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_fixture_result")),
        comment="Class, module and import fixtures that failed or were skipped.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_point",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False, comment="The metric."),
        sa.Column("step", sa.BigInteger(), autoincrement=False, nullable=False, comment="Step; -2**63 where none was given."),
        sa.Column(
            "seq",
            sa.BigInteger(),
            autoincrement=False,
            nullable=False,
            comment="0 for the first point of that metric in the run, in order of logging: steps may repeat or go back.",
        ),
        sa.Column("value", sa.Double(), nullable=True, comment="The value where it is finite."),
        sa.Column(
            "kind", sa.SmallInteger(), nullable=False, comment="0 finite, 1 NaN, 2 infinity, 3 minus infinity, 4 minus zero."
        ),
        sa.ForeignKeyConstraint(["key_id"], ["metric_key.id"], name=op.f("fk_metric_point_key_id_metric_key")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_metric_point_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key_id", "step", "seq", name=op.f("pk_metric_point")),
        comment="Each value that was logged.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_summary",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False, comment="The metric."),
        sa.Column("last", sa.Double(), nullable=True, comment="The value logged last."),
        sa.Column("last_kind", sa.SmallInteger(), nullable=False, comment="Its kind, as in metric_point."),
        sa.Column("minimum", sa.Double(), nullable=True, comment="Smallest value that is not NaN."),
        sa.Column("minimum_kind", sa.SmallInteger(), nullable=True, comment="Its kind; NULL where all are NaN."),
        sa.Column("maximum", sa.Double(), nullable=True, comment="Largest value that is not NaN."),
        sa.Column("maximum_kind", sa.SmallInteger(), nullable=True, comment="Its kind; NULL where all are NaN."),
        sa.Column("count", sa.BigInteger(), nullable=False, comment="Number of points."),
        sa.Column(
            "last_step", sa.BigInteger(), nullable=False, comment="Step of the value logged last; -2**63 where none was given."
        ),
        sa.Column("unit", sa.Text(), nullable=True, comment="Unit of the values."),
        sa.Column("direction", sa.String(length=8), nullable=True, comment="higher or lower is better; NULL where unknown."),
        sa.ForeignKeyConstraint(["key_id"], ["metric_key.id"], name=op.f("fk_metric_summary_key_id_metric_key")),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_metric_summary_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key_id", name=op.f("pk_metric_summary")),
        comment="What a diff reads of a metric, written in the same transaction as its points.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_param",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("key", sa.Text(), autoincrement=False, nullable=False, comment="Name of the parameter."),
        sa.Column("value", sa.Text(), nullable=False, comment="Value as JSON, so that its type is kept."),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_param_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", name=op.f("pk_run_param")),
        comment="The configuration of a run.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_tag",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("key", sa.Text(), autoincrement=False, nullable=False, comment="Name of the tag."),
        sa.Column("value", sa.Text(), nullable=False, comment="Value of the tag."),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_tag_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "key", name=op.f("pk_run_tag")),
        comment="Tags that a user gave to a run.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "test_result",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("test_id", sa.Integer(), autoincrement=False, nullable=False, comment="The test."),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False, comment="1 for the first try."),
        sa.Column(
            "outcome",
            sa.SmallInteger(),
            nullable=False,
            comment="Position in registry.encoding.OUTCOMES: 0 passed, 1 failed, 2 errored, 3 skipped ...",
        ),
        sa.Column("duration_s", sa.Double(), nullable=True, comment="Seconds."),
        sa.Column(
            "message", sa.Text(), nullable=True, comment="One line: of the exception, the reason of a skip, why it did not run."
        ),
        sa.Column("traceback_id", sa.Integer(), nullable=True, comment="The traceback."),
        sa.Column("worker", sa.Integer(), nullable=True, comment="Number of the worker process."),
        sa.Column("seed", sa.Text(), nullable=True, comment="The test's own seed, decimal digits of any number."),
        sa.Column(
            "subtests_passed",
            sa.Integer(),
            nullable=False,
            comment="How many subtests passed; the others have rows of their own.",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_test_result_run_id_run"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["test_id"], ["test.id"], name=op.f("fk_test_result_test_id_test")),
        sa.ForeignKeyConstraint(["traceback_id"], ["long_text.id"], name=op.f("fk_test_result_traceback_id_long_text")),
        sa.PrimaryKeyConstraint("run_id", "test_id", "attempt", name=op.f("pk_test_result")),
        comment="One attempt at one test in one run.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_test_result_test_id_run_id"), "test_result", ["test_id", "run_id"], unique=False)
    op.create_table(
        "checkpoint_tensor",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("checkpoint_seq", sa.Integer(), autoincrement=False, nullable=False, comment="The checkpoint."),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="0 for the first tensor."),
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the tensor."),
        sa.Column("dtype", sa.Text(), nullable=False, comment="As in safetensors, such as F32."),
        sa.Column("shape", sa.Text(), nullable=False, comment="Decimals joined by commas; empty for a scalar."),
        sa.Column("sha256", sa.String(length=64), nullable=False, comment="Of the little-endian bytes in row-major order."),
        sa.ForeignKeyConstraint(
            ["run_id", "checkpoint_seq"],
            ["checkpoint.run_id", "checkpoint.seq"],
            name=op.f("fk_checkpoint_tensor_run_id_checkpoint_seq_checkpoint"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("run_id", "checkpoint_seq", "seq", name=op.f("pk_checkpoint_tensor")),
        comment="The identity of each tensor of a checkpoint.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "subtest_result",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("test_id", sa.Integer(), autoincrement=False, nullable=False, comment="The test."),
        sa.Column("attempt", sa.Integer(), autoincrement=False, nullable=False, comment="The attempt at the test."),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="0 for the first subtest that did not pass."),
        sa.Column("params", sa.Text(), nullable=False, comment="Message and parameters as unittest prints them."),
        sa.Column("outcome", sa.SmallInteger(), nullable=False, comment="Position in registry.encoding.OUTCOMES."),
        sa.Column("message", sa.Text(), nullable=True, comment="One line."),
        sa.Column("traceback_id", sa.Integer(), nullable=True, comment="The traceback."),
        sa.ForeignKeyConstraint(
            ["run_id", "test_id", "attempt"],
            ["test_result.run_id", "test_result.test_id", "test_result.attempt"],
            name=op.f("fk_subtest_result_run_id_test_id_attempt_test_result"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["traceback_id"], ["long_text.id"], name=op.f("fk_subtest_result_traceback_id_long_text")),
        sa.PrimaryKeyConstraint("run_id", "test_id", "attempt", "seq", name=op.f("pk_subtest_result")),
        comment="Subtests that did not pass.",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("subtest_result")
    op.drop_table("checkpoint_tensor")
    op.drop_index(op.f("ix_test_result_test_id_run_id"), table_name="test_result")
    op.drop_table("test_result")
    op.drop_table("run_tag")
    op.drop_table("run_param")
    op.drop_table("metric_summary")
    op.drop_table("metric_point")
    op.drop_table("fixture_result")
    op.drop_table("coverage")
    op.drop_table("checkpoint")
    op.drop_table("run")
    op.drop_table("environment")
    op.drop_table("test")
    op.drop_table("metric_key")
    op.drop_table("long_text")
    op.drop_table("dataset")
