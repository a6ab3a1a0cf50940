"""Which tables did the release before have? Makes them in an empty database: python -m tests.durability.before"""

from unittest.mock import patch

import django
from django.core.management import call_command

BEFORE = "0001_squashed_0011_keys_version"


def make() -> None:
    from keyturn.records import migrate

    def to_before(verbosity: int) -> None:
        call_command("migrate", "contenttypes", interactive=False, verbosity=verbosity)
        migrate._migrate_queue(verbosity)
        call_command("migrate", "records", BEFORE, interactive=False, verbosity=verbosity)

    with patch.object(migrate, "_migrate", to_before):
        migrate.migrate()


if __name__ == "__main__":
    django.setup()
    make()
