"""The database handle: one for the whole application, on SQLite or PostgreSQL.

Importing this touches no database; the first query does (the service must boot without one).
"""

from __future__ import annotations

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

# Named constraints, so that a migration can drop what an earlier one made, on both databases.
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table derives from."""

    metadata = MetaData(naming_convention=NAMING)


# Rows outlive the transaction that read them: an answer is often built after the commit.
db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False})
