"""Reports as rows of a table. Without the right to it nothing of a row is a person's word or number:
what the machine and the officers made of a report, and whether there is more.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap
from typing import Any
from uuid import UUID

from django.db.models import Q
from django.utils import timezone

from core import encryption
from core.spreadsheets import MAX_CHARS, Cell
from desk import labels
from desk.labels import highlighting
from desk.reports.indicators import caller_by_report
from reports.facts import followup_facts
from reports.facts.effective_facts import effective_facts, typed_place_of
from reports.models import Followup, Indicator, Report
from reports.reference import gazetteer

BATCH_SIZE = 500
HEADER = (
    "Mã tin", "Nhận lúc", "Nguồn", "Ưu tiên", "Điểm ưu tiên", "Kiểu lừa", "Số gọi đến", "Họ xưng",
    "Thiệt hại (đồng)", "Xã, phường", "Đợt", "Trạng thái", "Kết quả", "Cán bộ xử lý",
    "Đơn vị nhận", "Số để gọi lại", "Số gọi kể sau", "Tài khoản nhận", "Đường link",
)  # fmt: skip
PERSONAL = (
    "Nơi ở như đã ghi", "Lời kể (đã che số giấy tờ, số thẻ)", "Lời kể thêm (cũng đã che)",
)  # fmt: skip
_HIDDEN = "có, đã che"
_KINDS = (Indicator.Kind.NUMBER, Indicator.Kind.ACCOUNT, Indicator.Kind.LINK)


@dataclass(frozen=True)
class _Later:
    """What stands beside some reports, of each by its key: the caller's number, the newest contact,
    what was named later by its kind, and the stories that were told later.
    """

    callers: Mapping[UUID, Any]
    contacts: Mapping[UUID, Any]
    named: Mapping[UUID, Mapping[str, list[str]]]
    stories: Mapping[UUID, list[str]]


def iter_export_rows(keys: Sequence[UUID], *, personal: bool) -> Iterator[Sequence[Cell]]:
    """The header, then a row for each report in the order of the keys; few are in memory at once."""
    yield (*HEADER, *PERSONAL) if personal else HEADER
    for some in _batches(keys):
        found = _load(some, personal=personal)
        later = _Later(
            caller_by_report(some),
            _contacts(some),
            _named(some, personal=personal),
            _stories(some) if personal else {},
        )
        for key in some:
            if report := found.get(key):
                yield _row(report, later, personal=personal)


def _batches(keys: Sequence[UUID]) -> Iterator[Sequence[UUID]]:
    return (keys[begin : begin + BATCH_SIZE] for begin in range(0, len(keys), BATCH_SIZE))


def _load(keys: Sequence[UUID], *, personal: bool) -> dict[UUID, Report]:
    """Without the heavy texts where they are not told."""
    heavy = ["facts__search_text", "facts__reasons", "story_sealed", "phrase_sealed"]
    kept = Report.objects.select_related("case__officer", "facts", "campaign_link__campaign")
    return kept.defer(*heavy, *([] if personal else ["story"])).in_bulk(keys)


def _contacts(keys: Sequence[UUID]) -> dict[UUID, Any]:
    """Where somebody told a number later, the latest."""
    later = Followup.objects.filter(report__in=keys, contact_sealed__isnull=False)
    return dict(later.order_by("received_at").values_list("report_id", "contact_sealed"))


def _named(keys: Sequence[UUID], *, personal: bool) -> Mapping[UUID, Mapping[str, list[str]]]:
    """The callers that were told later, the accounts and the links of each report, by their kind, each
    once. What could not be read is somebody's own words: with personal data alone.
    """
    kinds, found = Indicator.Kind, defaultdict[UUID, dict[str, list[str]]](dict)
    rows = Indicator.objects.filter(
        Q(kind__in=(kinds.ACCOUNT, kinds.LINK)) | Q(place=Indicator.IndicatorSource.LATER),
        report__in=keys,
    ).exclude(flags__contains=[followup_facts.CORRECTED])
    named = rows.order_by("id").values_list("report_id", "kind", "key", "raw")
    for report, kind, key, raw in named:
        said = _legible(kind, key) if key else highlighting.plain_line(raw) if personal else ""
        told = found[report].setdefault(kind, [])
        if said and said not in told:
            told.append(said)
    return found


def _legible(kind: str, key: str) -> str:
    """In groups: a spreadsheet takes a run of digits for a figure, drops its zeros and rounds it."""
    if kind == Indicator.Kind.NUMBER:
        return labels.format_phone(key)
    return " ".join(wrap(key, 4)) if key.isdecimal() else key


def _stories(keys: Sequence[UUID]) -> Mapping[UUID, list[str]]:
    """What was told later, of each report the oldest first."""
    found = defaultdict[UUID, list[str]](list)
    wish = Followup.Kind.WITHDRAWAL
    rows = Followup.objects.filter(report__in=keys, story__gt="").exclude(kind=wish)
    told = rows.order_by("received_at", "id")
    for report, story in told.values_list("report_id", "story"):
        found[report].append(story)
    return found


def _row(report: Report, later: _Later, *, personal: bool) -> Sequence[Cell]:
    case, said = report.case, effective_facts(report)
    caller, named = later.callers.get(report.pk), later.named.get(report.pk, {})
    contact = later.contacts.get(report.pk, report.contact_sealed)
    link = getattr(report, "campaign_link", None)
    told: list[Cell] = [
        report.public_number,
        f"{timezone.localtime(report.received_at):%H:%M %d/%m/%Y}",
        report.get_source_display(),
        labels.priority_label(said.priority).word,
        "" if said.priority is None else said.priority,
        labels.code_label(said.scenario) if said.scenario else labels.UNTRIAGED,
        labels.format_phone(caller.key) if caller and caller.key else "",
        labels.office_label(report.claimed_office) if report.claimed_office else "",
        "" if said.money_lost_vnd is None else said.money_lost_vnd,
        gazetteer.commune_name(said.commune),
        link.campaign.code if link else "",
        str(case.get_status_display()),
        str(case.get_outcome_display()) if case.outcome else "",
        labels.officer_name(case.officer) if case.officer else "",
        case.unit,
        _contact(contact, report.pk, personal=personal),
        *("; ".join(named.get(kind, [])) for kind in _KINDS),
    ]
    if personal:
        stories = [report.story, "\n".join(later.stories.get(report.pk, []))]
        told += [highlighting.plain_line(typed_place_of(report))]
        told += [highlighting.plain_line(story, MAX_CHARS) for story in stories]
    return told


def _contact(sealed: Any, report_id: UUID, *, personal: bool) -> str:
    if sealed is None:
        return ""
    if not personal:
        return _HIDDEN
    return highlighting.plain_line(
        encryption.decrypt(sealed, "contact", report_id) or "không mở được"
    )
