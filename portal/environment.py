"""Every environment variable that the portal reads: once, with its default and what it is for.

The `#:` comment above a reading becomes its row of docs/reference/settings.md (`make reference`).
`NAME_FILE` names a secret's file. `DATA_DIR/local.env` of local servers fills what is missing.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from environ.fileaware_mapping import FileAwareMapping

from ops.process_commands import is_first_look

BASE_DIR = Path(__file__).resolve().parent.parent

for _name in ("DATA_DIR", "PROVINCE_DIR", "DATABASE_URL", "REDIS_URL", "PORT"):
    if not os.environ.get(_name):  # given as nothing is not given
        os.environ.pop(_name, None)


class _SecretFiles(FileAwareMapping):
    """The environment and the files that it names, which may end with an editor's line break."""

    def __getitem__(self, key: str) -> str:
        return str(super().__getitem__(key)).strip()


env = environ.FileAwareEnv()
env.ENVIRON = _SecretFiles()

#: [`var/`] data of the local servers, `first-look.json`, archives, static pages (`static-pages/`),
#: what the supervisor counted
DATA_DIR = Path(env.str("DATA_DIR", str(BASE_DIR / "var"))).absolute()
environ.Env.read_env(DATA_DIR / "local.env")

#: [`province/`] the folder of the province that the portal serves (docs/province.md): names, hotline, communes, offices,
#: first warning
PROVINCE_DIR = Path(env.str("PROVINCE_DIR", str(BASE_DIR / "province"))).absolute()

#: [`DATA_DIR/files`] encrypted originals of what residents upload; best on a disk that is not the
#: database's
FILES_DIR = Path(env.str("FILES_DIR", str(DATA_DIR / "files"))).absolute()

#: [`FILES_DIR` alone] a private bucket for these files:
#: `s3://ID:SECRET@host:port/bucket`, a slash in the secret as `%2F`, without TLS `s3+http://`; as needed
#: `?region_name=…&addressing_style=virtual&verify=/path/of/ca.pem`. Several hosts all need it
EVIDENCE_URL = env.str("EVIDENCE_URL", "")

#: [`bucket` with `EVIDENCE_URL`, else `folder`] where new files go, to the `folder` (`FILES_DIR`) or the `bucket`; the
#: other is still read, until `manage.py move_evidence` has emptied it
EVIDENCE_STORE = env.str("EVIDENCE_STORE", "") or ("bucket" if EVIDENCE_URL else "folder")

#: [`DATA_DIR/static-pages`] a bucket for the public pages of warnings, which the front servers of all hosts read without
#: a key (`PUBLISHED_ORIGIN`): `s3://ID:SECRET@host:port/bucket`, a slash in the secret as `%2F`; `s3+http://` without TLS
PUBLISHED_URL = env.str("PUBLISHED_URL", "")

#: [none] the Zalo Official Account to which people send reports, and the app that answers for it:
#: `https://APP_ID:APP_SECRET@openapi.zalo.me/?webhook_secret=…&refresh_token=…`, each as Zalo's console shows it, what is
#: no letter or digit as `%…`. The console is given `PORTAL_URL` with `/api/zalo/`
ZALO_URL = env.str("ZALO_URL", "")

#: clamd, which scans uploads: `tcp://host:3310` or `unix:///path/of/its.socket`; without it the
#: desk says so and a production start warns
CLAMD_URL = env.str("CLAMD_URL", "")

#: where `make run` and `serve` listen
PORT = env.int("PORT", 8000)

#: [`http://127.0.0.1:PORT`] the public address; cookie flags, HSTS and redirects follow its scheme
PORTAL_URL = env.str("PORTAL_URL", f"http://127.0.0.1:{PORT}").rstrip("/")

_portal = urlsplit(PORTAL_URL)
HTTPS = _portal.scheme == "https"
FIRST_LOOK = is_first_look(PORTAL_URL)

#: Django's error pages for developers; a production start refuses it
DEBUG = env.bool("DEBUG", False)

#: [generated for a first look] Django's secret key, 50 characters or more
SECRET_KEY = env.str("SECRET_KEY", "")

