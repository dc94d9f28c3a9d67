"""`python -m instrument` is `aitunes`."""

import sys

try:
    from aitunes.early_stop import end_at_once_on_interrupt
except KeyboardInterrupt:
    sys.exit(130)


def run() -> int:
    """Run the command; Ctrl-C ends it without a traceback from its first moment on."""
    end_at_once_on_interrupt()
    from instrument.cli import run as command

    return command()


if __name__ == "__main__":
    sys.exit(run())
