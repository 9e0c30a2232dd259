"""Ask pip-audit about a lock. A list that cannot be reached is told and fails nothing; a package that
the list does not know was not judged, and that is told as well.
"""
# ruff: noqa: INP001

import json
import subprocess
import sys
from typing import Any

PATIENCE = 120  # seconds


def load_packages(command: str, lock: str) -> list[dict[str, Any]]:
    """What is known of each package. Raises OSError, ValueError and TimeoutExpired for no answer."""
    arguments = [command, "--requirement", lock, "--no-deps", "--disable-pip", "--format", "json"]
    answer = subprocess.run(  # noqa: S603
        arguments, capture_output=True, text=True, check=False, timeout=PATIENCE
    )
    packages: list[dict[str, Any]] = json.loads(answer.stdout)["dependencies"]
    return packages


def judged(packages: list[dict[str, Any]]) -> tuple[int, list[str]]:
    """The exit code, and what to say."""
    weak = [f"{one['name']} {one['version']}: {flaw['id']}, mended in"
            f" {', '.join(flaw['fix_versions']) or 'no version yet'}"
            for one in packages for flaw in one.get("vulns", [])]  # fmt: skip
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    lines = list(weak)
    if unknown:
        lines.append(f"not checked: {len(unknown)} of {len(packages)} packages, of which the list"
                    " that can be reached here says nothing")  # fmt: skip
    return int(bool(weak)), lines or [f"{len(packages)} packages, none with a known weakness"]


def main() -> int:
    try:
        packages = load_packages(*sys.argv[1:])
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        sys.stdout.write(f"not checked: no list of weaknesses ({type(error).__name__})\n")
        return 0
    code, lines = judged(packages)
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
