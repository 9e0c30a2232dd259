"""The numbers as contacts (vCard 4.0, RFC 6350): a telephone that has them says who is calling.

A card is replaced by a newer one of its UID (REV); of a number that has ended the card is empty of it.
"""

from core.calendar_file import escape_text, render_lines
from core.province import province
from reports.outlets.listed_findings import ListedFinding, Page, format_utc

# The warning first: a narrow screen must not show that the police are calling.
LABEL = f"Kẻ gian đã dùng số này (theo CA {province.name})"
ENDED_LABEL = "Đã gỡ"


def render_contacts(page: Page) -> bytes:
    return "".join(map(_render_card, page.findings)).encode()


def _render_card(finding: ListedFinding) -> str:
    if finding.is_ended:
        about = [f"FN:{ENDED_LABEL}"]
    else:
        about = [
            f"FN:{escape_text(LABEL)}",
            f"TEL;VALUE=uri:{format_tel_uri(finding.key)}",
            f"NOTE:Đến hết ngày {finding.valid_until:%d/%m/%Y}. Số có thể bị làm giả.",
        ]
    return render_lines(
        ("BEGIN:VCARD", "VERSION:4.0", f"UID:urn:uuid:{finding.id}",
         f"REV:{format_utc(finding.changed_at, 'seconds').replace('-', '').replace(':', '')}",
         *about, "END:VCARD")
    )  # fmt: skip


def format_tel_uri(key: str) -> str:
    """Return a number as a URI (RFC 3966); a short one is dialled in Vietnam alone."""
    return f"tel:{key}" if key.startswith("+") else f"tel:{key};phone-context=+84"
