"""A right for who may see the reports of every unit: without it and without a unit nothing is seen."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0038_together"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="case",
            options={
                "permissions": [
                    ("decide_case", "nhận xử lý, ghi chú, hỏi thêm người báo"),
                    ("assign_case", "phân công cán bộ xử lý"),
                    ("act_case", "phân loại là tin báo về tội phạm"),
                    ("hand_over_case", "chuyển đơn vị"),
                    ("close_case", "kết thúc xử lý"),
                    ("reopen_case", "mở lại tin đã kết thúc"),
                    ("extend_case", "gia hạn xác minh tin báo"),
                    ("see_every_unit", "xem tin của mọi đơn vị"),
                    ("reveal_contact", "xem số, câu hẹn, bản gốc lời kể (ghi nhật ký)"),
                ],
                "verbose_name": "xử lý",
                "verbose_name_plural": "xử lý",
            },
        ),
    ]
