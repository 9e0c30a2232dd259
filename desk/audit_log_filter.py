"""What is looked for in the record of acts: by whom, what, about what, and when. Each page is found
by a key, so no table is counted and an old page costs what the first one does.
"""

from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.http import urlencode

from core.models import LOOKS, AuditEvent
from desk import labels
from reports.models import Report

PAGE = 100
_NO_DATE = {"invalid": "Chưa đọc được ngày. Ghi như 25/11/2026."}
_NEVER = 9999  # a year of no act
_DATES = ["%d/%m/%Y", "%Y-%m-%d", "%d-%m-%Y"]


class _Day(forms.DateField):
    def __init__(self, label: str) -> None:
        text = forms.TextInput({"placeholder": "25/11/2026", "inputmode": "numeric"})
        super().__init__(
            label=label, required=False, input_formats=_DATES, error_messages=_NO_DATE, widget=text
        )

    def to_python(self, value: Any) -> date | None:
        """The calendar ends at 9999, and with it the day after."""
        day = super().to_python(value)
        if day and not 1970 <= day.year < _NEVER:
            raise forms.ValidationError(_NO_DATE["invalid"])
        return day


class EventFilterForm(forms.Form):
    """The questions above the list. Nothing is required; what cannot be read finds nothing and is
    told beside its field.
    """

    who = forms.ChoiceField(label="Ai", required=False)
    kind = forms.ChoiceField(label="Việc", required=False)
    subject_type = forms.ChoiceField(label="Về", required=False)
    subject = forms.CharField(label="Mã tin, hoặc mã đầy đủ", max_length=64, required=False)
    since = _Day("Từ ngày")
    until = _Day("Đến hết ngày")
    before = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, data: Any, *, looks: bool = False) -> None:
        super().__init__(data, label_suffix="", auto_id="record_%s")
        self.looks = looks
        self.fields["who"].choices = [("", "Mọi người"), ("0", "Máy"), *_people()]  # type: ignore[attr-defined]
        kinds = {kind: labels.EVENTS.get(kind, kind) for kind in LOOKS} if looks else labels.EVENTS
        self.fields["kind"].choices = [("", "Mọi việc"), *kinds.items()]  # type: ignore[attr-defined]
        about = [("", "Mọi thứ"), *labels.SUBJECTS.items()]
        self.fields["subject_type"].choices = about  # type: ignore[attr-defined]

    def questions(self) -> list[forms.BoundField]:
        return [field for field in self if field.name != "before"]

    def matching_events(self) -> QuerySet[AuditEvent]:
        """What was asked for, the newest first; with PAGE + 1 rows one sees whether more follow."""
        if not self.is_valid():
            return AuditEvent.objects.none()
        acts = AuditEvent.objects.select_related("actor").order_by("-id").filter(**self._wanted())
        return acts.filter(kind__in=LOOKS) if self.looks else acts

    def _wanted(self) -> dict[str, Any]:
        given = self.cleaned_data
        wanted: dict[str, Any] = {}
        if given["who"]:
            wanted["actor"] = None if given["who"] == "0" else int(given["who"])
        wanted |= {name: given[name] for name in ("kind", "subject_type") if given[name]}
        if given["subject"]:
            wanted["subject_id"] = _meant(given["subject"])
        if given["since"]:
            wanted["created_at__gte"] = _begin(given["since"])
        if given["until"]:
            wanted["created_at__lt"] = _begin(given["until"], days=1)
        if given["before"]:
            wanted["id__lt"] = given["before"]
        return wanted

    def next_page_url(self, last: int) -> str:
        """The address of the page after the one that ends with this event."""
        asked = {name: self.data.get(name, "") for name in self.fields} | {"before": last}
        return urlencode({name: value for name, value in asked.items() if value})


def _people() -> list[tuple[str, str]]:
    staff = User.objects.filter(is_staff=True).order_by("first_name", "username")
    return [(str(user.pk), labels.officer_name(user)) for user in staff]


def _begin(day: date, days: int = 0) -> datetime:
    """The first moment of a day here, or of the day after."""
    here = timezone.make_aware(datetime.combine(day, time()))
    return here + timedelta(days=days)


def _meant(typed: str) -> str:
    """The key of what somebody names: a report by its public number, anything by its key."""
    typed = typed.strip().replace("\0", "")
    report = Report.objects.filter(public_number=typed.upper()).only("pk").first()
    return str(report.pk) if report else typed


def numbers_of(acts: list[AuditEvent]) -> dict[str, str]:
    """The public numbers of the reports that acts are about, by their key. One statement."""
    keys = {act.subject_id for act in acts if act.subject_type == "report"}
    found = Report.objects.filter(pk__in=[key for key in keys if _is_key(key)])
    return {str(pk): number for pk, number in found.values_list("pk", "public_number")}


def _is_key(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
