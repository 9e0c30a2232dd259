"""Whom the callers claimed to be and the steps of their script: columns that older code leaves empty."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0021_footprints"),
    ]

    operations = [
        migrations.AddField(
            model_name="facts",
            name="office_communes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                db_default=[],
                default=list,
                size=None,
                verbose_name="xưng ở xã",
            ),
        ),
        migrations.AddField(
            model_name="facts",
            name="offices",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=64),
                db_default=[],
                default=list,
                size=None,
                verbose_name="xưng là",
            ),
        ),
        migrations.AddField(
            model_name="facts",
            name="stages",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=16),
                db_default=[],
                default=list,
                size=None,
                verbose_name="bước kịch bản",
            ),
        ),
    ]
