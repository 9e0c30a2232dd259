"""manage.py link_stories: print the campaign of each story of JSON lines, with the reasons."""

from collections.abc import Iterable, Iterator
from typing import Any

from reports.campaigns.offline_clustering import LinkReason, StoryInput, StoryWithCampaign, cluster
from reports.management.json_lines_command import (
    InvalidInputLineError,
    JsonLinesCommand,
    get_text,
    parse_record,
)

_FIELDS = ("caller_number", "claimed_to_be", "text", "bank_account", "at")


class Command(JsonLinesCommand):
    help = (
        "Read stories as JSON lines and print the campaign of each, or null for a single one. "
        "Writes nothing."
    )

    def handle_lines(self, text_lines: Iterable[str]) -> Iterator[dict[str, Any]]:
        stories = [_parse_story(line) for line in text_lines]
        linked = iter(cluster(story for story in stories if isinstance(story, StoryInput)))
        for story in stories:
            yield _format_answer(next(linked)) if isinstance(story, StoryInput) else story.answer()


def _parse_story(line: str) -> StoryInput | InvalidInputLineError:
    try:
        record = parse_record(line)
        return StoryInput(record.get("id"), *(get_text(record, field) for field in _FIELDS))
    except InvalidInputLineError as error:
        return error


def _format_answer(linked: StoryWithCampaign) -> dict[str, Any]:
    reasons = [_format_reason(reason) for reason in linked.reasons]
    return {"id": linked.id, "campaign": linked.campaign, "reasons": reasons}


def _format_reason(why: LinkReason) -> dict[str, Any]:
    answer = {
        "kind": why.link.kind,
        "value": why.link.value,
        "strength": why.link.strength,
        "reason": why.link.reason,
        "stories": why.stories,
    }
    return answer | ({"words": list(why.link.words)} if why.link.words else {})
