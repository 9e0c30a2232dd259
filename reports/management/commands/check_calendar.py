"""manage.py check_calendar: print the years whose days off are known or missing."""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from reports.calendar import deadline_rules, working_days
from reports.models import CalendarException

_HORIZON = timedelta(days=366)


class Command(BaseCommand):
    help = "Print which years' days off are known."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="exit code 1 when this year or the next is missing"
        )

    def handle(self, *args: Any, check: bool = False, **options: Any) -> None:
        deadline_rules.clear_cache()
        for year in working_days.sources():
            source = "announced" if year["announced"] else "by rule, not announced yet"
            self.stdout.write(f"{year['year']}: {len(year['off'])} days off, {source}")
        self.stdout.write(f"added at the desk: {CalendarException.objects.count()}")
        today = timezone.localdate()
        missing = ", ".join(
            map(str, deadline_rules.calendar().unknown_years(today, today + _HORIZON))
        )
        if missing and check:
            raise CommandError(f"No days off known for {missing}: add them at the desk.")
        self.stdout.write(f"missing: {missing or 'none'}")
