"""What trainings answered example by example, random states, nights, baselines and known failures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "known_failure",
        sa.Column("test", sa.Text(), nullable=False, comment="TestCase.id() of the test."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why it may fail."),
        sa.Column("owner", sa.Text(), nullable=False, comment="Who looks after it."),
        sa.Column("until", sa.String(length=10), nullable=False, comment="The last day on which it may fail, YYYY-MM-DD."),
        sa.Column("added_us", sa.BigInteger(), nullable=False, comment="When it was added, microseconds since 1970 UTC."),
        sa.PrimaryKeyConstraint("test", name=op.f("pk_known_failure")),
        comment="Tests that may fail for a while: still run and recorded, but muted.",
    )
    op.create_table(
        "answers",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("split", sa.Text(), autoincrement=False, nullable=False, comment="Part of the data set: test or validation."),
        sa.Column("examples", sa.BigInteger(), nullable=False, comment="Number of examples."),
        sa.Column(
            "bits",
            sa.LargeBinary(),
            nullable=False,
            comment="A bit an example in the order of the data set, highest bit of a byte first: 1 is right.",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_answers_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "split", name=op.f("pk_answers")),
        comment="Which examples a training answered rightly at its end.",
        sqlite_with_rowid=False,
    )
    op.create_table(
        "baseline",
        sa.Column("name", sa.Text(), nullable=False, comment="Name of the baseline."),
        sa.Column("run_id", sa.Integer(), nullable=False, comment="The run that it means now."),
        sa.Column("set_us", sa.BigInteger(), nullable=False, comment="When it was set, microseconds since 1970 UTC."),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_baseline_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_baseline")),
        comment="Named runs to compare with; they can be moved.",
    )
    op.create_index(op.f("ix_baseline_run_id"), "baseline", ["run_id"], unique=False)
    op.create_table(
        "night",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column(
            "verdict",
            sa.String(length=20),
            nullable=False,
            comment="regressed, suspected, improved, unchanged or insufficient_data.",
        ),
        sa.Column("sentence", sa.Text(), nullable=False, comment="The verdict in one sentence."),
        sa.Column(
            "reference", sa.Text(), nullable=True, comment="Name of the run that it was compared with; NULL where there was none."
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_night_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_night")),
        comment="What a nightly run found.",
    )
    op.create_table(
        "run_part",
        sa.Column("parent_id", sa.Integer(), autoincrement=False, nullable=False, comment="The nightly run."),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="0 for the first part of the run."),
        sa.Column("run_id", sa.Integer(), nullable=False, comment="The run that is a part of it."),
        sa.Column(
            "role",
            sa.Text(),
            nullable=False,
            comment="What it is there for, such as suite tests or mnist seed 3; equal from night to night.",
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["run.id"], name=op.f("fk_run_part_parent_id_run"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_run_part_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("parent_id", "seq", name=op.f("pk_run_part")),
        comment="The suites and trainings that a nightly run is made of.",
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_run_part_run_id"), "run_part", ["run_id"], unique=False)
    op.create_table(
        "baseline_bar",
        sa.Column("baseline", sa.Text(), nullable=False, comment="The baseline."),
        sa.Column("key_id", sa.Integer(), autoincrement=False, nullable=False, comment="The metric."),
        sa.Column(
            "value",
            sa.Double(),
            nullable=False,
            comment="The best last value of the runs that the baseline has meant; always finite.",
        ),
        sa.Column("run", sa.Text(), nullable=False, comment="Name of the run that reached it."),
        sa.ForeignKeyConstraint(
            ["baseline"], ["baseline.name"], name=op.f("fk_baseline_bar_baseline_baseline"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["key_id"], ["metric_key.id"], name=op.f("fk_baseline_bar_key_id_metric_key")),
        sa.PrimaryKeyConstraint("baseline", "key_id", name=op.f("pk_baseline_bar")),
        comment="What a metric is held to although the baseline has moved to a run that is worse.",
        sqlite_with_rowid=False,
    )
    # Without a rebuild: no foreign key comes with it.
    op.add_column(
        "checkpoint",
        sa.Column(
            "random_state",
            sa.String(length=64),
            nullable=True,
            comment="sha256 over the states of all random generators when it was written; NULL where unknown.",
        ),
    )


def downgrade() -> None:
    op.drop_column("checkpoint", "random_state")
    op.drop_table("baseline_bar")
    op.drop_table("run_part")
    op.drop_table("night")
    op.drop_table("baseline")
    op.drop_table("answers")
    op.drop_table("known_failure")
