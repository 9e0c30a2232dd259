from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reports", "__latest__")]

    operations = [
        migrations.RunSQL("ALTER TABLE reports_case ADD COLUMN tomorrow integer NOT NULL DEFAULT 7")
    ]
