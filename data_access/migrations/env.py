"""Alembic's entry, run programmatically by data_access.migrate inside one transaction."""

from __future__ import annotations

from alembic import context

from data_access.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot alter a column in place: later revisions copy the table.
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
