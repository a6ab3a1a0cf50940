import keyturn.records.ids
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
        migrations.CreateModel(
            name='CisTurn',
            fields=[
                ('id', models.UUIDField(default=keyturn.records.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('cis', models.CharField(max_length=40, unique=True)),
                ('let_go', models.PositiveIntegerField()),
                ('calls', models.BigIntegerField()),
            ],
            options={
                'db_table': 'cis_turn',
            },
        ),
    ]
