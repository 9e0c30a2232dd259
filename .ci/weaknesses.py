"""Ask pip-audit about a lock. What was not judged, since the list cannot be reached or does not know a
package, is told and fails a release alone (RELEASE=1, `make release`).
"""
# ruff: noqa: INP001

import json
import os
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


def judged(packages: list[dict[str, Any]], *, release: bool) -> tuple[int, list[str]]:
    """The exit code, and what to say."""
    weak = [f"{one['name']} {one['version']}: {flaw['id']}, mended in"
            f" {', '.join(flaw['fix_versions']) or 'no version yet'}"
            for one in packages for flaw in one.get("vulns", [])]  # fmt: skip
    unknown = [one["name"] for one in packages if "skip_reason" in one]
    lines = list(weak)
    if unknown:
        lines.append(f"not checked: {len(unknown)} of {len(packages)} packages, of which the list"
                    " that can be reached here says nothing")  # fmt: skip
    return int(bool(weak or (release and unknown))), lines or [
        f"{len(packages)} packages, none with a known weakness"
    ]


def main() -> int:
    release = bool(os.environ.get("RELEASE"))
    try:
        packages = load_packages(*sys.argv[1:])
    except (OSError, ValueError, KeyError, subprocess.TimeoutExpired) as error:
        sys.stdout.write(f"not checked: no list of weaknesses ({type(error).__name__})\n")
        return int(release)
    code, lines = judged(packages, release=release)
    sys.stdout.write("\n".join(lines) + "\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