#: [generated for a first look] Fernet keys with commas, newest first; they seal contacts, phrases,
#: stories and files. Losing them loses all of these
FIELD_ENCRYPTION_KEYS = tuple(env.list("FIELD_ENCRYPTION_KEYS", default=[]))

#: [generated for a first look] an age key (`manage.py backup --new-key`) that seals archives and
#: nothing else
BACKUP_KEY = env.str("BACKUP_KEY", "")

#: [generated for a first look] 32 bytes in base64 (`openssl rand -base64 32`); signs warnings and
#: the bundle of confirmed numbers. Without it there is no bundle, and a production start warns
SIGNING_KEY = env.str("SIGNING_KEY", "")

#: [generated for a first look] a P-256 key with its certificate, PEM or PEM in base64; signs CAP
#: messages. Together with `SIGNING_KEY` or not at all: with one alone nothing is issued
CAP_KEY = env.str("CAP_KEY", "")

#: [every site] origins with commas that alone may frame a warning, beside the portal; the word
#: `partners` stands for the origins that agencies have registered
FRAME_ANCESTORS = tuple(map(str.strip, env.list("FRAME_ANCESTORS", default=[])))

#: [loopback in a first look] host names that are answered, with commas
ALLOWED_HOSTS = env.list(
    "ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"] if FIRST_LOOK else []
)

#: [`admin`] where the desk is: one word of lower-case letters, digits and hyphens
ADMIN_PATH = env.str("ADMIN_PATH", "").strip("/") or "admin"

#: [every network] networks with commas that desk and invitations answer, e.g.
#: `10.20.0.0/16,2001:db8:7::/48`; for others they do not exist (404). Needs `TRUSTED_PROXIES`
ADMIN_NETWORKS = tuple(filter(None, map(str.strip, env.list("ADMIN_NETWORKS", default=[]))))

#: [a local server] PostgreSQL 17, e.g. `postgres://user:password@host/name`; itself, or a pooler
#: in session mode
DATABASE = env.db("DATABASE_URL", default="postgres:///portal")

#: [a local server] Valkey, e.g. `redis://:password@host:6379/0`: broker and counters; behind Sentinels
#: `redis+sentinel://:password@host:26379,host:26379/NAME`, where NAME is the master's and the password Valkey's
REDIS_URL = env.str("REDIS_URL", "")

#: [`enforce`] `count` never refuses a guess or look-up and flags no flood, for load tests; a
#: production start refuses it
RATE_LIMITS = env.str("RATE_LIMITS", "") or "enforce"

#: seconds that a report may wait for the machine before an alarm; five attempts take up to 120
QUEUE_ALARM_AFTER_SECONDS = env.int("QUEUE_ALARM_AFTER_SECONDS", 180)

#: who gets a mail when the queue is late, a report cannot be read or the count is off; with commas
ALARM_EMAILS = tuple(map(str.strip, env.list("ALARM_EMAILS", default=[])))

#: [no `/metrics`] opens `/metrics` (Prometheus) as `Authorization: Bearer …`; 32 characters or
#: more
METRICS_TOKEN = env.str("METRICS_TOKEN", "")

#: [no traces] a collector of OpenTelemetry traces (OTLP over HTTP), e.g. `http://collector:4318/v1/traces`. Spans hold
#: names of views and tasks, times and class names; log lines then bear the `trace`
TRACES_URL = env.str("TRACES_URL", "")

#: [none; a first look prints mails in its log] mail server, e.g.
#: `smtp+tls://user:password@host:587`, for alarms, agencies and subscribers. Without it
#: `/dang-ky/` takes no address
EMAIL_URL = env.str("EMAIL_URL", "")

#: [`no-reply@` and the host of `PORTAL_URL`] sender of the portal's mail
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or f"no-reply@{_portal.hostname}"

#: hosts with commas that warnings and letters about blocks go to over plain http and inside our network too, for
#: trials; a production start warns
PARTNER_TEST_HOSTS = tuple(env.list("PARTNER_TEST_HOSTS", default=[]))

#: warnings in a row that fail to reach an agency until that channel stops and the desk says so
PARTNER_MAX_FAILURES = env.int("PARTNER_MAX_FAILURES", 3)

