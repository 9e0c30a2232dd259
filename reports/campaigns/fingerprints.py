"""What of a report, with all that its reporter added later, may tie it to others. Writes nothing."""

from collections.abc import Iterable, Sequence

from reports.campaigns import shared_identifiers as traces
from reports.campaigns.link_scoring import Trail
from reports.campaigns.matching import moment
from reports.campaigns.script_fingerprint import script_of
from reports.extraction.accounts_and_links import READ_OF_NUMBER, READ_OF_STORY
from reports.extraction.phones import FoundPhone, Phone
from reports.facts import followup_facts as heard
from reports.facts.merged_report import Whole
from reports.models import Indicator

_PLACES, _KINDS = Indicator.Place, Indicator.Kind


def trail(
    whole: Whole,
    callers: Iterable[Phone],
    told: Sequence[FoundPhone],
    later: Sequence[heard.Named],
) -> Trail:
    """The trail of a report, from what was found in it once for all: the numbers on its form and
    in its story, and what additions name. A caller that was corrected stays: it may tie reports
    together.
    """
    story = whole.report.story[:READ_OF_STORY]
    links = [*traces.sites_in(story), *heard.keys_of(_KINDS.LINK, later)]
    sites = {traces.site(link) for link in links if not traces.is_common_link(link)}
    accounts = [*traces.accounts_in(story), *heard.keys_of(_KINDS.ACCOUNT, later)]
    names = traces.site_names_in(story, sites)
    return Trail(
        frozenset(traces.keys_among(_numbers(story, callers, told, later), accounts, sites, names)),
        script_of(_claimed(whole), _words(whole, story), sites),
        moment(whole.report.received_at),
    )


def _numbers(
    story: str,
    callers: Iterable[Phone],
    told: Sequence[FoundPhone],
    later: Sequence[heard.Named],
) -> list[Phone]:
    """A story's numbers count where no form names a caller."""
    typed = [*callers, *heard.phones_at(_PLACES.LATER, later)]
    return traces.callers(typed, story, told) + (
        [] if any(phone.key for phone in typed) else heard.phones_at(_PLACES.STORY, later)
    )


def _claimed(whole: Whole) -> str:
    names = [whole.report.claimed_name, *(leg.name for leg in whole.told_legs)]
    return ". ".join(name[:READ_OF_NUMBER] for name in names if name)


def _words(whole: Whole, story: str) -> str:
    """What was told, as much of all of it as of a story."""
    later = (addition.story for addition in whole.told)
    return "\n".join([story, *filter(None, later)])[:READ_OF_STORY]
