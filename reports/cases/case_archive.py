"""Write a case as a ZIP: texts, sanitized pictures, SHA256SUMS.txt; hashes of the originals."""

import hashlib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from reports.attachments import storage
from reports.models import Report

SUMS = "SHA256SUMS.txt"


@dataclass(frozen=True)
class ZipEntry:
    """One file of the archive; its name is ASCII."""

    name: str
    content: bytes


def write_case_zip(file: IO[bytes], report: Report, text: str, *, pictures: bool) -> int:
    """Write the archive of a report, *text* first; return the number of pictures in it."""
    pictures_drawn = list(_iter_pictures(report)) if pictures else []
    members = [ZipEntry("tin.txt", text.encode()), *pictures_drawn]
    folder = f"tin-{report.public_number}"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for member in members:
            archive.writestr(f"{folder}/{member.name}", member.content)
        sums = [f"{hashlib.sha256(each.content).hexdigest()}  {each.name}\n" for each in members]
        archive.writestr(f"{folder}/{SUMS}", "".join(sums))
    return len(pictures_drawn)


def _iter_pictures(report: Report) -> Iterator[ZipEntry]:
    """Yield the sanitized copies in the order of their files, without lost ones."""
    files = storage.files_of_report(report).select_related("check_result")
    for number, file in enumerate(files, 1):
        check = getattr(file, "check_result", None)
        if file.erased_at or check is None or check.copy_id is None:
            continue
        extension = "png" if check.media_type == "image/png" else "jpg"
        try:
            yield ZipEntry(f"tep/{number:02}.{extension}", storage.open_clean_copy(check.copy_id))
        except storage.DecryptionError:
            continue
