"""What every table is made with."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKey,
    Integer,
    MetaData,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def id_column() -> Column:
    return Column("id", Integer, primary_key=True)


def programme_column() -> Column:
    return Column("programme_id", ForeignKey("programme.id"), nullable=False)


def load_column() -> Column:
    return Column("load_id", ForeignKey("load.id"), nullable=False, index=True)
