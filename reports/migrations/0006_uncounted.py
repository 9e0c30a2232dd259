from django.db import migrations, models


class Migration(migrations.Migration):
    """One more kind of alarm; nothing changes in the database."""

    dependencies = [("reports", "0005_guard_files")]

    operations = [
        migrations.AlterField(
            model_name="alarm",
            name="kind",
            field=models.CharField(
                choices=[
                    ("late", "tin chờ máy đọc quá lâu"),
                    ("failed", "tin máy không đọc được"),
                    ("unbalanced", "có tin chưa vào hàng máy đọc"),
                    ("uncounted", "máy lâu chưa đếm lại"),
                ],
                max_length=16,
                primary_key=True,
                serialize=False,
            ),
        ),
    ]
