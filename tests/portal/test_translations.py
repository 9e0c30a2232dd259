"""`make check` on the catalogues: nothing is left in Vietnamese, nothing is guessed."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHECK = Path(__file__).resolve().parents[2] / ".ci/translations.py"
HEAD = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\n'

pytestmark = pytest.mark.skipif(
    not shutil.which("msgattrib"), reason="no gettext is installed (Debian: gettext)"
)


def checked(folder: Path, entry: str) -> subprocess.CompletedProcess[str]:
    source = folder / "locale/en/LC_MESSAGES/django.po"
    source.parent.mkdir(parents=True)
    source.write_text(HEAD + entry)
    subprocess.run(["msgfmt", "-o", source.with_suffix(".mo"), source], check=True)
    command = [sys.executable, CHECK]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_a_whole_catalogue_passes(tmp_path: Path) -> None:
    assert checked(tmp_path, 'msgid "hai"\nmsgstr "two"\n').returncode == 0


@pytest.mark.parametrize(
    "entry", ['msgid "hai"\nmsgstr ""\n', '#, fuzzy\nmsgid "hai"\nmsgstr "too"\n']
)
def test_words_without_their_english_are_named(tmp_path: Path, entry: str) -> None:
    told = checked(tmp_path, entry)
    assert told.returncode == 1
    assert 'does not translate msgid "hai"' in told.stdout
