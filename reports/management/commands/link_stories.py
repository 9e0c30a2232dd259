"""manage.py link_stories: stories as JSON lines -> the campaign of each, with the reasons."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.campaigns.offline_clustering import LinkReason, StoryInput, StoryWithCampaign, cluster
from reports.management.json_lines_command import (
    InvalidInputLineError,
    JsonLinesCommand,
    record_of,
    text_of,
)

_FIELDS = ("caller_number", "claimed_to_be", "text", "bank_account", "at")


class Command(JsonLinesCommand):
    help = (
        "Read stories as JSON lines and print the campaign of each, or null for a single one. "
        "Writes nothing."
    )

    def handle_lines(self, text_lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        stories = [_story(line) for line in text_lines]
        linked = iter(cluster(story for story in stories if isinstance(story, StoryInput)))
        for story in stories:
            yield _answer(next(linked)) if isinstance(story, StoryInput) else story.answer()


def _story(line: str) -> StoryInput | InvalidInputLineError:
    try:
        record = record_of(line)
        return StoryInput(record.get("id"), *(text_of(record, field) for field in _FIELDS))
    except InvalidInputLineError as error:
        return error


def _answer(linked: StoryWithCampaign) -> dict[str, Any]:
    reasons = [_reason(why) for why in linked.whys]
    return {"id": linked.id, "campaign": linked.campaign, "reasons": reasons}


def _reason(why: LinkReason) -> dict[str, Any]:
    """A link as its reader sees it; `words` where a script ties."""
    answer = {
        "kind": why.link.kind,
        "value": why.link.value,
        "strength": why.link.strength,
        "reason": why.link.reason,
        "stories": why.stories,
    }
    return answer | ({"words": list(why.link.words)} if why.link.words else {})
