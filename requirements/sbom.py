"""What the portal is made of: the locked packages of a production start, as CycloneDX 1.6 in JSON, or
as a list of licences.
"""
# ruff: noqa: INP001

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom

HERE = Path(__file__).resolve().parent
# May be used by, and given along with, a work of any licence; LGPL and MPL as libraries of their own.
ALLOWED = frozenset({
    "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Modification", "HPND", "LGPL-3.0-only",
    "LGPL-3.0-or-later", "MIT", "MIT-0", "MIT-CMU", "MPL-2.0", "OFL-1.1", "PSF-2.0", "Unlicense",
})  # fmt: skip


@dataclass(frozen=True)
class Package:
    """One line of the lock: its version, the sha256 of each file that may be installed, its licence as
    SPDX writes it; "" where nobody looked.
    """

    name: str
    version: str
    hashes: tuple[str, ...]
    licence: str


def packages(lock: Path = HERE / "runtime.txt") -> list[Package]:
    """Every package of a lock."""
    known = dict(
        line.split("\t") for line in (HERE / "licences.tsv").read_text("utf-8").splitlines()
    )
    entries = re.split(r"\n(?=[A-Za-z0-9])", lock.read_text("utf-8"))
    found = [(re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", entry), entry) for entry in entries]
    return [
        Package(
            is_pinned[1],
            is_pinned[2],
            tuple(re.findall(r"sha256:([0-9a-f]{64})", entry)),
            known.get(is_pinned[1], ""),
        )
        for is_pinned, entry in found
        if is_pinned
    ]


def named(licence: str) -> set[str]:
    """The licences that an SPDX expression names."""
    return set(re.split(r"\s+(?:AND|OR)\s+", licence))


def refused(found: list[Package]) -> list[str]:
    """The packages whose licence nobody looked up, or is none of those allowed."""
    return [one.name for one in found if not named(one.licence) <= ALLOWED]


def bill(found: list[Package], version: str = "0") -> "Bom":
    """The bill of materials as the library models it. Raises ImportError outside `make dev`."""
    from cyclonedx.model import HashAlgorithm, HashType  # noqa: PLC0415
    from cyclonedx.model.bom import Bom  # noqa: PLC0415
    from cyclonedx.model.component import Component, ComponentType  # noqa: PLC0415
    from cyclonedx.model.license import LicenseExpression  # noqa: PLC0415
    from packageurl import PackageURL  # noqa: PLC0415

    whole = Bom()
    portal = Component(name="call-report-portal", version=version, type=ComponentType.APPLICATION)
    whole.metadata.component = portal
    for one in found:
        part = Component(
            name=one.name,
            version=one.version,
            type=ComponentType.LIBRARY,
            bom_ref=f"{one.name}=={one.version}",
            purl=PackageURL("pypi", None, one.name, one.version),
            licenses=[LicenseExpression(one.licence)],
            hashes=[HashType(alg=HashAlgorithm.SHA_256, content=each) for each in one.hashes],
        )
        whole.components.add(part)
        whole.register_dependency(portal, [part])
    return whole


def main() -> int:
    found = packages()
    if wrong := refused(found):
        sys.stderr.write(f"Look up the licence of, and write it into licences.tsv: {wrong}\n")
        return 1
    if "--licences" in sys.argv:
        sys.stdout.writelines(f"{one.name} {one.version}\t{one.licence}\n" for one in found)
        return 0
    from cyclonedx.output.json import JsonV1Dot6  # noqa: PLC0415

    sys.stdout.write(JsonV1Dot6(bill(found)).output_as_string(indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
