from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("reports", "0012_office_number_label_en")]

    operations = [
        migrations.AddField(
            model_name="receipt",
            name="pickup_tries",
            field=models.PositiveSmallIntegerField(db_default=0),
        ),
    ]