#: published numbers that one officer may take down within an hour, and all officers three times as many
#: within a day; for more a second confirms each, and the leads are told
MAX_TAKEDOWNS_AN_HOUR = env.int("MAX_TAKEDOWNS_AN_HOUR", 5)

#: minutes within which somebody calls a reporter in danger
DEADLINE_CALL_MINUTES = env.int("DEADLINE_CALL_MINUTES", 15)

#: minutes until the next call where nobody was reached
DEADLINE_CALL_AGAIN_MINUTES = env.int("DEADLINE_CALL_AGAIN_MINUTES", 30)

#: hours from receipt within which a report is classified
DEADLINE_CLASSIFY_HOURS = env.int("DEADLINE_CLASSIFY_HOURS", 24)

#: working days within which the reporter of a tin báo về tội phạm is notified
DEADLINE_NOTIFY_WORKING_DAYS = env.int("DEADLINE_NOTIFY_WORKING_DAYS", 3)

#: days within which a tin báo về tội phạm is verified
DEADLINE_VERIFY_DAYS = env.int("DEADLINE_VERIFY_DAYS", 20)

#: months instead, from the same day, once that is extended
DEADLINE_VERIFY_MONTHS = env.int("DEADLINE_VERIFY_MONTHS", 2)

#: months more, once that is extended again; no further
DEADLINE_EXTENSION_MONTHS = env.int("DEADLINE_EXTENSION_MONTHS", 2)

#: working days within which an officer answers a request to erase or withdraw, and a correction
#: that waits
DEADLINE_REQUEST_WORKING_DAYS = env.int("DEADLINE_REQUEST_WORKING_DAYS", 2)

#: minutes within which a unit confirms an urgent hand-over.
DEADLINE_URGENT_RECEIPT_MINUTES = env.int("DEADLINE_URGENT_RECEIPT_MINUTES", 30)

#: hours within which a unit answers an urgent hand-over.
DEADLINE_URGENT_ANSWER_HOURS = env.int("DEADLINE_URGENT_ANSWER_HOURS", 24)

#: working days within which a unit confirms any other hand-over.
DEADLINE_RECEIPT_WORKING_DAYS = env.int("DEADLINE_RECEIPT_WORKING_DAYS", 1)

#: working days within which a unit answers any other hand-over.
DEADLINE_ANSWER_WORKING_DAYS = env.int("DEADLINE_ANSWER_WORKING_DAYS", 5)

#: the law that these lengths rest on, shown to officers beside them; the police's lawyers give it
DEADLINE_LEGAL_BASIS = env.str("DEADLINE_LEGAL_BASIS", "")

#: days after the work on a report has ended until contact, phrase and sealed story are erased. For
#: all `RETENTION_*`: `0` keeps until the police decide; a shorter time that a confirmed statement
#: promises goes first; a loss, a tin báo về tội phạm, a transferred report and a legal hold are
#: kept
RETENTION_CONTACT_DAYS = env.int("RETENTION_CONTACT_DAYS", 90)

#: months after which everything of it is erased, but for what is counted
RETENTION_STORY_MONTHS = env.int("RETENTION_STORY_MONTHS", 24)

#: months after which its files are erased
RETENTION_FILES_MONTHS = env.int("RETENTION_FILES_MONTHS", 24)

#: days after which the messages with its reporter are erased
RETENTION_MESSAGES_DAYS = env.int("RETENTION_MESSAGES_DAYS", 180)

#: days after which junk is erased, once a second officer has agreed
RETENTION_JUNK_DAYS = env.int("RETENTION_JUNK_DAYS", 30)

#: days after which a withdrawn report is erased, once a second officer has agreed
RETENTION_WITHDRAWN_DAYS = env.int("RETENTION_WITHDRAWN_DAYS", 15)

#: months after which a closed report with a loss is erased
RETENTION_LOSS_MONTHS = env.int("RETENTION_LOSS_MONTHS", 0)

#: months from receipt after which the callers' numbers of erased reports are erased too
RETENTION_NUMBERS_MONTHS = env.int("RETENTION_NUMBERS_MONTHS", 24)

#: days after its answer until the words and contact of a disputed number are erased, and after it was
#: asked until a question to an office is deleted
RETENTION_DISPUTES_DAYS = env.int("RETENTION_DISPUTES_DAYS", 90)

