"""Whatever numbers a device reports, what is made of them stays within bounds."""

import json
import math
import sys
from types import SimpleNamespace

import pytest

from instrument.outputs import OutputError
from instrument.outputs.device import DeviceOutput
from instrument.outputs.scan import MAX_LATENCY_SECONDS, playing_devices

NONSENSE = [89_478.485, 1e300, math.inf, -math.inf, math.nan, -5.0]


@pytest.fixture
def device(monkeypatch):
    """`device(latency=…)` describes the only device of a PortAudio that is made of these descriptions alone."""

    def describe(stream_latency=0.01, **changes):
        described = {
            "name": "thru",
            "hostapi": 0,
            "max_output_channels": 2,
            "default_samplerate": 48_000.0,
            "default_low_output_latency": 0.01,
            **changes,
        }
        opened = []

        class Mixer:
            samplerate = described["default_samplerate"]
            latency = stream_latency

            def __init__(self, **options):
                opened.append(options)

        sounddevice = SimpleNamespace(
            PortAudioError=RuntimeError,
            query_devices=lambda device=None, kind=None: described if kind else [described],
            query_hostapis=lambda index=None: [{"name": "JACK"}] if index is None else {"name": "JACK"},
            default=SimpleNamespace(device=(0, 0)),
            _lib=None,
        )
        monkeypatch.setitem(sys.modules, "sounddevice", sounddevice)
        rings = SimpleNamespace(Mixer=Mixer, RingBuffer=lambda size, count: opened.append(count))
        monkeypatch.setitem(sys.modules, "rtmixer", rings)
        return sounddevice, opened

    return describe


@pytest.mark.parametrize("seconds", NONSENSE)
def test_a_nonsense_latency_is_bounded_wherever_it_is_told(device, seconds):
    sounddevice, opened = device(seconds, default_low_output_latency=seconds)
    output = DeviceOutput("thru")
    assert 0.0 <= output.latency_seconds <= MAX_LATENCY_SECONDS
    assert 0.0 <= opened[0]["latency"] <= MAX_LATENCY_SECONDS
    (listed,) = playing_devices(sounddevice)
    assert 0.0 <= listed["latency_seconds"] <= MAX_LATENCY_SECONDS
    json.dumps(listed, allow_nan=False)


@pytest.mark.parametrize("rate", [0.0, -48_000.0, 1e12, math.inf, math.nan])
def test_a_nonsense_rate_is_refused_before_a_ring_is_made_for_it(device, rate):
    _, opened = device(default_samplerate=rate)
    with pytest.raises(OutputError, match="a rate at which nothing plays"):
        DeviceOutput("thru")
    assert opened == []


@pytest.mark.parametrize("outputs", [0, -1])
def test_a_device_without_outputs_is_a_sentence(device, outputs):
    device(max_output_channels=outputs)
    with pytest.raises(OutputError, match=f"has {outputs} outputs"):
        DeviceOutput("thru")


@pytest.mark.parametrize(("outputs", "chosen", "opened"), [(1, (), 1), (2, (), 2), (64, (), 2), (10**6, (3, 4), 4)])
def test_no_more_outputs_are_opened_than_are_needed(device, outputs, chosen, opened):
    _, options = device(max_output_channels=outputs)
    DeviceOutput("thru", channels=chosen)
    assert options[0]["channels"] == opened
