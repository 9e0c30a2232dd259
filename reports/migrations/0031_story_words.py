"""What the desk searches by: words of stories instead of trigrams, and the ends of numbers. On large
tables without holding up those who report.
"""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.contrib.postgres.search import SearchVectorField
from django.db import migrations, models
from django.db.models.functions import Collate, Left, Reverse


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("reports", "0030_routing")]

    operations = [
        AddIndexConcurrently(
            model_name="facts",
            index=GinIndex(
                models.Func(
                    Left("search", 100_000),
                    output_field=SearchVectorField(),
                    template="to_tsvector('simple'::regconfig, %(expressions)s)",
                ),
                name="facts_words",
            ),
        ),
        RemoveIndexConcurrently(model_name="facts", name="facts_search"),
        AddIndexConcurrently(
            model_name="indicator",
            index=models.Index(
                Collate(Reverse("key"), "C"),
                condition=models.Q(kind__in=("number", "account")),
                name="indicator_end",
            ),
        ),
    ]
