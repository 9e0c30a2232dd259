"""A text is parsed once and handed on: few functions receive it between its POST and its facts."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from django.test import Client

from reports.models import Report
from tests.support.report_factories import process_triage, report
from tests.support.resident_pages import send

MAX_CALLS = 80
STORY = (
    "Sáng nay số 0550 000 123 gọi, xưng công an tỉnh, bảo tôi dính vụ rửa tiền, bắt chuyển 20 triệu"
    " vào stk 0123456789012 MB Bank Nguyễn Văn B, không được nói với ai. Tôi chưa chuyển."
)
_HOUSE = str(Path(__file__).parents[3])


def count_calls(run: Callable[[], object], text: str) -> Counter[str]:
    """Count the calls of our functions that receive the text; its parse is a value that is handed on."""
    calls = Counter[str]()

    def is_text(value: object) -> bool:
        return isinstance(value, str) and text[:40] in value

    def profile(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        is_ours = code.co_filename.startswith(_HOUSE) and ".venv" not in code.co_filename
        if event == "call" and is_ours and "/tests/" not in code.co_filename:
            names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
            if any(is_text(frame.f_locals[name]) for name in names):
                calls[f"{code.co_filename.removeprefix(_HOUSE)}:{code.co_name}"] += 1

    sys.setprofile(profile)
    try:
        run()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.django_db
def test_few_functions_receive_a_text_between_its_post_and_its_facts(client: Client) -> None:
    def file_and_triage() -> None:
        send(client, story=STORY)
        process_triage(Report.objects.get(story=STORY))

    process_triage(report("Họ gọi tôi."))  # the tables are read once
    calls = count_calls(file_and_triage, STORY)
    assert calls.total() <= MAX_CALLS, "\n".join(f"{n} {name}" for name, n in calls.most_common())
