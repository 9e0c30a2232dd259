"""Django with nothing around the view, on the portal's own database settings."""

from portal.settings import (  # noqa: F401  # a settings module is its names
    ALLOWED_HOSTS,
    DATABASES,
    DEFAULT_AUTO_FIELD,
    SECRET_KEY,
    USE_TZ,
)

INSTALLED_APPS = ["bench"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "bench.limits"
