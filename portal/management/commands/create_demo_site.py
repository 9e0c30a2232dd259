"""manage.py create_demo_site: invented officers and a first warning, for a first look only."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts import demo_users
from alerts import publishing
from alerts.drafting import ensure_first_alert
from alerts.models import Alert


class Command(BaseCommand):
    help = "Create the demo officers and issue the first warning; refused in production."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.FIRST_LOOK:
            raise CommandError("Demo people are for a first look at http://127.0.0.1 only.")
        if not Group.objects.exists():
            call_command("setup_desk", verbosity=0)
        people = demo_users.ensure_demo_users()
        issue_first_warning(people["editor"], people["approver"])
        if options["verbosity"]:
            self.stdout.write(f"Demo people: see {demo_users.credentials_path()}")


def issue_first_warning(editor: User, approver: User) -> None:
    """Draft, submit and issue the warning, each step only where it was not done."""
    alert = ensure_first_alert(editor)
    if alert.current_id:
        return
    if alert.stage == Alert.Stage.DRAFT:
        alert.reviewed_on = timezone.localdate()
        alert.save(update_fields=["reviewed_on"])
        publishing.submit(alert, by=editor)
    publishing.issue(alert, by=approver)
