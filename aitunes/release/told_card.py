"""Tells a card in one datagram: one of many coordinates without its axes, which the hearer reads from its own copy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import numpy as np

from aitunes.errors import ReleaseError
from aitunes.release.card import ReleaseCard

MAX_TOLD = 60_000
"""Most characters of a card that is told; a datagram carries 65,507 bytes."""

_NO_AXES = '"axes":null'  # nothing else of a card reads so, since quotation marks within its texts are escaped


def told_card(card: ReleaseCard) -> str:
    """Return a card as JSON without spaces; where that is more than `MAX_TOLD` characters, its latent axes are null.

    Raises:
        ReleaseError: it is too long without them, too.
    """
    values = json.loads(card.to_json())
    text = _compact(values)
    if len(text) > MAX_TOLD:
        values["latent"]["axes"] = None
        text = _compact(values)
    if len(text) > MAX_TOLD:
        raise ReleaseError(f"the card has {len(text)} characters, more than a datagram carries; read card.json")
    return text


def heard_card(text: str, own_card: Callable[[str], ReleaseCard]) -> ReleaseCard:
    """Read a card that was told.

    One without axes is the hearer's own, where that is the same otherwise; else each of its coordinates is an axis.

    Args:
        text: what `told_card` returned, or a whole card.
        own_card: finds the hearer's card of a name, or raises ReleaseError.

    Raises:
        ReleaseError: it is no card.
    """
    if _NO_AXES not in text:
        return ReleaseCard.from_json(text)
    size = re.search(r'"latent_dim":([0-9]{1,3})\b', text)
    axes = np.eye(int(size[1]) if size else 0, dtype=int).tolist()
    told = ReleaseCard.from_json(text.replace(_NO_AXES, f'"axes":{_compact(axes)}'))
    try:
        own = own_card(told.name)
        return own if told_card(own) == text else told
    except ReleaseError:
        return told


def _compact(values: object) -> str:
    return json.dumps(values, separators=(",", ":"), allow_nan=False)
