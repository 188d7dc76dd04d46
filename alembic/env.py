"""Alembic's entry: run the migrations on the connection that `registry.schema` prepared.

It holds the write lock, has foreign keys off, and is rolled back where rows were lost; nothing here opens another one.
"""

from __future__ import annotations

from alembic import context

from registry.models import metadata
from registry.storage.file import VERSION_TABLE

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("migrations run through `runner db upgrade`, and new ones are made as alembic/README.md says")

context.configure(
    connection=connection,
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
