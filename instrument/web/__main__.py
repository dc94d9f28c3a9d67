"""The server beside an engine, which starts it: waits until there is sound, and ends with the engine."""

import contextlib
import os
import sys

_NICENESS = 10


def main() -> int:
    """Wait for a byte on standard input, then do what `aitunes web` does, with the words of the command line."""
    with contextlib.suppress(AttributeError, OSError):  # Windows has no nice
        os.nice(_NICENESS)
    if not os.read(sys.stdin.fileno(), 1):
        return 0
    # Here, because until there is sound nothing may compete with it, not even these imports.
    from instrument.cli import main as command

    return command(["web", "--sidecar", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
