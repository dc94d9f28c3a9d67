import numpy as np
import pytest

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim


@pytest.mark.parametrize("overlap", [2, 4, 8, 16])
@pytest.mark.parametrize("lookahead", [0, 2])
def test_every_frame_is_a_hop_and_flush_gives_the_rest(rng, overlap, lookahead):
    stream = StreamingGriffinLim(512, 512 // overlap, iterations=2, lookahead=lookahead)
    y = stream.process(rng.uniform(size=(11, 257)).astype(np.float32))
    assert y.shape == (11 * stream.hop_length,)
    assert y.dtype == np.float32
    assert stream.flush().shape == ((lookahead + overlap - 1) * stream.hop_length,)
