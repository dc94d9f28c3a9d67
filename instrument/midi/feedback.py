"""Shows values on controllers that have motors or lights."""

from __future__ import annotations

from instrument.midi.controllers import FINE
from instrument.midi.mapping import Control, Mapping
from instrument.midi.messages import ControlChange, Message, NoteOn, PitchBend, encode
from instrument.midi.port_watch import PortWatch


class Feedback:
    """Sends values to the outputs of the devices that are mapped to them.

    Args:
        watch: knows the ports.
    """

    def __init__(self, watch: PortWatch) -> None:
        self._watch = watch

    def show(self, mapping: Mapping, share: float) -> None:
        """Move the fader, or switch the light, that a mapping names to a share 0..1 of its range."""
        for message in feedback_messages(mapping, share):
            self._watch.send(mapping.source.device, encode(message))


def feedback_messages(mapping: Mapping, share: float) -> list[Message]:
    """Return what a controller is sent; nothing for one that cannot show a value.

    >>> from instrument.midi.mapping import Source
    >>> feedback_messages(Mapping("/aitunes/gain", Source(Control.CONTROLLER, 7)), 1.0)
    [ControlChange(channel=1, number=7, value=127)]
    """
    source, value = mapping.source, round(share * mapping.source.control.full)
    channel = source.channel or 1
    match source.control:
        case Control.CONTROLLER:
            return [ControlChange(channel, source.number, value)]
        case Control.CONTROLLER14:
            coarse, fine = value >> 7, value & 0x7F
            return [ControlChange(channel, source.number, coarse), ControlChange(channel, source.number + FINE, fine)]
        case Control.NOTE:
            return [NoteOn(channel, source.number, value)]
        case Control.BEND:
            return [PitchBend(channel, value)]
    return []
