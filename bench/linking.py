"""Bar "link": linking one report against 1,000,000 reports and against 10,000.

Both databases lie on one server and are alike in all but their size: reports of a hundred days,
each found by sixteen words that other reports have too and by a number of its own. The words are
those of bench/data/links_dev.jsonl, whose reports are then linked (bench/linking_client.py), so that
every word of a newcomer leads to as many others as are looked at.
"""

import time
from collections.abc import Iterator
from functools import partial

from psycopg2.extras import execute_values

from bench.databases import copy_database, open_cursor
from bench.harness import Result, measure_ratio
from bench.linking_client import load_stories
from bench.servers import BenchServers
from reports.campaigns.offline_clustering import fingerprint_story
from reports.campaigns.script_fingerprint import MAX_KEYS, RareTerm, ScriptFingerprint, to_signed_64

MANY, FEW = 1_000_000, 10_000
MAX_MS, MAX_RATIO = 20, 1.3
MAX_FILL_SECONDS = 600  # seconds

CREATE_POOL_SQL = "CREATE TEMP TABLE pool (place int PRIMARY KEY, key bigint, packed bytea)"
# Triggers rest: what is found by need not be a whole report for this.
FILL_SQL = """
SET session_replication_role = replica;
SET maintenance_work_mem = '1GB';
SET work_mem = '512MB';
SET synchronous_commit = off;
ALTER TABLE reports_fingerprintkey DROP CONSTRAINT reports_fingerprintkey_pkey;
CREATE TEMP TABLE told AS
SELECT r, ('00000000-0000-4000-8000-' || lpad(to_hex(r), 12, '0'))::uuid AS id,
       now() - r * interval '100 days' / %(reports)s AS at, hashint8extended(r, 1) AS number,
       abs(hashint4(r)::bigint) %% (SELECT count(*) FROM pool) AS first
  FROM generate_series(1, %(reports)s) AS r;
CREATE TEMP TABLE words AS
SELECT r, pool.key, pool.packed
  FROM told CROSS JOIN generate_series(0, %(keys)s - 1) AS word
  JOIN pool ON place = (first + word * 191) %% (SELECT count(*) FROM pool);
INSERT INTO reports_report (
       id, public_number, received_at, source, submission_key, content_digest, channel,
       caller_number, claimed_office, claimed_name, story, demands, money_lost_raw, commune_raw,
       on_behalf, flags)
SELECT id, to_hex(r), at, 'web', to_hex(r), '', '', '', '', '', '', '{}', '', '', false, '{}'
  FROM told;
INSERT INTO reports_fingerprintkey (key, created_at, report_id)
SELECT key, at, id FROM words JOIN told USING (r) UNION ALL SELECT number, at, id FROM told;
INSERT INTO reports_reportfingerprint (report_id, created_at, keys, script_terms, lookup_keys)
SELECT id, at, ARRAY['same_number:+999' || r], '\\x28000000'::bytea || script, keys
  FROM told JOIN (SELECT r, string_agg(packed, '') AS script, array_agg(key) AS keys
                    FROM words GROUP BY r) AS each USING (r);
ALTER TABLE reports_fingerprintkey ADD PRIMARY KEY (key, created_at, report_id);
"""


def measure_latency(servers: BenchServers) -> Iterator[Result]:
    """The median time of one link among many, and against the same among few."""
    many = servers.env["DATABASE_URL"]
    few = copy_database(many)
    started = time.monotonic()
    fill_database(few, FEW)
    fill_database(many, MANY)
    filled = time.monotonic() - started
    ratio, figures = measure_ratio(
        partial(measure_median, servers, many), partial(measure_median, servers, few)
    )
    ours = figures["ours"]
    assert isinstance(ours, list)
    median = sorted(ours)[len(ours) // 2]
    yield Result("link", f"p50 of linking one report among {MANY:,}", median, "ms", most=MAX_MS)
    what = f"the same / among {FEW:,}"
    yield Result("link", what, ratio, most=MAX_RATIO, detail=figures)
    yield Result("link", "filling both databases", filled, "s", most=MAX_FILL_SECONDS)


def fill_database(database: str, reports: int) -> None:
    with open_cursor(database) as cursor:
        cursor.execute(CREATE_POOL_SQL)
        execute_values(cursor, "INSERT INTO pool VALUES %s", list(_list_keys()))
        cursor.execute(FILL_SQL, {"reports": reports, "keys": MAX_KEYS})
        cursor.execute("VACUUM ANALYZE reports_fingerprintkey")
        cursor.execute("VACUUM ANALYZE reports_reportfingerprint")


def _list_keys() -> Iterator[tuple[int, int, bytes]]:
    """Every key by which one of the stories is found, and a script's piece that holds it."""
    weights: dict[int, float] = {}
    for story in load_stories():
        script = fingerprint_story(story).script
        weight_by_key = {term.key: term.weight for term in script.terms}
        weights |= {key: weight_by_key.get(key, 5.0) for key in script.keys}
    for place, (key, weight) in enumerate(sorted(weights.items())):
        piece = ScriptFingerprint((RareTerm(key, 0, 0, weight, place),), 0).to_bytes()[4:]
        yield place, to_signed_64(key), piece


def measure_median(servers: BenchServers, database: str, seconds: float) -> float:
    """In milliseconds, of a process of its own."""
    return float(servers.run_client("bench.linking_client", seconds, DATABASE_URL=database)["p50"])
