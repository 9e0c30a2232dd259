"""A number is cleared by two. What one officer upheld before stays as it was answered."""

import django.db.models.deletion
from django.conf import settings
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0042_oidc_subject"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="dispute",
            name="upheld_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="đề nghị gỡ",
            ),
        ),
        migrations.AddField(
            model_name="dispute",
            name="upheld_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="đề nghị gỡ lúc"),
        ),
        AddConstraintNotValid(
            model_name="dispute",
            constraint=models.CheckConstraint(
                condition=~Q(status="upheld")
                | Q(upheld_by__isnull=False) & ~Q(upheld_by=F("answered_by")),
                name="dispute_four_eyes",
            ),
        ),
    ]
