"""Queries of what was issued, for pages and programs. Live words come from AlertRevisionQuerySet alone."""

from math import inf

from django.http import Http404

from alerts.models import AlertRevision


def in_force(most: int | None = None) -> list[AlertRevision]:
    """The word that stands of each warning in force, newest first."""
    return list(AlertRevision.objects.in_force()[:most])


def ended(most: int | None = None) -> list[AlertRevision]:
    """The last word of each warning that is over, newest first."""
    return list(AlertRevision.objects.ended()[:most])


def list_latest(most: int) -> list[AlertRevision]:
    """The words that stand of all, in force or over, in the order in which they took effect."""
    return list(AlertRevision.objects.current()[:most])


def get_current_or_404(slug: str) -> AlertRevision:
    """The word that stands under this name, in force or ended; a draft is nobody's business: 404."""
    found = AlertRevision.objects.current().filter(alert__slug=slug).first()
    if found is None:
        raise Http404
    return found


def get_versions_or_404(slug: str) -> list[AlertRevision]:
    """All that was said under this name, newest first; where nothing was: 404."""
    said = list(
        AlertRevision.objects.effective_ever().filter(alert__slug=slug).order_by("-version")
    )
    if not said:
        raise Http404
    return said


def change_boundaries() -> tuple[float, float]:
    """When a word last began or ended, and when the next one will if nothing more is said: epoch
    seconds; 0 where nothing did, infinity where nothing will.
    """
    before, after = AlertRevision.objects.change_boundaries()
    return before.timestamp() if before else 0.0, after.timestamp() if after else inf
