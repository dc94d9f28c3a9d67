"""Attack a running AiTunes on this machine in every way that is known, and print what came of it, a line each.

    python -m benchmarks.attack [--inputs 10000] [--seed 1] [--only NAME ...]

Everything is bounded and stays on the loopback device. Each line says "held" or "BROKEN"; the exit status is 1 where
something broke. `--inputs 1000000` reads a million damaged cards, maps, packets, scores, MIDI files, mappings, packed
releases, indexes, tables of notes and of genres, snapshots, settings, sets, sounds, models, motions and pictures.
Forged senders need a raw socket, so run it as root for those; otherwise they are "not tried".
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.attacks import connections, floods, senders, texts
from benchmarks.attacks.inputs import attack_all
from benchmarks.attacks.target import NotTriedError, Target

ATTACKS: dict[str, Callable[[Target], str]] = {
    attack.__name__: attack
    for attack in (
        connections.web_page,
        connections.command_over_tcp,
        senders.silent_subscriber,
        senders.forged_subscribers,
        senders.echoing_client,
        senders.two_engines,
        senders.itself,
        senders.patterns,
        senders.refusals,
        texts.escapes,
        connections.junk,
        texts.cards,
        texts.names,
        texts.sets,
        texts.folders,
        senders.queue,
        connections.oscquery,
        connections.web_bodies,
        connections.web_sockets,
        floods.notes,
        floods.held_events,
        floods.stopped_helpers,
    )
}


def main() -> int:
    """Run the list."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inputs", type=int, default=10_000, help="damaged inputs, of all readers together")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", choices=[*ATTACKS, "inputs"], help="these attacks alone")
    options = parser.parse_args()
    chosen = options.only or [*ATTACKS, "inputs"]
    names = [name for name in chosen if name in ATTACKS]
    broken = _attack_an_engine(names) if names else 0
    if "inputs" in chosen:
        for name, count, refused in attack_all(options.inputs, options.seed):
            print(f"{name:20} held        {count:,} damaged inputs, {refused:,} refused", flush=True)
    return 1 if broken else 0


def _attack_an_engine(names: list[str]) -> int:
    """Make these attacks on one engine; return how many did not hold."""
    broken = 0
    with tempfile.TemporaryDirectory(prefix="aitunes-attack-") as folder:
        target = Target(Path(folder))
        try:
            for name in names:
                try:
                    line = "held        " + ATTACKS[name](target)
                except NotTriedError as error:
                    line = f"not tried   {error}"
                except Exception as error:  # noqa: BLE001  the next attack is tried as well
                    broken += 1
                    line = f"BROKEN      {error!r}"
                print(f"{name:20} {line}", flush=True)
        finally:
            target.close()
    return broken


if __name__ == "__main__":
    sys.exit(main())
