"""Fill a first look: `site` creates its officers and warning, `reports` 300 reports (`make demo`)."""

import argparse
import os
import sys

import django


def main() -> None:
    parser = argparse.ArgumentParser(prog="demo", description=__doc__)
    parser.add_argument("what", choices=["site", "reports"])
    wait_help = "wait until the worker has read the reports, before they are counted"
    parser.add_argument("--wait", type=float, default=0, metavar="SECONDS", help=wait_help)
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.core.management import CommandError  # noqa: PLC0415

    from tools.demo import reports, site  # noqa: PLC0415  # models load after the set-up

    try:
        if options.what == "site":
            site.create_demo_site()
        else:
            print(reports.fill_desk(options.wait))
    except CommandError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
