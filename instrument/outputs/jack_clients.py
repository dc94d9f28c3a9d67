"""Lists JACK's clients that take or give sound, through one client of its own that stays and never joins the graph."""

from __future__ import annotations

import ctypes
import ctypes.util
from typing import Any

_NO_START_SERVER = 0x01  # jack/types.h: JackNoStartServer
_IS_INPUT, _IS_OUTPUT = 0x1, 0x2  # jack/types.h: JackPortIsInput, JackPortIsOutput
_AUDIO = b"32 bit float mono audio"  # jack/types.h: JACK_DEFAULT_AUDIO_TYPE
_OWN_NAME = b"AiTunes-watch"
_SHUTDOWN = ctypes.CFUNCTYPE(None, ctypes.c_void_p)


class JackClients:
    """Asks JACK, which a client that is not activated does not disturb."""

    def __init__(self) -> None:
        name = ctypes.util.find_library("jack")
        self._jack: Any = None if name is None else _declared(ctypes.CDLL(name))
        self._client: int | None = None
        self._on_shutdown = _SHUTDOWN(self._forget)

    def names(self, sources: bool = False) -> list[str] | None:
        """Return the names of clients with an audio input, or an audio output; None if no server answers."""
        if self._jack is None:
            return None
        if self._client is None:
            self._client = self._jack.jack_client_open(_OWN_NAME, _NO_START_SERVER, None)
            if self._client is None:
                return None
            self._jack.jack_on_shutdown(self._client, self._on_shutdown, None)
        ports = self._jack.jack_get_ports(self._client, None, _AUDIO, _IS_OUTPUT if sources else _IS_INPUT)
        names: dict[str, None] = {}
        if ports:
            count = 0
            while (port := ports[count]) is not None:
                names[port.decode(errors="replace").split(":")[0]] = None
                count += 1
            self._jack.jack_free(ports)
        return list(names)

    def _forget(self, _: Any) -> None:
        self._client = None


def _declared(jack: ctypes.CDLL) -> ctypes.CDLL:
    jack.jack_client_open.restype = ctypes.c_void_p
    jack.jack_client_open.argtypes = [ctypes.c_char_p, ctypes.c_int, ctypes.c_void_p]
    jack.jack_on_shutdown.argtypes = [ctypes.c_void_p, _SHUTDOWN, ctypes.c_void_p]
    jack.jack_get_ports.restype = ctypes.POINTER(ctypes.c_char_p)
    jack.jack_get_ports.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_char_p, ctypes.c_ulong]
    jack.jack_free.argtypes = [ctypes.c_void_p]
    return jack
