"""What of a report, with all that its reporter added later, may tie it to others. Writes nothing."""

from collections.abc import Iterable, Sequence

from reports.campaigns import shared_identifiers
from reports.campaigns.link_scoring import ReportFingerprint
from reports.campaigns.matching import to_timestamp
from reports.campaigns.script_fingerprint import fingerprint_script
from reports.extraction.accounts_and_links import MAX_NUMBER_CHARS_READ, MAX_STORY_CHARS_READ
from reports.extraction.phones import FoundPhone, ParsedCaller
from reports.facts import followup_facts
from reports.facts.merged_report import MergedReport
from reports.models import Indicator

_PLACES, _KINDS = Indicator.IndicatorSource, Indicator.Kind


def build_fingerprint(
    whole: MergedReport,
    callers: Iterable[ParsedCaller],
    told: Sequence[FoundPhone],
    later: Sequence[followup_facts.MentionedIndicator],
) -> ReportFingerprint:
    """The trail of a report, from what was found in it once for all: the numbers on its form and
    in its story, and what followups name. A caller that was corrected stays: it may tie reports
    together.
    """
    story = whole.report.story[:MAX_STORY_CHARS_READ]
    links = [
        *shared_identifiers.sites_in(story),
        *followup_facts.indicator_keys(_KINDS.LINK, later),
    ]
    sites = {
        shared_identifiers.host_of(link)
        for link in links
        if not shared_identifiers.is_common_link(link)
    }
    accounts = [
        *shared_identifiers.accounts_in(story),
        *followup_facts.indicator_keys(_KINDS.ACCOUNT, later),
    ]
    names = shared_identifiers.site_names_in(story, sites)
    return ReportFingerprint(
        frozenset(
            shared_identifiers.collect_identifiers(
                _numbers(story, callers, told, later), accounts, sites, names
            )
        ),
        fingerprint_script(_claimed(whole), _words(whole, story), sites),
        to_timestamp(whole.report.received_at),
    )


def _numbers(
    story: str,
    callers: Iterable[ParsedCaller],
    told: Sequence[FoundPhone],
    later: Sequence[followup_facts.MentionedIndicator],
) -> list[ParsedCaller]:
    """A story's numbers count where no form names a caller."""
    typed = [*callers, *followup_facts.phones_at(_PLACES.LATER, later)]
    return shared_identifiers.callers(typed, story, told) + (
        [] if any(phone.key for phone in typed) else followup_facts.phones_at(_PLACES.STORY, later)
    )


def _claimed(whole: MergedReport) -> str:
    names = [whole.report.claimed_name, *(leg.name for leg in whole.all_followup_callers)]
    return ". ".join(name[:MAX_NUMBER_CHARS_READ] for name in names if name)


def _words(whole: MergedReport, story: str) -> str:
    """What was told, as much of all of it as of a story."""
    later = (addition.story for addition in whole.substantive_followups)
    return "\n".join([story, *filter(None, later)])[:MAX_STORY_CHARS_READ]
