"""Invented officers and a first warning that they issue."""

from django.contrib.auth.models import Group, User
from django.core.management import call_command
from django.utils import timezone

from alerts import publishing
from alerts.drafting import ensure_first_alert
from alerts.models import Alert
from tools.demo import officers, require_first_look


def create_demo_site() -> None:
    """Create the officers and issue the warning, where they are missing. Raises CommandError."""
    require_first_look()
    if not Group.objects.exists():
        call_command("setup_desk", verbosity=0)
    people = officers.ensure_demo_users()
    issue_first_warning(people["editor"], people["approver"])


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
