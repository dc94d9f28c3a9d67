"""Tests what the page computes by itself, in Node: spectra, smoothing, the way numbers are written."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import instrument
from instrument.pad.keys import note_name

pytestmark = pytest.mark.node
STATIC = Path(instrument.__file__).parent / "web" / "static"


@pytest.fixture
def in_node(need, tmp_path):
    """Return a function that evaluates an expression, in which `m` is one of the page's modules."""
    node = need("node", "nodejs")
    for module in STATIC.glob("*.js"):
        shutil.copy(module, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def run(module, expression, **data):
        script = f'import * as m from "./{module}"; const data = {json.dumps(data)};'
        script += f"console.log(JSON.stringify({expression}));"
        command = [node, "--input-type=module", "-e", script]
        ran = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(ran.stdout)

    return run


def test_the_transform_is_a_fourier_transform(in_node, rng):
    re, im = rng.standard_normal((2, 64))
    expression = "(() => { m.transform(data.re, data.im); return [data.re, data.im]; })()"
    found = np.array(in_node("fft.js", expression, re=re.tolist(), im=im.tolist()))
    expected = np.fft.fft(re + 1j * im)
    np.testing.assert_allclose(found[0] + 1j * found[1], expected, atol=1e-9)


def _mel(hz):
    return 2595 * np.log10(1 + hz / 700)


@pytest.mark.parametrize("hz", [110.0, 440.0, 5000.0])
def test_a_sine_is_brightest_in_the_band_of_its_frequency_at_its_level(in_node, hz):
    rate, bands = 44_100, 96
    expression = """m.melSpectrogram(Float32Array.from({length: 44100},
        (_, n) => 0.1 * Math.sin(2 * Math.PI * data.hz * n / 44100)), 44100, 5, 96).map((column) => [...column])"""
    columns = np.array(in_node("fft.js", expression, hz=hz))
    edges = _mel(np.array([30.0, 16_000.0]))
    width = (edges[1] - edges[0]) / bands
    place = (_mel(hz) - edges[0]) / width
    bin_in_bands = (_mel(hz + rate / 2048) - _mel(hz)) / width
    assert columns.shape == (5, bands)
    assert abs(columns[2].argmax() + 0.5 - place) <= 1.0 + bin_in_bands
    assert columns[2].max() == pytest.approx(-20.0, abs=1.5)


def test_the_point_moves_on_a_straight_line_within_the_time_of_smoothing(in_node):
    expression = """(() => {
        let now = 0;
        const position = new m.Position([[-2, 2], [-1, 3]], () => now);
        position.move(position.onPad(1, 0.5), 2);
        const places = [0, 1, 2, 5].map((time) => { now = time; return position.current; });
        return { places, shown: position.project(position.target), clipped: position.onPad(null, 0) };
    })()"""
    answer = in_node("position.js", expression)
    assert answer["places"] == [[0, 0], [1, 0.5], [2, 1], [2, 1]]
    assert answer["shown"] == [1, 0.5]
    assert answer["clipped"] == [2, -1]


def test_notes_have_the_names_that_the_pad_gives_them(in_node):
    names = in_node("formats.js", "Array.from({length: 128}, (_, note) => m.noteName(note))")
    assert names == [note_name(note) for note in range(128)]


def test_numbers_are_written_as_musicians_read_them(in_node):
    numbers = "m.decibels(-12), m.seconds(0.02), m.seconds(1.5), m.pan(-0.5), m.signed(-0.001), m.signed(1)"
    written = in_node("formats.js", f"[{numbers}]")
    assert written == ["−12.0 dB", "20 ms", "1.5 s", "50 % left", "0.00", "+1.00"]