#: months after which officers' words in the audit log are erased, where they are about no report;
#: the events stay
RETENTION_EVENTS_MONTHS = env.int("RETENTION_EVENTS_MONTHS", 36)

#: months after which failed log-ins are erased
RETENTION_ATTEMPTS_MONTHS = env.int("RETENTION_ATTEMPTS_MONTHS", 12)

#: days after which `manage.py backup` removes older archives of its folder, never the newest; `0`:
#: never
BACKUP_KEEP_DAYS = env.int("BACKUP_KEEP_DAYS", 30)

#: [`30`; in a first look `0`] hours after the last archive until an alarm; `0`: never, where
#: something else backs up
BACKUP_ALARM_AFTER_HOURS = env.int("BACKUP_ALARM_AFTER_HOURS", 0 if FIRST_LOOK else 30)

#: hours from finding a data breach to the first notice
BREACH_FIRST_NOTICE_HOURS = env.int("BREACH_FIRST_NOTICE_HOURS", 24)

#: hours from finding it to the notice to the authority for personal data
BREACH_REPORT_HOURS = env.int("BREACH_REPORT_HOURS", 72)

#: how many reports one export of the queue may hold
EXPORT_MAX_ROWS = env.int("EXPORT_MAX_ROWS", 10_000)

#: file of stolen passwords that are refused: a SHA-1 in hex a line, sorted; nothing is asked
#: outside
BREACHED_PASSWORDS = env.str("BREACHED_PASSWORDS", "")

#: minutes for which a log-in, or a password or code given again, opens personal data and exports
REAUTHENTICATION_MINUTES = env.int("REAUTHENTICATION_MINUTES", 15)

#: [no such log-in] the provider of the ministry's account, e.g. `https://tai-khoan.example`; its
#: addresses are discovered there. This and the next two together, or a production start is refused
OIDC_ISSUER = env.str("OIDC_ISSUER", "")

#: the portal's name at that provider
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", "")

#: the portal's secret there
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", "")

#: [`openid`] what is asked for, with spaces
OIDC_SCOPES = env.str("OIDC_SCOPES", "") or "openid"

#: [`sub`] the claim of the signed token that names the officer, never to be given to another
#: person
OIDC_CLAIM = env.str("OIDC_CLAIM", "") or "sub"

#: [the code is asked here] values of `amr` or `acr`, with commas, on which the provider's second
#: factor is believed
OIDC_SECOND_FACTOR_AMR = tuple(
    filter(None, map(str.strip, env.list("OIDC_SECOND_FACTOR_AMR", default=[])))
)

#: hours after which an officer logs in again, however busy; 30 minutes without a page end a
#: session too
SESSION_MAX_HOURS = env.int("SESSION_MAX_HOURS", 12)

#: days without a log-in after which an account is closed, never the last lead's; a mail says so a
#: week before. `0`: never
ACCOUNT_IDLE_DAYS = env.int("ACCOUNT_IDLE_DAYS", 45)

#: [`0`; compose demands it] servers of ours in front, each adding to X-Forwarded-For; one more where a
#: load balancer does. Log-in locks and rate limits go by the address that they give; a production
#: start warns of `0`
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", 0)

#: [`build/static`] where collectstatic writes
STATIC_ROOT = Path(env.str("STATIC_ROOT", str(BASE_DIR / "build" / "static")))


def parse_email_url(url: str) -> dict[str, Any]:
    """Return Django's EMAIL_… settings for this address, "" for nowhere. Raises ValueError."""
    try:
        server: dict[str, Any] = environ.Env.email_url_config(url or "dummymail://")
    except ImproperlyConfigured as error:
        raise ValueError(str(error)) from error
    if server["EMAIL_BACKEND"].endswith("smtp.EmailBackend") and not server["EMAIL_HOST"]:
        raise ValueError("no mail server named")
    return server


def load_email_settings() -> dict[str, Any]:
    """Return Django's EMAIL_… settings, for nowhere if EMAIL_URL is unreadable, which portal/checks.py
    reports.
    """
    try:
        return parse_email_url(EMAIL_URL or ("consolemail://" if FIRST_LOOK else ""))
    except ValueError:
        return parse_email_url("")
