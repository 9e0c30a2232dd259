"""`make run`: the whole portal on this machine, with invented people, for a first look."""

import argparse
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from ops.child_process import ChildProcess, StartError, die_with_parent
from ops.process_commands import BASE_DIR
from ops.serve import run_until_stopped, serve

# Celery warns whoever tries it as root, in many lines: a first look may.
AS_ROOT = "ignore:You're running the worker,ignore:An entry for the specified"


def print_progress(text: str) -> None:
    """Print at once; a reader that is gone is no error."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()


def prepare_database() -> None:
    """Create tables, reference rows, the first warning and three people, each where it is missing."""
    import django  # noqa: PLC0415  # only the process that prepares needs Django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.conf import settings  # noqa: PLC0415
    from django.core.management import CommandError, call_command  # noqa: PLC0415

    from tools.demo.site import create_demo_site  # noqa: PLC0415

    with contextlib.suppress(OSError):  # whitenoise warns at every start where it is missing
        settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("setup_desk", verbosity=0)
        create_demo_site()
    except CommandError as error:
        sys.exit(str(error))


def prepare_in_subprocess(env: Mapping[str, str]) -> None:
    """Run `prepare_database` in a process of its own, to free its memory. Raises StartError."""
    print_progress("Preparing the database …")
    command = [sys.executable, "-m", "tools.dev_server", "--prepare"]
    log = Path(env["DATA_DIR"]) / "prepare.log"
    child = ChildProcess("prepare", command, env=env, cwd=BASE_DIR, log=log)
    child.rotate_log()
    child.start()
    try:
        failed = child.process and child.process.wait()
    finally:
        child.kill_process_group()
    if failed:
        print_progress(log.read_text(errors="replace"))
        raise StartError(f"the database could not be prepared: see above, or {log}")


def welcome_text(data_dir: Path, port: str) -> str:
    """Return addresses, log-ins, and how to stop."""
    content = json.loads((data_dir / "first-look.json").read_text())
    url = content.get("url") or f"http://127.0.0.1:{port}"
    people = [f"    {one['user']:<20} {one['password']}" for one in content["people"]]
    desk = os.environ.get("ADMIN_PATH", "").strip("/") or "admin"
    folder = f"DATA_DIR={data_dir} " if os.environ.get("DATA_DIR") else ""
    lines = [
        "",
        f"The portal is ready:  {url}/",
        f"The officers' desk:   {url}/{desk}/",
        "",
        "    user                 password",
        *people,
        "",
        "The desk also asks for a one-time code. In a second terminal:",
        f"    {folder}.venv/bin/python manage.py officer_code NAME",
        f"To fill the desk with invented reports:  {folder}make demo",
        "To see what a lead does, invite one and open the link:",
        f"    PORT={url.rpartition(':')[2]} {folder}.venv/bin/python manage.py invite_officer chi.huy --role lead",
        "To stop: Ctrl-C",
        "",
    ]
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="first_look", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on")
    parser.add_argument("--prepare", action="store_true", help="only prepare the database")
    parser.add_argument("--with-parent", action="store_true", help="stop when our starter ends")
    options = parser.parse_args(arguments)
    if options.prepare:
        prepare_database()
        return 0
    os.environ.setdefault("PYTHONWARNINGS", AS_ROOT)
    if options.with_parent:
        die_with_parent(signal.SIGTERM, os.getppid())
    return run_until_stopped(lambda: serve(options.host, prepare_in_subprocess, welcome_text))


if __name__ == "__main__":
    sys.exit(main())
