import numpy as np

from training.texts import kinds, numbers, shared

VALUES = np.array(["b", "a", "unused", "c"])
WHICH = np.array([3, 0, 0, 1, 3])


def test_shared_texts_stand_for_the_array_that_they_save():
    whole, saved = VALUES[WHICH], shared(VALUES, WHICH)
    assert np.array_equal(np.asarray(saved), whole)
    assert np.array_equal(saved[np.array([1, 4])], whole[[1, 4]])
    assert np.array_equal(saved == "b", whole == "b")
    assert len(saved) == 5


def test_kinds_and_numbers_are_those_of_the_array():
    known = kinds(shared(VALUES, WHICH), np.array(["d"]))
    assert known == ("a", "b", "c", "d")
    assert numbers(shared(VALUES, WHICH), known).tolist() == numbers(VALUES[WHICH], known).tolist() == [2, 1, 1, 0, 2]
