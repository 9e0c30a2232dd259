"""What the portal is measured against starts on the portal's own settings."""

from tests.support.processes import run_script

CHECKED = """
import django
django.setup()
from django.core.management import call_command
from bench.bare_celery import app
call_command("check")
print(len(app.tasks))
"""


def test_the_bare_view_and_the_bare_tasks_pass_the_checks_of_a_start() -> None:
    assert int(run_script(CHECKED, DJANGO_SETTINGS_MODULE="bench.bare_settings")[-2:]) > 1
