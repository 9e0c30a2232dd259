"""Who had a refused wish to be erased looked at again: it is granted by somebody else."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0056_where_they_live"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="erasurewish",
            name="taken_up_at",
            field=models.DateTimeField(null=True, verbose_name="xem lại từ"),
        ),
        migrations.AddField(
            model_name="erasurewish",
            name="taken_up_by",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
                verbose_name="ai đưa ra xem lại",
            ),
        ),
        migrations.AddConstraint(
            model_name="erasurewish",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("outcome", "granted"), _negated=True),
                    ("taken_up_by", None),
                    models.Q(("decided_by", models.F("taken_up_by")), _negated=True),
                    _connector="OR",
                ),
                name="erasurewish_granted_by_another",
            ),
        ),
    ]
