"""Build the unchanged image and compose file, run them, and try what operators and accidents do.

    python -m tools.image_test            in an engine of its own with stand-in bases (root, Debian)
    python -m tools.image_test --here     with this machine's engine and the real bases
    python -m tools.image_test --keep     and leave all running, to look at it

Exit code 1: something is wrong; 2: it could not be tried here.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from tools.image_test import checks
from tools.image_test.engine import Box, install_tools
from tools.image_test.outcome import NotRunError, Outcome
from tools.image_test.portal import HOST, CommandError, Portal
from tools.image_test.stand_ins import make_stand_ins


def main() -> int:
    options = parse_options()
    outcome = Outcome()
    folder = Path(tempfile.mkdtemp(prefix="image-test-", dir="/var/tmp"))
    box = None if options.here else Box(folder / "box")
    portal = None
    try:
        if box:
            start_box(box, outcome)
        portal = Portal(folder / "portal", box.env if box else os.environ, box.enter if box else ())
        run_all(portal, box, outcome)
    except NotRunError as error:
        outcome.say(f"NOT RUN: {error}")
        return 2
    except CommandError as error:
        outcome.check("every command goes through", str(error), "")
    finally:
        if not options.keep:
            remove(box, portal, folder)
        else:
            outcome.say(f"left in {folder}; DOCKER_HOST=unix://{folder}/box/docker.sock")
    outcome.say(f"{outcome.checked} checks, {outcome.failed} failed")
    return int(bool(outcome.failed))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.image_test")
    parser.add_argument(
        "--here", action="store_true", help="this machine's engine and the real bases"
    )
    parser.add_argument("--keep", action="store_true", help="leave all running")
    return parser.parse_args()


def start_box(box: Box, outcome: Outcome) -> None:
    install_tools()
    box.start()
    outcome.say("the engine runs")
    make_stand_ins(box)
    outcome.say("the bases are made")


def run_all(portal: Portal, box: Box | None, outcome: Outcome) -> None:
    """Do what docs/operations says, then try each check."""
    portal.copy_checkout()
    portal.write_env()
    portal.compose("build")
    outcome.say("built")
    portal.run("docker/make_secrets.sh", HOST)
    portal.run("docker/deploy.sh")
    outcome.say("started")
    checks.check_services(portal, outcome)
    checks.check_image(portal, outcome)
    checks.check_secrets(portal, outcome)
    checks.check_database(portal, outcome)
    code = checks.check_way_of_a_report(portal, outcome)
    checks.check_backup(portal, outcome)
    checks.check_front_after_reload(portal, outcome)
    checks.check_log_of_front(portal, outcome)
    checks.check_upgrade(portal, outcome)
    checks.check_change_of_keys(portal, outcome, code)
    checks.check_restore(portal, outcome, code)
    if box:
        check_power_cut(portal, box, outcome, code)
    checks.check_frozen(portal, outcome)


def check_power_cut(portal: Portal, box: Box, outcome: Outcome, code: str) -> None:
    """The power goes; what was running runs again after the boot, and has lost nothing."""
    box.kill()
    box.start()
    portal.enter = box.enter
    back = portal.wait_until(lambda: portal.visit("get", "/", "/readyz") == "200 200")
    outcome.check("after a power cut the portal is back", back)
    outcome.check("with its reports", portal.visit("open", code), "200 whole")


def remove(box: Box | None, portal: Portal | None, folder: Path) -> None:
    if box:
        box.remove()
    elif portal:
        portal.try_run("docker", "compose", "down", "--volumes")
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
