"""The findings as files: a table (CSV), and contacts (vCard 4.0, RFC 6350) by which a telephone says who calls.

What has ended is named by its id alone: whoever has read it finds it by that, and nobody else learns of it.
"""

import io
from collections.abc import Callable, Collection
from dataclasses import dataclass

from core.calendar_file import escape_text, render_lines
from core.province import province
from core.spreadsheets import Cell, write_csv
from reports.models import SubjectKind
from reports.outlets.listed_findings import CONFIDENCE, ListedFinding, Page, format_utc

COLUMNS = (
    "id", "state", "kind", "value", "bank", "confidence", "confirmed_at", "valid_until", "changed_at",
)  # fmt: skip
# The warning first: a narrow screen must not show that the police are calling.
LABEL = f"Kẻ gian đã dùng số này (theo CA {province.name})"


def format_tel_uri(key: str) -> str:
    """Return a number as a URI (RFC 3966), which no spreadsheet runs; a short one is Vietnam's."""
    return f"tel:{key}" if key.startswith("+") else f"tel:{key};phone-context=+84"


def render_csv(page: Page) -> bytes:
    file = io.BytesIO()
    write_csv(file, [COLUMNS, *map(_list_cells, page.findings)])
    return file.getvalue()


def _list_cells(finding: ListedFinding) -> tuple[Cell, ...]:
    changed_at = format_utc(finding.changed_at)
    if finding.is_ended:
        return (str(finding.id), "ended", finding.kind, "", "", "", "", "", changed_at)
    is_number = finding.kind == SubjectKind.NUMBER
    value = format_tel_uri(finding.key) if is_number else finding.key
    return (
        str(finding.id), "in_force", finding.kind, value, finding.bank, CONFIDENCE,
        format_utc(finding.confirmed_at), str(finding.valid_until), changed_at,
    )  # fmt: skip


def render_contacts(page: Page) -> bytes:
    """Return a card for each number; the newer one of a UID replaces the older, if need be without TEL."""
    return "".join(map(_render_card, page.findings)).encode()


def _render_card(finding: ListedFinding) -> str:
    revised = format_utc(finding.changed_at, "seconds").replace("-", "").replace(":", "")
    about = ["FN:Đã gỡ"]
    if not finding.is_ended:
        about = [
            f"FN:{escape_text(LABEL)}",
            f"TEL;VALUE=uri:{format_tel_uri(finding.key)}",
            f"NOTE:Đến hết ngày {finding.valid_until:%d/%m/%Y}. Số có thể bị làm giả.",
        ]
    head = ("BEGIN:VCARD", "VERSION:4.0", f"UID:urn:uuid:{finding.id}", f"REV:{revised}")
    return render_lines((*head, *about, "END:VCARD"))


@dataclass(frozen=True)
class ListOutlet:
    """A list: `name` is the last part of its address. `is_public`: it takes no key, and then it is given
    out signed or not at all.
    """

    name: str
    media_type: str
    render: Callable[[Page], bytes]
    kinds: Collection[str] = tuple(SubjectKind.values)
    is_public: bool = False

    @property
    def url_name(self) -> str:
        return f"findings_{self.name.replace('.', '_')}"


LIST_OUTLETS = (
    ListOutlet("list.csv", "text/csv; charset=utf-8", render_csv),
    ListOutlet(
        "numbers.vcf", "text/vcard; charset=utf-8", render_contacts,
        kinds=(SubjectKind.NUMBER,), is_public=True,
    ),
)  # fmt: skip
