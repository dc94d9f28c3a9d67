"""The MIDI process beside an engine, which starts it: waits until there is sound, and ends with the engine."""

import os
import sys


def main() -> int:
    """Wait for a byte on standard input, then do what `aitunes midi` does, with the words of the command line."""
    if not os.read(sys.stdin.fileno(), 1):
        return 0
    # Here, because until there is sound nothing may compete with it, not even these imports.
    from instrument.cli import main as command

    return command(["midi", "--sidecar", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
