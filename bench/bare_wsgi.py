"""The WSGI door of the bare views."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "bench.bare_settings"
# Neither does intake ask whether its connection is sound: it tries again.
settings.DATABASES["default"]["CONN_HEALTH_CHECKS"] = False

application = get_wsgi_application()
