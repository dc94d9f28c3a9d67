import subprocess
import sys
from typing import get_args

import numpy as np
import pytest

pytest.importorskip("librosa", reason="pip install aitunes[training]")
pytest.importorskip("matplotlib", reason="pip install aitunes[training]")

from aitunes.audio_processing import AudioProcessingInterface
from aitunes.audio_processing.plots import Kind, PlotError, shortened

pytestmark = pytest.mark.training

RATE = 22_050
SPECTROGRAMS = [kind for kind in get_args(Kind) if kind != "wave"]


def sine(hz=1000.0, seconds=1.0, label="sine"):
    y = 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE)
    return AudioProcessingInterface.create_for("", "wave", data=y, sample_rate=RATE, label=label)


def png_size(path):
    header = path.read_bytes()[:24]
    return int.from_bytes(header[16:20], "big"), int.from_bytes(header[20:24], "big")


@pytest.mark.parametrize("kind", get_args(Kind))
def test_axes_name_what_they_show_and_its_unit(kind):
    _, (ax,) = sine(seconds=0.7).get_plot_for(kind)
    assert ax.get_xlabel() == "Time (s)"
    assert ax.get_ylabel() == {"wave": "Amplitude", "mfccs": "Coefficient"}.get(kind, "Frequency (Hz)")
    assert ax.get_xlim() == pytest.approx((0.0, 0.7))
    assert ax.get_title()


@pytest.mark.parametrize("kind", SPECTROGRAMS)
def test_a_colour_bar_says_what_colours_mean(kind):
    figure, (ax,) = sine().get_plot_for(kind)
    (bar,) = [other for other in figure.axes if other is not ax]
    expected = {"mfccs": "Value (dB)", "spec": "Magnitude", "mel": "Magnitude"}
    assert bar.get_ylabel() == expected.get(kind, "Level (dB re loudest)")


@pytest.mark.parametrize("kind", ["spec", "log_spec", "mel", "log_mel"])
@pytest.mark.parametrize("hz", [150.0, 1000.0, 6000.0])
def test_a_sine_is_brightest_at_its_frequency(kind, hz):
    _, (ax,) = sine(hz).get_plot_for(kind)
    mesh = ax.collections[0]
    values = mesh.get_array()
    heights = mesh.get_coordinates()[:, 0, 1]
    row = values.mean(axis=1).argmax()
    # Within a row, of the one that holds it: window and bands are wider than that.
    assert heights[max(row - 1, 0)] <= hz <= heights[min(row + 2, len(heights) - 1)]
    assert heights[-1] <= RATE / 2 + 1


@pytest.mark.parametrize("seconds", [0.01, 0.5, 60.0])
def test_a_click_stands_at_its_time_in_wave_and_spectrogram(seconds):
    y = np.zeros(round(seconds * RATE), np.float32)
    y[round(0.6 * y.size)] = 1.0
    sound = AudioProcessingInterface.create_for("", "wave", data=y, sample_rate=RATE)
    _, (wave, ax) = sound.get_plot_for(["wave", "log_spec"])
    mesh = ax.collections[0]
    column = mesh.get_array().sum(axis=0).argmax()
    times = mesh.get_coordinates()[0, :, 0]
    step = np.diff(times).max()
    assert times[column] - step <= 0.6 * seconds <= times[column + 1] + step
    drawn = wave.lines[0].get_xydata() if wave.lines else wave.collections[0].get_paths()[0].vertices
    assert drawn[drawn[:, 1].argmax(), 0] == pytest.approx(0.6 * seconds, rel=0.02)


def test_loudness_does_not_change_what_relative_levels_show():
    loud, quiet = sine(), sine().preprocess(lambda y: 0.01 * y)
    images = [sound.get_plot_for("log_mel")[1][0].collections[0].get_array() for sound in (loud, quiet)]
    assert np.allclose(*images, atol=1e-2)


def test_silence_is_dark():
    silence = sine().preprocess(np.zeros_like)
    _, (ax,) = silence.get_plot_for("log_spec")
    mesh = ax.collections[0]
    assert mesh.get_array().max() <= mesh.get_clim()[0]


