"""Write a migration for what schema.py has and the migrations do not yet make.

    .venv/bin/python scripts/make_migration.py "add provider to engagement"

Read the file it writes, then raise HEAD in data_access/migrate.py.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from data_access import migrate
from data_access.engine import make_engine


def main(message: str) -> None:
    folder = Path(migrate.__file__).with_name("migrations")
    config = Config()
    config.set_main_option("script_location", str(folder))
    number = len(list(ScriptDirectory.from_config(config).walk_revisions())) + 1
    with tempfile.TemporaryDirectory() as temporary:
        engine = make_engine(f"sqlite:///{Path(temporary) / 'empty.sqlite3'}")
        with engine.begin() as conn:
            config.attributes["connection"] = conn
            if number > 1:
                command.upgrade(config, "head")
            command.revision(config, message=message, autogenerate=True, rev_id=f"{number:04d}")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(sys.argv[1])
