"""The desk of a measurement: writes, updates and cancels invented warnings as it is told on stdin,
on the database of its environment, and says on stdout when each word was given.

    python -m tools.publisher        lines: issue NAME | draft NAME | update NAME | cancel NAME
"""

import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import django

django.setup()

from django.contrib.auth.models import User  # noqa: E402  # needs Django set up

from alerts import publishing  # noqa: E402
from alerts.models import Alert, AlertStep  # noqa: E402


def make_texts(name: str, version: int) -> dict[str, Any]:
    """Each part names its version, so that a page made of two would show."""
    mark = f"({name} v{version})"
    return {
        "title": f"Giả điện lực {mark}",
        "short_title": f"Điện lực {mark}",
        "summary": f"Kẻ gian dọa cắt điện {mark}.",
        "advice": f"Cúp máy {mark}. Tự gọi lại.",
        "sms": f"Canh bao {mark}. Cong an tinh Thanh Hoa",
        "sms_share": f"Cup may {mark}. Theo Cong an tinh Thanh Hoa",
        "audience": f"Mọi nhà {mark}",
        "title_en": f"Posing as the power company {mark}",
        "summary_en": f"They threaten to cut the power off {mark}.",
        "advice_en": f"Hang up {mark}. Ring back yourself.",
    }


def issue_alert(name: str) -> None:
    alert = Alert.objects.create(slug=name, author=get_officer("editor"), **make_texts(name, 1))
    AlertStep.objects.create(alert=alert, position=1, title="Dọa", text="Trong hai giờ.")
    publishing.submit(alert, by=get_officer("editor"))
    publishing.issue(alert, by=get_officer("approver"))


def draft_alert(name: str) -> None:
    """What nobody may read yet."""
    Alert.objects.filter(slug=name).update(**make_texts(f"DRAFT-{name}", 0))


def update_alert(name: str) -> None:
    Alert.objects.filter(slug=name).update(**make_texts(name, 2))
    alert = Alert.objects.get(slug=name)
    publishing.submit(alert, by=get_officer("editor"))
    publishing.update(alert, by=get_officer("approver"))


def cancel_alert(name: str) -> None:
    alert = Alert.objects.get(slug=name)
    publishing.cancel(alert, by=get_officer("approver"))


def get_officer(name: str) -> User:
    return User.objects.get_or_create(username=name)[0]


ACTS: Mapping[str, Callable[[str], None]] = {
    "issue": issue_alert, "draft": draft_alert, "update": update_alert, "cancel": cancel_alert,
}  # fmt: skip


if __name__ == "__main__":
    for line in sys.stdin:
        act, name = line.split()
        ACTS[act](name)
        print(time.time(), flush=True)
