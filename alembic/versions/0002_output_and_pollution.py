"""What a red test or fixture printed, and the state that tests left changed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_OUTPUT = "What it wrote to its standard output and error, bounded; kept only where the outcome is red."
_WITHOUT_ROWID = {"sqlite_with_rowid": False}


def upgrade() -> None:
    for table in ("test_result", "fixture_result"):
        # SQLite rebuilds the table, and would give it row ids where it is not told.
        with op.batch_alter_table(table, table_kwargs=_WITHOUT_ROWID) as batch:
            batch.add_column(sa.Column("output_id", sa.Integer(), nullable=True, comment=_OUTPUT))
            batch.create_foreign_key(batch.f(f"fk_{table}_output_id_long_text"), "long_text", ["output_id"], ["id"])
    op.create_table(
        "pollution",
        sa.Column("run_id", sa.Integer(), autoincrement=False, nullable=False, comment="The run."),
        sa.Column("seq", sa.Integer(), autoincrement=False, nullable=False, comment="0 for the first of the run."),
        sa.Column("place", sa.Text(), nullable=False, comment="The class, module or test that left the change behind."),
        sa.Column("what", sa.Text(), nullable=False, comment="Such as working directory, environment, sys.path, torch."),
        sa.Column(
            "change",
            sa.Text(),
            nullable=False,
            comment="What was left, one line; names of environment variables, never their values.",
        ),
        sa.ForeignKeyConstraint(["run_id"], ["run.id"], name=op.f("fk_pollution_run_id_run"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "seq", name=op.f("pk_pollution")),
        comment="State of the process that tests changed and did not put back.",
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("pollution")
    for table in ("fixture_result", "test_result"):
        with op.batch_alter_table(table, table_kwargs=_WITHOUT_ROWID) as batch:
            batch.drop_constraint(batch.f(f"fk_{table}_output_id_long_text"), type_="foreignkey")
            batch.drop_column("output_id")
