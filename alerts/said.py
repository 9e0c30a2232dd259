"""What has been said, read for pages and programs. Live words come through `published()` alone."""

from itertools import islice

from django.http import Http404

from alerts.models import Alert, AlertQuerySet, AlertRevision


def in_force(most: int | None = None) -> list[AlertRevision]:
    """The word that stands of each warning in force, newest first."""
    return _words(Alert.objects.published()[:most])


def ended(most: int | None = None) -> list[AlertRevision]:
    """The last word of each warning that is over, newest first."""
    return _words(Alert.objects.ended()[:most])


def newest(most: int) -> list[AlertRevision]:
    """The last words of all, in force or over, in the order in which they were said."""
    words = [*in_force(most), *ended(most)]
    words.sort(key=lambda revision: (revision.sent, revision.identifier), reverse=True)
    return list(islice(words, most))


def latest(slug: str) -> AlertRevision:
    """The latest word under this name, in force or ended; a draft is nobody's business: 404."""
    for door in (Alert.objects.published(), Alert.objects.ended()):
        if found := _words(door.filter(slug=slug)):
            return found[0]
    raise Http404


def versions(slug: str) -> list[AlertRevision]:
    """All that was said under this name, newest first; where nothing was: 404."""
    said = list(AlertRevision.objects.said().filter(alert__slug=slug).order_by("-version"))
    if not said:
        raise Http404
    return said


def _words(alerts: AlertQuerySet) -> list[AlertRevision]:
    return [alert.current for alert in alerts if alert.current]
