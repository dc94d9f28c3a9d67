"""`python -m instrument` is `aitunes`."""

import sys

from instrument.cli import run

if __name__ == "__main__":
    sys.exit(run())
