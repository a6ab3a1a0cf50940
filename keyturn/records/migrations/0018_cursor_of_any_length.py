from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0017_events_under_seals'),
    ]

    operations = [
        # PostgreSQL keeps the rows as they are: varchar is text already.
        migrations.AlterField(
            model_name='ciscursor',
            name='cursor',
            field=models.TextField(blank=True),
        ),
    ]
