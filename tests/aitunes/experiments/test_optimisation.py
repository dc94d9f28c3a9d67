from itertools import pairwise

import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.experiments.optimisation import Optimisation, warm_up_and_decay

pytestmark = pytest.mark.training


@pytest.mark.parametrize("warm_up", [0.05, 0.2, 0.5])
def test_the_learning_rate_rises_falls_and_never_jumps(warm_up):
    rates = [warm_up_and_decay(step / 1000, warm_up) for step in range(1200)]
    assert max(rates) == pytest.approx(1.0)
    assert rates.index(max(rates)) == pytest.approx(1000 * warm_up, abs=1)
    assert rates[1000] == pytest.approx(0.0, abs=1e-9)
    assert rates[1199] == pytest.approx(0.0, abs=1e-9)
    assert max(abs(a - b) for a, b in pairwise(rates)) < 2.0 / (1000 * warm_up)


@pytest.mark.parametrize("setting", [{"learning_rate": 0.0}, {"weight_decay": -1.0}, {"warm_up": 1.0}])
def test_settings_out_of_range_are_refused(setting):
    with pytest.raises(ValueError, match="above 0"):
        Optimisation(**setting)
