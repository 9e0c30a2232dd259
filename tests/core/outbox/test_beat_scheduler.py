"""Of several beats one works; another takes over when its session ends. Without a broker it does the jobs itself."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from celery import Celery
from django.conf import settings
from django.db import connection

from core.outbox import broker
from core.outbox.beat_scheduler import LOCK_INTERVAL_SECONDS, LockedScheduler
from core.valkey import make_celery_url
from tests.support.relay_broker import Valkey

pytestmark = pytest.mark.django_db

JOB = "test.job"


@pytest.fixture
def exits() -> Iterator[ExitStack]:
    with ExitStack() as exits:
        yield exits


@pytest.fixture
def valkey(monkeypatch: pytest.MonkeyPatch) -> Valkey:
    """A broker to which a busy machine may give more than 50 ms."""
    monkeypatch.setattr(broker, "TIMEOUT_SECONDS", 5.0)
    return Valkey()


def make_beat(exits: ExitStack, url: str, *jobs: str) -> LockedScheduler:
    """A beat whose jobs are always due."""
    app = Celery("other", broker=make_celery_url(url), set_as_current=False)
    app.conf.beat_schedule = {job: {"task": job, "schedule": 0.0} for job in jobs or [JOB]}
    beat = LockedScheduler(app)
    exits.callback(lambda: beat._session and beat._session.close())
    exits.callback(beat.broker.close)
    return beat


def test_one_of_two_sends_and_the_other_takes_over_when_its_session_ends(
    exits: ExitStack, valkey: Valkey
) -> None:
    first, second = (make_beat(exits, settings.REDIS_URL) for _ in range(2))
    assert (first.tick(), second.tick()) == (0, LOCK_INTERVAL_SECONDS)
    assert first.tick() == 0  # having the lock, it is given it again
    assert [(sent.task, sent.items) for sent in valkey.waiting()] == [(JOB, [])] * 2
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 9000)", [first._session.info.backend_pid])
    assert (second.tick(), first.tick()) == (0, LOCK_INTERVAL_SECONDS)
    assert first.tick() == LOCK_INTERVAL_SECONDS  # on a session anew it waits
    assert len(valkey.waiting()) == 3


def test_what_no_broker_takes_beat_does_itself_and_an_error_ends_nothing(exits: ExitStack) -> None:
    beat = make_beat(exits, "redis://127.0.0.1:1/0", "test.broken", JOB)
    done: list[str] = []

    @beat.app.task(name=JOB, shared=False)
    def work() -> None:
        done.append(JOB)

    @beat.app.task(name="test.broken", shared=False)
    def break_down() -> None:
        done.append("test.broken")
        raise ZeroDivisionError

    assert [beat.tick() for _ in range(4)] == [0] * 4
    assert set(done) == {JOB, "test.broken"}
