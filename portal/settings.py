"""Django's settings; safe by default, and imported without secrets. portal/environment.py reads the
environment; portal/checks.py lists what a production start refuses.
"""

import structlog

from core import valkey
from core.province import province
from core.tracing import add_trace
from portal.environment import *

# The desk, and the invitation that leads to it.
STAFF_PATHS = (f"/{ADMIN_PATH}/", "/can-bo/")

INSTALLED_APPS = [
    "portal.apps.PortalConfig",
    "portal.apps.DeskAdminConfig",  # django.contrib.admin with our site
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "axes",
    "crispy_forms",
    "core.apps.CoreConfig",
    "reports.apps.ReportsConfig",
    "accounts.apps.AccountsConfig",
    "desk.apps.DeskConfig",
    "alerts.apps.AlertsConfig",
]

# Around every page, the outermost first. Of these none knows a session or a user, and around a public
# page nothing else stands.
MIDDLEWARE = [
    "portal.middleware.RequestCountMiddleware",  # outermost: also what the next ones answer
    "portal.middleware.SecurityHeadersMiddleware",  # around the others: also on what they answer
    "portal.middleware.CachedCSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.middleware.security.SecurityMiddleware",  # refuses names that are not ours, under all of those
    # Before WhiteNoise: where files are not collected and pre-compressed, it compresses them too.
    "portal.middleware.NoTransformGZipMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.PathLanguageMiddleware",
    "portal.middleware.StaffNetworksMiddleware",  # before anybody asks where a path leads
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "portal.middleware.StaffStackMiddleware",  # innermost: through the list below, or straight on
]
# Around the views of STAFF_PATHS, within the list above.
STAFF_MIDDLEWARE = [
    "portal.middleware.StaffSessionMiddleware",
    "portal.middleware.MaxSessionAgeMiddleware",  # before anybody is known by a session that is over
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",  # after the user is known
    "django.contrib.messages.middleware.MessageMiddleware",
    "portal.middleware.AuditDeniedAccessMiddleware",  # logs each refusal
    "axes.middleware.AxesMiddleware",  # last: it turns a lock-out into a page
]
# They look for four of those in MIDDLEWARE; a test asks them about both lists.
SILENCED_SYSTEM_CHECKS = ["admin.E408", "admin.E409", "admin.E410", "axes.W002"]

if TRACES_URL:  # the library costs nobody else its memory
    MIDDLEWARE.insert(0, "portal.traces.TraceMiddleware")

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

# The check of an alarm of reports/ that lies in a room above it.
CERTIFICATE_ALARM = "alerts.formats.cap_signer.is_certificate_ending"

# Django looks at the first engine for the admin; public pages name the second, whose context
# never touches session, user or messages, so that no public page varies by cookie.
TEMPLATES = [
    {
        "NAME": "desk",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "core.province_names.build_page_context",
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
    {
        "NAME": "public",
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["core.province_names.build_page_context"]},
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = ("portal_forms",)
CRISPY_TEMPLATE_PACK = "portal_forms"

DATABASES = {
    "default": DATABASE
    | {"CONN_MAX_AGE": None, "CONN_HEALTH_CHECKS": True, "ATOMIC_REQUESTS": False}
}
DATABASES["default"]["OPTIONS"] = {
    **DATABASES["default"].get("OPTIONS", {}),
    "connect_timeout": 3,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    # A page of the desk joins seven tables and a list of keys. With one more, PostgreSQL left to its eight
    # would keep the order as written, and begin with all reports.
    "options": "-c statement_timeout=5000 -c lock_timeout=2000"
    " -c idle_in_transaction_session_timeout=15000"
    " -c join_collapse_limit=11 -c from_collapse_limit=11"
    # The session of a machine that was cut off ends, and with it locks that others wait for.
    " -c tcp_keepalives_idle=5 -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3",
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Queue. core/outbox/broker.py alone publishes: a dead or frozen broker costs it 50 ms.
CELERY_BROKER_URL = valkey.make_celery_url(REDIS_URL)
CELERY_BROKER_TRANSPORT_OPTIONS = valkey.make_celery_options(REDIS_URL) | {
    "visibility_timeout": 60,  # above the longest task
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False  # whoever reaches Valkey could stop the worker
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_TASK_SOFT_TIME_LIMIT = 20
CELERY_TASK_TIME_LIMIT = 30
CELERY_TASK_PUBLISH_RETRY = False
CELERY_DB_REUSE_MAX = 1000
CELERY_TIMEZONE = "Asia/Ho_Chi_Minh"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULER = "core.outbox.beat_scheduler:LockedScheduler"
CELERY_BEAT_SCHEDULE = {
    "check-queue-alarms": {"task": "reports.check_queue_alarms", "schedule": 60.0},
    "send-deadline-reminders": {"task": "reports.send_deadline_reminders", "schedule": 60.0},
    "route-new-cases": {"task": "reports.route_new_cases", "schedule": 30.0},
    "count-queue": {"task": "reports.count_queue", "schedule": 300.0},
    # Does it once a night.
    "update-public-statistics": {"task": "reports.update_public_statistics", "schedule": 1800.0},
    "count-saved-searches": {"task": "desk.count_saved_searches", "schedule": 300.0},
    "update-daily-counts": {"task": "reports.update_daily_counts", "schedule": 600.0},
    "detect-bursts": {"task": "reports.detect_bursts", "schedule": 600.0},
    "close-idle-accounts": {"task": "accounts.close_idle_accounts", "schedule": 3600.0},
    "purge": {"task": "reports.purge", "schedule": 60.0},  # begins once a night
    "extend-audit-chain": {"task": "reports.extend_audit_chain", "schedule": 60.0},
    "dispatch-due-deliveries": {"task": "alerts.dispatch_due_deliveries", "schedule": 30.0},
    "purge-sounds": {"task": "alerts.purge_unused_sounds", "schedule": 3600.0},
    "dispatch-notices": {"task": "reports.dispatch_notices", "schedule": 60.0},
    "send-office-mails": {"task": "reports.send_office_mails", "schedule": 60.0},
    "dispatch-block-letters": {"task": "reports.dispatch_block_letters", "schedule": 10.0},
    "purge-subscribers": {"task": "alerts.purge_unconfirmed_subscribers", "schedule": 3600.0},
    "verify-audit-chain": {"task": "reports.verify_audit_chain", "schedule": 600.0},
    # The front server trusts files for 55 seconds after they were last found right.
    "refresh-static-pages": {"task": "alerts.refresh_static_pages", "schedule": 20.0},
}

# --- Alarms (reports/monitoring/alarms.py) and figures for a machine (portal/metrics.py)
vars().update(load_email_settings())
EMAIL_TIMEOUT = 10

# --- People of the desk
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",  # first: a locked door asks nobody
    "accounts.backends.DeskBackend",
]
PASSWORD_HASHERS = ["accounts.password_validators.Owasp19MiBArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 14},  # and a second factor, always
    },
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.password_validators.GuessablePasswordValidator"},
    {"NAME": "accounts.password_validators.BreachedPasswordValidator"},
]
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"  # no cookie more
LOGIN_URL = "admin:login"
OTP_TOTP_ISSUER = f"{province.office} {province.name}"
OTP_ADMIN_HIDE_SENSITIVE_DATA = True
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]  # a name alone would lock officers out
AXES_CLIENT_IP_CALLABLE = "core.client_ip.client_network"
AXES_RESET_ON_SUCCESS = True
# A code on paper stays good when the password beside it was wrong: no failure keeps it.
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "otp_token", "confirm_proof"]
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_ENABLE_ADMIN = False
AXES_LOCKOUT_TEMPLATE = "admin/lockout.html"
SESSION_COOKIE_AGE = 30 * 60  # without a page asked for
SESSION_SAVE_EVERY_REQUEST = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
# Under https no neighbour under the same domain can set these cookies, which takes the path /;
# what is not the desk reads none (portal/middleware.py).
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_PATH = CSRF_COOKIE_PATH = "/" if HTTPS else f"/{ADMIN_PATH}/"
SESSION_COOKIE_NAME = "__Host-sessionid" if HTTPS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if HTTPS else "csrftoken"
# A receipt's (reports/views/report.py): a neighbour could otherwise plant the receipt of another report.
RECEIPT_COOKIE_NAME = "__Host-receipt" if HTTPS else "receipt"

