"""Who an officer is to the provider that may log them in."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0041_guard_people"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="deskaccount",
            name="oidc_issuer",
            field=models.TextField(null=True),
        ),
        migrations.AddField(
            model_name="deskaccount",
            name="oidc_subject",
            field=models.TextField(null=True),
        ),
        migrations.AddConstraint(
            model_name="deskaccount",
            constraint=models.UniqueConstraint(
                fields=("oidc_issuer", "oidc_subject"), name="one_officer_for_a_subject"
            ),
        ),
    ]
