"""Builds a static site that plays a release in the browser.

python -m instrument.web.demo --to build/demo-site
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from aitunes.errors import AiTunesError
from instrument.cli.common import library
from instrument.storage.library import DEFAULT_RELEASE
from instrument.web.demo.site import build_site


def main(words: list[str] | None = None) -> int:
    """Build the site that the command line asks for, and say how to look at it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--to", type=Path, required=True, metavar="FOLDER", help="new, or an earlier site")
    parser.add_argument("--release", default=DEFAULT_RELEASE, metavar="NAME", help=f"which release ({DEFAULT_RELEASE})")
    parser.add_argument("--releases", type=Path, metavar="FOLDER", help="look for releases there first")
    asked = parser.parse_args(words)
    try:
        size = build_site(library(asked), asked.release, asked.to)
    except (AiTunesError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{asked.to} plays {asked.release}, {size / 1e6:.1f} MB. Put it on any web space, or look at it here:")
    print(f"  python -m http.server --bind 127.0.0.1 --directory {asked.to} 8000    and open http://127.0.0.1:8000/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
