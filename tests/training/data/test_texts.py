import numpy as np
import pytest

from training.data.texts import kinds, numbers, shared
from training.data.track_items import ShardItems, TrackOf

VALUES = np.array(["b", "é", "unused", "c"])
TRACK_OF = TrackOf(np.array([3, 0, 1]), np.array([1, 2, 1]))
WHICH = np.array([3, 0, 0, 1])


@pytest.mark.parametrize("values", [VALUES, np.char.encode(VALUES, "utf-8")])
def test_shared_texts_stand_for_the_array_that_they_save(values):
    whole, saved = VALUES[WHICH], shared(values, TRACK_OF)
    assert np.array_equal(np.asarray(saved), whole)
    assert np.array_equal(saved[np.array([1, 3])], whole[[1, 3]])
    assert str(saved[2]) == whole[2]
    assert np.array_equal(saved == "é", whole == "é")
    assert len(saved) == 4


@pytest.mark.parametrize("values", [VALUES, np.char.encode(VALUES, "utf-8")])
def test_kinds_and_numbers_are_those_of_the_array(values):
    known = kinds(shared(values, TRACK_OF), np.array(["d"]))
    assert known == ("b", "c", "d", "é")
    found = numbers(shared(values, TRACK_OF), known)
    assert np.array_equal(found, numbers(VALUES[WHICH], known))


def test_the_segments_of_a_shard_come_row_after_row():
    shard, row = np.array([2, 0, 2]), np.array([2, 0, 0])  # the last track lies before the first
    assert [items.tolist() for items in ShardItems(TRACK_OF, shard, row)] == [[1, 2], [3, 0]]
