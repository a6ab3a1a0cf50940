from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0018_cursor_of_any_length"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="proposal",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["created_at", "id"], name="proposal_open"
            ),
        ),
    ]
