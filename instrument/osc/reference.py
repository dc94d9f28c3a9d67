"""Writes `docs/osc.md` from the table of the namespace: `python -m instrument.osc.reference`."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from pathlib import Path

from aitunes.osc.address import DEFAULT_PORT
from aitunes.osc.packets import MAX_DEPTH
from instrument.namespace import ALIASES, LOCAL_ONLY, TABLE, Address, Argument, Kind, Value
from instrument.osc.dispatcher import MAX_EVENTS
from instrument.osc.framing import MAX_FRAME_BYTES
from instrument.osc.senders import REFUSALS, WORK
from instrument.osc.subscribers import LEASE_SECONDS, MAX_OF_ONE_HOST, MAX_REMOTE, MAX_SUBSCRIBERS
from instrument.osc.tcp import MAX_CONNECTIONS, MAX_UNREAD_BYTES
from instrument.synthesis.timeline import MAX_HELD

PAGE = Path(__file__).parents[2] / "docs" / "osc.md"


def _former() -> str:
    names = [f"`{alias}` (now `{present}`)" for alias, present in ALIASES.items()]
    return f"{', '.join(names)}, and all below them"


_INTRODUCTION = f"""\
# OSC reference

Written by `python -m instrument.osc.reference` from the table in `instrument/namespace`; change the table, not
this page.

AiTunes listens for OSC 1.0 over UDP at `127.0.0.1:{DEFAULT_PORT}`; `--osc-host` and `--osc-port` choose another
place. With `--osc-tcp` it listens at the same port over TCP, too, for SLIP frames as OSC 1.1 has them, or for
packets after their length as OSC 1.0 has them: the first byte tells which. Replies go to the address and port, or the
connection, that asked.

- **Numbers** may come as `i`, `f`, `d` or `h`, switches as `T`, `F` or a number. A number out of its range is
  clipped to it; NaN and infinity are refused.
- **Settings** sent without arguments ask: the reply is the same address with the value.
- **Patterns** `? * [] {{}}` reach every address they match and their arguments fit. Without arguments they ask for the
  values of what they match, and do nothing else; where nothing there has a value, they act, as
  `/aitunes/{{play,stop}}` does. None reaches `/quit`.
- **Buttons** may act: an action or command without arguments takes one number, too. Any but 0 is a press; 0 is the
  button let go, and ignored.
- **Bundles** apply whole, at one hop, and nest at most {MAX_DEPTH} deep. A time tag says when the change is to be
  heard at the loudspeaker: it is held until the hop that is heard nearest to it, at most half a hop early or late. Up
  to {MAX_HELD:,} events of each sender are held. A tag of 1 or in the past is now; one more than a hop past on
  arrival counts as late. One packet may change {MAX_EVENTS} values.
- **Refusals** come as `/fail address reason` and change nothing, at most {REFUSALS.burst:.0f} at once and
  {REFUSALS.rate:.0f} a second for each sender. A datagram that is not OSC is only counted; a message of unknown
  types spoils no other of its bundle. What engines answer with (`/done`, `/fail`, `*.reply`, notices) is never
  answered.
- **Subscribers** (`/notify 1`) hear of every change but their own, and of what stands under Notices; a setting that is
  sent with the value it has is no change. Any message renews a subscription for {LEASE_SECONDS:.0f} s. Over UDP a
  subscriber proves that it is where it says: the answer
  `/done /notify id token` asks it to send `/notify 1 token` back, now and once a minute; `/done /notify id` means
  that it is proved. Until then a program of the engine's machine hears changes but not the streams `/aitunes/meter`
  and `/aitunes/scope`; another machine hears nothing, and its questions have short answers only. At most
  {MAX_SUBSCRIBERS} subscribe, {MAX_REMOTE} of them on other machines and {MAX_OF_ONE_HOST} on one of those.
- **Another port** for the answers, of the same machine, may stand in `/notify 1 port`, and then `/notify 1 port token`.
- **From this machine only**, as marked below: over UDP from a loopback address, or over a TCP connection after
  `/login token`; the token is in the file `osc-token` of AiTunes' data folder.
- **Over TCP** at most {MAX_CONNECTIONS} connections; a packet holds at most {MAX_FRAME_BYTES:,} bytes. A connection
  whose first bytes are no OSC, such as those of a web page, is closed at once. The end of a connection ends its
  subscription. Who leaves more than {MAX_UNREAD_BYTES >> 20} MiB unread is disconnected.
- **Work** is bounded: {WORK.rate:,.0f} units a second for each sender, where a message is one, each 64 bytes of it one
  more, and each address that a pattern is compared with another.
- **Former addresses** are deprecated, but keep working: {_former()}.
  Whoever sends one is answered by it, and subscribers are sent a change by both.

Types: `f` a number, `i` a whole number, `s` text, `T` a switch, `b` bytes; `…` repeats the last.
"""

_SECTIONS = {
    Kind.SETTING: "Settings of the sound; set with arguments, asked for with none, heard by subscribers. At the start "
    "they have the values that stand in brackets.",
    Kind.ACTION: "Acts of the sound, timed like settings.",
    Kind.COMMAND: "Work beside the sound, one thing after another; answered by `/done address …` when it is finished, "
    "or by `/fail address reason`.",
    Kind.REQUEST: "Questions.",
    Kind.RELAY: "For `aitunes midi`; the engine passes them on. [midi.md](midi.md) says what stands in a mapping.",
    Kind.NOTICE: "What subscribers are told beside the changes of settings.",
    Kind.SERVER: "The connection and the engine, as SuperCollider's server has them.",
}


def page(table: Iterable[Address] = TABLE) -> str:
    """Return the text of `docs/osc.md`."""
    rows = list(table)
    sections = [_section(kind, [row for row in rows if row.kind is kind]) for kind in _SECTIONS]
    return "\n".join([_INTRODUCTION, *sections])


def _section(kind: Kind, rows: list[Address]) -> str:
    lines = [
        f"## {kind.name.capitalize()}s" if kind is not Kind.SERVER else "## Server",
        "",
        _SECTIONS[kind],
        "",
        "| address | types | arguments | meaning |",
        "| --- | --- | --- | --- |",
        *(_row(row) for row in rows),
        "",
    ]
    return "\n".join(lines)


def _row(row: Address) -> str:
    path = row.path.replace("{n}", "N")
    arguments = ", ".join(_argument(argument) for argument in row.arguments) + (", …" if row.many else "")
    types = f"`{row.types}`" if row.types else ""
    limited = "; from this machine only" if row.path in LOCAL_ONLY else ""
    initial = f" [{' '.join(map(_value, row.initial))}]" if row.kind is Kind.SETTING and row.initial else ""
    return f"| `{path}` | {types} | {arguments} | {row.description}{limited}{initial} |"


def _value(value: Value) -> str:
    return f"{value:g}".replace("-", "−") if type(value) in (int, float) else str(value).lower()


def _argument(argument: Argument) -> str:
    unit = f" {argument.unit}" if argument.unit else ""
    if argument.default is not None:
        unit += f", {argument.default:g} where it is left out" if isinstance(argument.default, int | float) else ""
    unit += ", may be left out" if argument.optional else ""
    if math.isfinite(argument.low) and math.isfinite(argument.high):
        return f"{argument.name} {argument.low:.10g} to {argument.high:.10g}{unit}".replace("-", "−")
    if math.isfinite(argument.low):
        return f"{argument.name} from {argument.low:g}{unit}"
    return f"{argument.name}{unit}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE} is written.", file=sys.stderr)
