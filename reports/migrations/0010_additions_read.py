"""How many of a reporter's later words a reading knew: an older one, late, replaces no newer."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0009_numbers_that_begin_alike")]

    operations = [
        migrations.AddField(
            model_name="facts",
            name="additions_read",
            field=models.PositiveIntegerField(db_default=0),
        ),
    ]
