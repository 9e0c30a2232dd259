"""The declaration that a reporter who lost money takes to the bank and the commune police: one page, filled
in from what they told, with blanks for what they did not. In Vietnamese, whose readers are officials.

Never the reporter's number or the call-back phrase, which the tracking page does not show either.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import override

from core.province import province
from core.text import group_thousands
from reports.extraction.language import amounts
from reports.facts import merged_report
from reports.facts.merged_report import MergedReport
from reports.models import Indicator, Report
from reports.reference import confirmed_statements
from reports.tracking import followup_feedback

MAX_STORY_CHARS = 2000
MAX_FACT_CHARS = 300
MORE = "… (còn nữa: xem bản sao tin, tải ở trang xem tin)"
BLANK = "…" * 24
DENUNCIATION = "Muốn tố giác chính thức: ra công an xã, phường."
REQUESTS = (
    "Ngân hàng: khóa tài khoản, tra soát giao dịch, giữ lại số tiền còn trong tài khoản nhận.",
    "Công an xã, phường: tiếp nhận và hướng dẫn tôi làm tố giác.",
)


@dataclass(frozen=True)
class Declaration:
    """The texts of a declaration; `facts` and `money` are titles with texts, which are blanks where
    nothing was told.
    """

    public_number: str
    sent_at: str
    denunciation: str
    commune: str
    facts: tuple[tuple[str, str], ...]
    money: tuple[tuple[str, str], ...]
    story: str
    enclosed: str

    @property
    def origin(self) -> str:
        return (
            f"Tin báo số {self.public_number}, gửi {province.police} lúc {self.sent_at}. Người báo tự in"
            " bản này từ tin của mình. Công an chưa xác nhận nội dung."
        )


def build_declaration(report: Report) -> Declaration:
    """Return the declaration of a report as it stands with its follow-ups. Three statements."""
    merged = merged_report.merged_report(report)
    with override("vi"):
        return Declaration(
            public_number=report.public_number,
            sent_at=f"{report.received_local:%H:%M, %d/%m/%Y}",
            denunciation=_load_denunciation(),
            commune=_shorten_fact(_name_commune(merged)) or BLANK,
            facts=_fill(_list_facts(merged)),
            money=_fill(_list_money(merged)),
            story=_shorten("\n".join(_list_stories(merged)), MAX_STORY_CHARS),
            enclosed=_count_files(report),
        )


def _load_denunciation() -> str:
    confirmed = confirmed_statements.statements().get("vneid")
    return confirmed.text if confirmed else DENUNCIATION


def _shorten(text: str, most: int = MAX_FACT_CHARS) -> str:
    text = text.strip()
    return text if len(text) <= most else text[:most].rpartition(" ")[0] + MORE


def _shorten_fact(text: str) -> str:
    return _shorten(" ".join(text.split()))


def _fill(rows: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple((title, _shorten_fact(text) or BLANK) for title, text in rows)


def _name_commune(merged: MergedReport) -> str:
    followup = merged.followup_with_latest_place
    commune = followup.commune if followup else merged.report.commune
    return commune.name if commune else merged.commune_raw


def _list_facts(merged: MergedReport) -> Iterator[tuple[str, str]]:
    yield "Họ gọi lúc", "; ".join(merged.call_times)
    yield "Người gọi", "; ".join(map(followup_feedback.caller_line, merged.callers))
    if merged.links:
        yield "Đường link họ gửi", "; ".join(merged.links)
    if merged.report.on_behalf:
        yield "Người báo", "báo thay người bị lừa"


def _list_money(merged: MergedReport) -> Iterator[tuple[str, str]]:
    yield "Đã mất", _format_loss(merged.money_lost_raw)
    yield "Tài khoản nhận tiền", "; ".join(_list_accounts(merged))
    yield "Tài khoản của tôi", ""
    yield "Lúc chuyển, mã giao dịch", ""


def _format_loss(raw: str) -> str:
    vnd = amounts.parse_money_field(raw).value
    if not vnd:
        return raw.strip()
    return f"{group_thousands(vnd)} đồng (người báo ghi: “{raw.strip()}”)"


def _list_accounts(merged: MergedReport) -> Iterator[str]:
    """Yield the accounts as typed, then those that were read in the story and are not among them."""
    yield from merged.accounts
    typed = "".join(sign for each in merged.accounts for sign in each if sign.isdecimal())
    found = Indicator.objects.filter(report=merged.report, kind=Indicator.Kind.ACCOUNT)
    read = found.exclude(source=Indicator.IndicatorSource.OFFICER).order_by("id")
    for account in read:
        if account.key and account.key not in typed:
            yield account.raw if account.bank in account.raw else f"{account.bank} {account.raw}"


def _list_stories(merged: MergedReport) -> Iterator[str]:
    if merged.report.story.strip():
        yield merged.report.story.strip()
    for each in merged.substantive_followups:
        if each.beginning.strip():  # type: ignore[attr-defined]  # as `merged_report` loads it
            at = timezone.localtime(each.received_at)
            yield f"{each.get_kind_display()} lúc {at:%H:%M, %d/%m/%Y}: {each.beginning.strip()}"  # type: ignore[attr-defined]


def _count_files(report: Report) -> str:
    count = report.files.filter(erased_at=None).count()
    return f"{count} ảnh, bản ghi, tài liệu đã gửi kèm tin báo" if count else ""
