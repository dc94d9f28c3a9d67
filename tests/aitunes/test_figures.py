"""Pictures with the names that people give to files and folders."""

import warnings

import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pip install aitunes[training]")

from aitunes.figures import literal, new_figure, png_bytes, scatter_by_label

NAMES = ["A$$AP $ongs", "$x$", "🥁 drums 🎹", "_hidden", "", "a\\b^{c", "line\nbreak", "x" * 300]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_is_drawn_without_a_word(name):
    figure = new_figure(8.0, 6.4)
    axes = scatter_by_label(figure, np.zeros((2, 2)), np.array([name, "b"]), 9.0)
    axes.set_title(literal(name))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert png_bytes(figure).startswith(b"\x89PNG")


def test_a_map_of_150_labels_keeps_its_width():
    labels = np.array([f"label {n}" for n in range(150) for _ in range(1 + (n == 7))])
    figure = new_figure(8.0, 6.4)
    axes = scatter_by_label(figure, np.random.default_rng(0).random((len(labels), 2)), labels, 9.0)
    figure.canvas.draw()
    (legend,) = figure.legends
    texts = [text.get_text().strip("\u200b") for text in legend.get_texts()]
    assert len(texts) == 20
    assert "label 7" in texts  # the most frequent one
    assert legend.get_title().get_text() == "20 of 150 labels"
    assert axes.get_position().width > 0.6
