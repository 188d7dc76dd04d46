"""Why a test is red, as a hash that two runs can be compared by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_CAUSE = "Hash of why it is red, as registry.cause tells; NULL where it is green or older than this column."


def upgrade() -> None:
    # Without a foreign key SQLite adds a column in its catalogue alone: millions of results cost nothing.
    op.add_column("test_result", sa.Column("cause", sa.String(length=16), nullable=True, comment=_CAUSE))


def downgrade() -> None:
    op.drop_column("test_result", "cause")
