"""Makes the table in which all processes together count who tries how often (Django's database cache)."""

from django.db import migrations


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.RunSQL(
            [
                "CREATE TABLE signin_limit (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL)",
                "CREATE INDEX signin_limit_expires ON signin_limit (expires)",
            ],
            "DROP TABLE signin_limit",
        )
    ]
