"""One more result of a report: a scam, and nothing more to do."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0057_wishes_taken_up"),
    ]

    operations = [
        migrations.AlterField(
            model_name="case",
            name="outcome",
            field=models.CharField(
                blank=True,
                choices=[
                    ("warned", "Đã góp vào cảnh báo"),
                    ("scam", "Là lừa đảo, không còn gì phải làm"),
                    ("duplicate", "Tin trùng"),
                    ("insufficient", "Chưa đủ để làm tiếp"),
                    ("not_scam", "Không phải lừa đảo"),
                ],
                db_default="",
                max_length=16,
                verbose_name="kết quả",
            ),
        ),
    ]
