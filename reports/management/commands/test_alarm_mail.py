"""manage.py test_alarm_mail: send a test mail the way that alarms are sent."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandError

from reports.monitoring import alarms

SUBJECT = "Thử đường thư báo động"
TEXT = (
    "Thư thử của cổng tiếp nhận tin. Nhận được thư này là thư báo động sẽ đến. Không phải làm gì.\n"
)


class Command(BaseCommand):
    help = "Send a test mail the way alarms go: EMAIL_URL, to ALARM_EMAILS."

    def handle(self, *args: Any, **options: Any) -> None:
        if not alarms.mail_is_configured():
            raise CommandError("EMAIL_URL or ALARM_EMAILS is not set: alarms are mailed to nobody.")
        mail = EmailMessage(SUBJECT, TEXT, to=settings.ALARM_EMAILS)
        try:
            mail.send()
        except (OSError, ValueError) as error:  # as in reports/monitoring/alarms.py
            why = f"Not sent: {type(error).__name__}, see docs/operations/runbook.md"
            raise CommandError(why) from error
        count = len(settings.ALARM_EMAILS)
        self.stdout.write("Sent to 1 address." if count == 1 else f"Sent to {count} addresses.")
