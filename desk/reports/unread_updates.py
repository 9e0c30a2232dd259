"""What reporters have said since a person last acted on their report: written, added or sent along.

Where nobody has acted yet nothing is new in a list: the whole report waits to be read. Its page says
there too what came later, and tells a wish to withdraw by itself (desk/reports/followups.py).
"""

from django.db.models import CharField, Exists, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast

from core.audit.events import NO_LOOK
from core.models import AuditEvent
from reports.models import EvidenceFile, Followup, Message, Report


def with_unread_updates(reports: QuerySet[Report]) -> QuerySet[Report]:
    """Those of *reports* with words or files that no person has acted on since; its cost grows with
    what came later, not with the reports.
    """
    acted = _last_act("report_id")
    written = Message.objects.filter(actor=None, sent_at__gt=acted)
    added = Followup.objects.filter(received_at__gt=acted)
    sent = EvidenceFile.objects.filter(received_at__gt=acted)
    found = [Q(pk__in=rows.values("report_id")) for rows in (written, added, sent)]
    return reports.filter(found[0] | found[1] | found[2])


def annotate_last_action(reports: QuerySet[Report]) -> QuerySet[Report]:
    """The same with `.acted_at`, when a person last acted on each, which `is_fresh` asks for."""
    return reports.annotate(acted_at=_last_act("pk"))


def has_unread_updates() -> Q:
    """Whether something came since `acted_at`. For the few rows of a page."""
    about, since = OuterRef("pk"), OuterRef("acted_at")
    written = Message.objects.filter(report=about, actor=None, sent_at__gt=since)
    added = Followup.objects.filter(report=about, received_at__gt=since)
    sent = EvidenceFile.objects.filter(report=about, received_at__gt=since)
    return Q(Exists(written)) | Q(Exists(added)) | Q(Exists(sent))


def _last_act(report: str) -> Subquery:
    """When a person last acted on the report that the field *report* names."""
    about = AuditEvent.objects.filter(
        subject_type="report", subject_id=Cast(OuterRef(report), CharField()), actor__isnull=False
    )
    return Subquery(about.exclude(kind__in=NO_LOOK).order_by("-id").values("created_at")[:1])
