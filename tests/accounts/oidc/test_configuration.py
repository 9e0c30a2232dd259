"""The provider is named by the environment alone, and costs nothing where there is none."""

import subprocess
import sys
from pathlib import Path

from tests.support.processes import ROOT


def run_script(script: str, **env: str) -> str:
    """Return what a fresh process prints."""
    command = [sys.executable, "-W", "ignore", "-c", script]
    environment = {"DJANGO_SETTINGS_MODULE": "portal.settings", "SECRET_KEY": "x"} | env
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_who_does_not_use_it_does_not_pay_for_it() -> None:
    script = (
        "import sys, django; django.setup(); from django.urls import reverse;"
        "reverse('admin:oidc_start'); print({'requests', 'mozilla_django_oidc'} & set(sys.modules))"
    )
    assert run_script(script) == "set()"


def test_the_environment_sets_it_up_and_the_secret_may_be_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from the provider\n")
    names = ("ISSUER", "CLIENT_ID", "CLIENT_SECRET", "SCOPES", "CLAIM", "SECOND_FACTOR_AMR")
    script = (
        "from django.conf import settings;"
        f"print([getattr(settings, 'OIDC_' + name) for name in {names}])"
    )
    env = {"OIDC_ISSUER": "https://a.example/", "OIDC_CLIENT_SECRET_FILE": str(secret)}
    environment = env | {"OIDC_CLIENT_ID": "portal", "OIDC_SECOND_FACTOR_AMR": "otp, mfa,"}
    assert run_script(script, **environment) == str(
        ["https://a.example/", "portal", "from the provider", "openid", "sub", ("otp", "mfa")]
    )