# --- The web
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# Not no-referrer: browsers would then post `Origin: null` and every form would be refused.
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "base-uri": ["'none'"],
        "connect-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "img-src": ["'self'"],
        "manifest-src": ["'self'"],
        "media-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "report-uri": "/csp/",
        "report-to": "csp",
    }
}
# Above our own limits, so that our sentence answers and not a bare 400 (reports/views/form_errors.py).
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = DATA_UPLOAD_MAX_NUMBER_FILES = 2000
# One page takes files and has a handler of its own; on no other is a file written anywhere.
FILE_UPLOAD_HANDLERS = ["reports.attachments.upload_handler.DiscardFilesUploadHandler"]

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
_collected = (STATIC_ROOT / "staticfiles.json").exists()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "evidence-folder": {
        "BACKEND": "reports.attachments.storage.FolderStorage",
        "OPTIONS": {"allow_overwrite": True},
    },
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if _collected
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
    "published": {"BACKEND": "core.bucket_storage.BucketStorage", "OPTIONS": {"url": PUBLISHED_URL}}
    if PUBLISHED_URL
    else {"BACKEND": "alerts.static_pages.store.PublishedFolder"},
}
if EVIDENCE_URL:
    STORAGES["evidence-bucket"] = {
        "BACKEND": "core.bucket_storage.BucketStorage",
        "OPTIONS": {"url": EVIDENCE_URL},
    }
WHITENOISE_USE_FINDERS = not _collected
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- Words and time
LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", "Tiếng Việt"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "portal.formats"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Ho_Chi_Minh"

# --- Log lines: JSON, and never a body, a number or a name of a person.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {
            "()": "structlog.stdlib.ProcessorFormatter",
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
            "foreign_pre_chain": [
                add_trace,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.processors.format_exc_info,
            ],
        }
    },
    "filters": {
        "codes_only": {"()": "portal.logging_filters.ErrorRedactionFilter"},
        "server_codes": {"()": "portal.logging_filters.ServerRedactionFilter"},
        "log_in_codes": {"()": "portal.logging_filters.LoginRedactionFilter"},
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "json"},
        "null": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "INFO"},
    "loggers": {
        # A refused request is the visitor's affair; its path and body are not for the log. A path
        # may be an invitation, which opens an account. (Without any handler Python writes it.)
        "django.security": {"handlers": ["null"], "propagate": False},
        "django.request": {"level": "ERROR", "filters": ["codes_only"]},
        "gunicorn.error": {"filters": ["server_codes"], "propagate": True},
        # Three lines for each log-in that succeeds would drown the codes.
        "axes": {"level": "WARNING"},
        "axes.handlers.database": {"filters": ["log_in_codes"]},
        # They name each letter that a sheet of paper uses, and half of their lines are pruning.
        "fontTools": {"level": "ERROR"},
        "fpdf": {"level": "ERROR"},
    },
}
structlog.configure(
    processors=[
        add_trace,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso"),
        structlog.processors.format_exc_info,
        structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
    ],
    logger_factory=structlog.stdlib.LoggerFactory(),
    cache_logger_on_first_use=True,
)
