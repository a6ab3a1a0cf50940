from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('records', '0015_whole_fields_and_four_eyes'),
    ]

    operations = [
        migrations.AddField(
            model_name='cisplace',
            name='calls',
            field=models.BigIntegerField(db_default=0),
        ),
    ]
