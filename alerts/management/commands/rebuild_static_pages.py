"""Rebuild all static pages; part of every deploy."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from alerts.static_pages import generator


class Command(BaseCommand):
    help = "Write all public pages of warnings to the published place anew."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            rendered = generator.rebuild(anew=True, draws=True)
        except (generator.StaticPageError, OSError) as error:
            raise CommandError(f"What was not written yet stays as it was: {error}") from error
        self.stdout.write(f"{rendered} texts written.")
