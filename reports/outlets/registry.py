"""The lists of findings that programs fetch, each under its own name; from a row follow its address, its
entry in the document of the API, and its place on the page for agencies.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from reports.models import SubjectKind
from reports.outlets.contacts import render_contacts
from reports.outlets.csv_list import render_csv
from reports.outlets.listed_findings import Page


@dataclass(frozen=True)
class ListOutlet:
    """One list: `name` is the last part of its address, `title` what it is for. `is_public`: it takes no
    key, and then it is given out signed or not at all.
    """

    name: str
    title: str
    media_type: str
    render: Callable[[Page], bytes]
    kinds: Collection[str] = tuple(SubjectKind.values)
    is_public: bool = False

    @property
    def url_name(self) -> str:
        return f"findings_{self.name.replace('.', '_')}"


LIST_OUTLETS = (
    ListOutlet("list.csv", "Bảng tính (CSV)", "text/csv; charset=utf-8", render_csv),
    ListOutlet(
        "numbers.vcf", "Danh bạ điện thoại (vCard 4.0)", "text/vcard; charset=utf-8", render_contacts,
        kinds=(SubjectKind.NUMBER,), is_public=True,
    ),
)  # fmt: skip