def test_waves_are_compared_under_their_names():
    one, other = sine(label="one"), sine(500.0, 2.0, label="other")
    _, ax = one.compare_waves(other)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "other"]
    assert ax.get_xlim() == pytest.approx((0.0, 2.0))
    _, ax = one.compare_waves(other, include_self=False)
    assert ax.get_legend() is None


def test_titles_and_foreign_axes_are_taken():
    from matplotlib.figure import Figure

    mine = Figure()
    axes = mine.subplots(2)
    figure, panels = sine().get_plot_for(["wave", "mel"], "Both", ["A", None], axes)
    assert figure is mine
    assert [ax.get_title() for ax in panels] == ["A", "Mel spectrogram"]
    assert mine.get_suptitle() == "Both"


def test_a_summary_is_a_picture_800_pixels_wide(tmp_path):
    sound = sine(label="take 1/2.wav")
    assert sound.full_summary(save_to_dir=tmp_path / "new", headless=True) is sound
    (path,) = (tmp_path / "new").iterdir()
    assert path.name == "take_1_2.wav_summary.png"
    assert png_size(path) == (800, 930)
    sound.full_summary([sine(2000.0)], save_to_dir=tmp_path / "two", headless=True)
    assert png_size(next((tmp_path / "two").iterdir())) == (800, 1150)


def test_the_labels_of_a_page_do_not_run_out_of_it():
    sounds = [sine(label="a rather long name of a sound, as files have them " + str(n) * 30) for n in range(4)]
    figure, ax = sounds[0].compare_waves(*sounds[1:])
    figure.canvas.draw()
    legend = ax.get_legend().get_window_extent()
    assert 0 <= legend.x0 < legend.x1 <= 800
    # Nor over the waves.
    assert legend.y1 <= ax.transData.transform((0.0, -0.5))[1] + 2


def test_a_long_label_keeps_both_its_ends():
    label = shortened("start" + "x" * 500 + "end")
    assert label.startswith("start")
    assert label.endswith("end")
    assert len(label) <= 60


IN_A_PROCESS = """
import sys
import numpy as np
from aitunes.audio_processing import AudioProcessingInterface
sound = AudioProcessingInterface.create_for("", "wave", data=np.ones(9000), sample_rate=8000, label="dc")
"""


def in_a_process(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS + code], capture_output=True, text=True, timeout=280, env=environment
    )


@pytest.fixture
def environment(tmp_path):
    from pathlib import Path

    import aitunes

    return {"PYTHONPATH": str(Path(aitunes.__file__).parents[1]), "HOME": str(tmp_path), "PATH": ""}


def test_headless_never_touches_pyplot(tmp_path, environment):
    code = f"sound.full_summary(headless=True, save_to_dir={str(tmp_path)!r}).compare_waves(sound)\n"
    done = in_a_process(code + "sys.exit('matplotlib.pyplot' in sys.modules)", **environment)
    assert done.returncode == 0, done.stderr


def test_without_a_screen_a_summary_says_what_to_do(environment):
    done = in_a_process("sound.full_summary()", **environment)
    assert "PlotError: There is no screen to show a plot on; pass headless=True" in done.stderr


def test_a_window_is_shown_and_closed(tmp_path, environment):
    # matplotlib's template backend does all that a real one does, but for drawing.
    code = f"""
from matplotlib import pyplot
shown = []
pyplot.show = lambda: shown.extend(pyplot.get_fignums())
sound.full_summary(save_to_dir={str(tmp_path)!r})
print(shown, pyplot.get_fignums())
"""
    done = in_a_process(code, MPLBACKEND="template", **environment)
    assert done.stdout == "[1] []\n", done.stderr
    assert png_size(tmp_path / "dc_summary.png") == (800, 930)


def test_headless_and_nowhere_to_save_is_refused():
    with pytest.raises(PlotError, match="pass save_to_dir"):
        sine().full_summary(headless=True)


@pytest.mark.parametrize("kinds", ["waves", [], ["mel", "cepstrum"]])
def test_unknown_plots_list_what_there_is(kinds):
    with pytest.raises(PlotError, match="choose from wave, spec, log_spec, mel, log_mel, mfccs"):
        sine().get_plot_for(kinds)


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(PlotError, match=r"file.* cannot be written"):
        sine().full_summary(save_to_dir=tmp_path / "file", headless=True)
