"""Tests that the page plays what the engine plays, with an AudioWorklet and, where there is none, with buffers."""

import pytest

from tests.instrument.web.page.stage import until

CONCERT_PITCH_HZ = 440.0
TAP = """
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (to, ...others) {
  if (!(to instanceof AudioDestinationNode)) return connect.call(this, to, ...others);
  window.heard ??= new AnalyserNode(this.context, { fftSize: 16384 });
  connect.call(this, window.heard);
  return connect.call(window.heard, to);
};
"""
PEAK = """() => {
  if (!window.heard) return [0, -Infinity];
  const levels = new Float32Array(heard.frequencyBinCount);
  heard.getFloatFrequencyData(levels);
  const bin = levels.indexOf(Math.max(...levels));
  return [(bin * heard.context.sampleRate) / heard.fftSize, levels[bin]];
}"""


@pytest.mark.parametrize("worklet", [True, False], ids=["worklet", "buffers"])
def test_the_page_plays_what_the_engine_plays_and_shows_the_latency(stage, worklet):
    without = "Object.defineProperty(BaseAudioContext.prototype, 'audioWorklet', {value: undefined});"
    page = stage.open(script=TAP + ("" if worklet else without))
    stage.client.send("/aitunes/notes/off")
    stage.client.send("/aitunes/pitch", 69.0)
    stage.client.send("/aitunes/play")
    page.get_by_role("button", name="Listen here").click()
    until(page, "/Listening, [0-9]+ ms/.test(document.getElementById('listen').textContent)")
    until(page, f"(() => {{ const [hz, level] = ({PEAK})(); return level > -60 && hz > 400; }})()")
    hz, _ = page.evaluate(PEAK)
    partial = hz / CONCERT_PITCH_HZ
    assert partial == pytest.approx(round(partial), abs=0.02)
    page.get_by_role("button", name="Listening").click()
    until(page, "document.getElementById('listen').textContent.startsWith('Listen')")
    assert page.complaints == []
    page.context.close()
