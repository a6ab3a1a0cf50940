from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0016_turns'),
    ]

    operations = [
        migrations.AddField(
            model_name='seal',
            name='events',
            field=models.PositiveBigIntegerField(null=True),
        ),
        migrations.AddField(
            model_name='seal',
            name='last_event',
            field=models.PositiveBigIntegerField(null=True),
        ),
    ]
