"""What an expanding migration does: a nullable column and a table, which the old code ignores."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reports", "0005_guard_files")]

    operations = [
        migrations.RunSQL("ALTER TABLE reports_report ADD COLUMN dialect text", "SELECT 1"),
        migrations.RunSQL("CREATE TABLE newer_dialect (name text PRIMARY KEY)", "SELECT 1"),
    ]
