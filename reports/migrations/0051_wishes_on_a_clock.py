"""A clock for wishes to withdraw, and corrections, that wait for an officer."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("reports", "0050_upheld_by_one")]

    operations = [
        migrations.AlterField(
            model_name="clock",
            name="kind",
            field=models.CharField(
                choices=[
                    ("look", "xem ngay"),
                    ("sort", "phân loại"),
                    ("tell", "báo lại người báo"),
                    ("verify", "xác minh tin báo"),
                    ("rights", "trả lời đề nghị xóa"),
                    ("wish", "trả lời đề nghị rút, sửa tin"),
                ],
                max_length=8,
                verbose_name="hạn",
            ),
        ),
        AddIndexConcurrently(
            model_name="addition",
            index=models.Index(
                condition=models.Q(kind__in=("correction", "withdrawal")),
                fields=["received_at"],
                name="addition_asking",
            ),
        ),
    ]
