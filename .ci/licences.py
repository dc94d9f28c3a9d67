"""Prints the licence of every package that AiTunes installs, and fails for one that does not go with MIT.

    python .ci/licences.py [--quiet]

It reads what is installed and asks nobody.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution

EXTRAS = ("", "pad", "web", "midi", "training", "window")
# A library under the LGPL may be used and replaced; one under the GPL would make this program GPL as well.
_REFUSED = re.compile(r"(?<!L)(?<!Lesser )(A?GPL|(Affero )?General Public License)", re.IGNORECASE)
_ALTERNATIVES = re.compile(r"\bOR\b")


def main() -> int:
    """Print the list; the exit status is 1 where a licence is refused or not stated."""
    wrong = []
    for package in sorted(needed("aitunes"), key=lambda package: package.name.lower()):
        licence = stated(package)
        choices = _ALTERNATIVES.split(licence) if licence else []
        if all(_REFUSED.search(choice) for choice in choices):
            wrong.append(f"{package.name} {package.version}: {licence or 'no licence is stated'}")
        if "--quiet" not in sys.argv:
            print(f"{package.name:32} {package.version:16} {licence}")
    for line in wrong:
        print(f"does not go with MIT: {line}", file=sys.stderr)
    return 1 if wrong else 0


def needed(root: str) -> Iterator[Distribution]:
    """Yield what a package needs, directly or not, as far as it is installed; without itself."""
    seen, waiting = {root}, [(root, EXTRAS)]
    while waiting:
        name, extras = waiting.pop()
        try:
            package = distribution(name)
        except PackageNotFoundError:  # of another system, or an extra that is not installed
            continue
        if name != root:
            yield package
        for requirement in package.requires or []:
            other = re.match(r"[A-Za-z0-9._-]+", requirement)
            extra = re.search(r"""extra *== *['"]([^'"]+)""", requirement)
            found = re.sub(r"[-_.]+", "-", other[0]).lower() if other else root
            if found not in seen and (extra is None or extra[1] in extras):
                seen.add(found)
                waiting.append((found, ("",)))


def stated(package: Distribution) -> str:
    """Return the licence that a package states: as an expression, among its classifiers, or in words."""
    if expression := package.metadata.get("License-Expression"):
        return str(expression)
    classifiers = package.metadata.get_all("Classifier") or []
    if found := [line.rpartition(" :: ")[2] for line in classifiers if line.startswith("License :: OSI")]:
        return " OR ".join(found)
    return str(package.metadata.get("License") or "").partition("\n")[0][:80]


if __name__ == "__main__":
    sys.exit(main())
