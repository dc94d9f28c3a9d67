"""The command `play` around an engine of the test's own."""

import signal
from types import SimpleNamespace

import pytest

from instrument.cli import main


@pytest.mark.parametrize(("ending", "status"), [({"failed": False}, 0), ({"failed": True}, 1)])
def test_an_engine_that_failed_is_a_failure(monkeypatch, tmp_path, ending, status):
    card = SimpleNamespace(public_name="Nothing")
    engine = SimpleNamespace(
        start=lambda: None,
        wait=lambda: None,
        close=lambda: None,
        quit=lambda: None,
        underruns=0,
        output=SimpleNamespace(name="none", sample_rate=48_000.0, underruns=0, device_underruns=0),
        osc=SimpleNamespace(host="127.0.0.1", port=1),
        synth_thread=SimpleNamespace(card=card),
        hanging=False,
        **ending,
    )
    monkeypatch.setattr("instrument.cli.play.load_compiled_code", lambda: None)
    monkeypatch.setattr("instrument.cli.play.Engine", lambda *arguments, **options: engine)
    before = signal.getsignal(signal.SIGINT)
    assert main(["play", "--output", "none", "--no-pad", "--no-midi", "--no-oscquery"]) == status
    assert signal.getsignal(signal.SIGINT) is before
