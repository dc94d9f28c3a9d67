"""Pictures of an evaluation and of a training, as a person sees them: which track, how long, and numbers on axes."""

import numpy as np
import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.experiments.callbacks.loss_plot import history_figure
from aitunes.features import AudioFeatures
from training.evaluate.pictures import TrackPicture, tracks_figure

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(n_mels=32, frames=1)
SECONDS = 4.0


@pytest.fixture
def grid(rng):
    """The panels of three tracks, [3, 3], in a drawn figure."""
    S = rng.random((3, 3, 32, round(SECONDS * FEATURES.frame_rate)), np.float32)
    tracks = [
        TrackPicture(name, *rows) for name, rows in zip(("a/x.wav", "b/$1$.wav", "c.wav (choir)"), S, strict=True)
    ]
    figure = tracks_figure(tracks, FEATURES, 8)
    figure.canvas.draw()
    return np.array(figure.axes[:9]).reshape(3, 3), S


def test_each_row_is_a_track_beside_its_reconstruction_and_pca_of_the_same_size(grid):
    panels, S = grid
    for row, values, name in zip(panels, S, ("a/x.wav", r"b/\$1\$.wav", "c.wav (choir)"), strict=True):
        assert row[0].get_ylabel().splitlines() == [name, "mel band"]
        titles = [axes.get_title() for axes in row]
        assert titles[0] == "original"
        assert titles[1].startswith("reconstruction, error 0.")
        assert titles[2].startswith("PCA of 8 components, error 0.")
        drawn = [axes.get_images()[0].get_array() for axes in row]
        assert all(np.array_equal(one, other) for one, other in zip(drawn, values, strict=True))
        assert len({axes.get_images()[0].get_clim() for axes in row}) == 1
        left, middle, right = (axes.get_position() for axes in row)
        assert left.x1 <= middle.x0 < middle.x1 <= right.x0
        assert left.width == pytest.approx(right.width, rel=0.05)


def test_axes_are_seconds_with_several_numbers(grid):
    panels, _ = grid
    for axes in panels[-1]:
        assert axes.get_xlabel() == "seconds"
        assert axes.get_xlim() == pytest.approx((0.0, SECONDS), abs=0.01)
        assert axes.get_ylim() == (0.0, 32.0)
        assert len(seen(axes.xaxis)) >= 3
    assert all(len(seen(row[0].yaxis)) >= 3 for row in panels)


@pytest.mark.parametrize("low", [0.11, 0.15, 0.6, 3.0, 9.0])
@pytest.mark.parametrize("span", [1.2, 3.0, 11.0, 40.0, 900.0, 1e6])
def test_an_axis_of_losses_has_several_numbers(low, span):
    rows = [{"epoch": n, "train/loss": low * span ** (1.0 - n / 9.0), "validation/loss": low * 1.1} for n in range(10)]
    figure = history_figure(rows)
    figure.canvas.draw()
    axes = figure.axes[0]
    assert len(seen(axes.yaxis)) >= 2
    assert (axes.get_yscale() == "log") is (span > 10.0)


def seen(axis):
    """The numbers that stand at an axis, within what it shows."""
    low, high = sorted(axis.get_view_interval())
    ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
    return {tick.label1.get_text() for tick in ticks if tick.label1.get_text() and low <= tick.get_loc() <= high}
