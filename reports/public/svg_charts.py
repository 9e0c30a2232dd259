"""Column charts as SVG, in whole units of the picture. Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

PITCH, THICK = 12, 9
LEFT, RIGHT, TOP, HEIGHT, FOOT = 40, 18, 24, 150, 30
STUB = 6  # the height of a suppressed count
_STEPS = (10, 20, 30, 40, 60, 80, 100)


@dataclass(frozen=True)
class Column:
    """A day, of a week its Monday; `count`: None if suppressed; `label`: of the axis, or ""."""

    monday: date
    count: int | None
    x: int
    y: int
    height: int
    label: str = ""

    @property
    def middle(self) -> int:
        return self.x + THICK // 2


@dataclass(frozen=True)
class Line:
    count: int
    y: int


@dataclass(frozen=True)
class Chart:
    """All columns in order; `highest` has the largest count, None where none is public."""

    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    highest: Column | None
    left: int = LEFT
    thick: int = THICK
    floor: int = TOP + HEIGHT

    @property
    def width(self) -> int:
        return LEFT + PITCH * len(self.columns) + RIGHT

    @property
    def height(self) -> int:
        return self.floor + FOOT

    @property
    def right(self) -> int:
        return self.width - RIGHT

    @property
    def has_hidden(self) -> bool:
        return any(column.count is None for column in self.columns)


def begins_a_month(monday: date) -> bool:
    return monday.day <= 7


def begins_a_week(day: date) -> bool:
    return day.weekday() == 0


def chart(
    weeks: Mapping[str, int | None], is_named: Callable[[date], bool] = begins_a_month
) -> Chart:
    """Return the chart of counts by ISO date; `is_named` picks the days with labels."""
    top = ceiling(max((count or 0 for count in weeks.values()), default=0))
    columns = tuple(_columns(weeks, top, is_named))
    lines = tuple(Line(count, _y(count, top)) for count in (0, top // 2, top))
    counted = [column for column in columns if column.count]
    return Chart(columns, lines, max(counted, key=lambda column: column.count or 0, default=None))


def ceiling(highest: int) -> int:
    """Return a round, even number that is not below *highest*."""
    scale = 1
    while highest > _STEPS[-1] * scale:
        scale *= 10
    return next(step * scale for step in _STEPS if step * scale >= highest)


def share(count: int, highest: int) -> int:
    """Return a count in hundredths of the highest, at least 1 for a count."""
    return max(1, round(100 * count / highest)) if count and highest else 0


def _columns(
    weeks: Mapping[str, int | None], top: int, is_named: Callable[[date], bool]
) -> Iterator[Column]:
    for place, (day, count) in enumerate(sorted(weeks.items())):
        monday = date.fromisoformat(day)
        y = TOP + HEIGHT - STUB if count is None else _y(count, top)
        label = f"{monday.day}/{monday.month}" if is_named(monday) else ""
        yield Column(monday, count, LEFT + PITCH * place, y, TOP + HEIGHT - y, label)


def _y(count: int, top: int) -> int:
    return TOP + HEIGHT - round(HEIGHT * count / top)
