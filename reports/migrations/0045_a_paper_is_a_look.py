"""A hand-over paper that was given is among the looks at personal data, without holding any act up."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reports", "0044_what_a_hold_stops")]

    operations = [
        RemoveIndexConcurrently(model_name="event", name="event_looks"),
        AddIndexConcurrently(
            model_name="event",
            index=models.Index(
                condition=models.Q(
                    ("kind__in", ("revealed", "exported", "case_exported", "slip_given"))
                ),
                fields=["-id"],
                name="event_looks",
            ),
        ),
    ]
