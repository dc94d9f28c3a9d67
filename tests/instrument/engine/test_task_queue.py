"""The worker's queue is bounded, fair between senders, and answers whom it refuses."""

import pytest

from instrument.engine.task_queue import MAX_OF_SENDER, MAX_TASKS, REPLACED, Task, TaskQueue
from instrument.namespace import ROOT, Kind
from instrument.synthesis.timeline import Call, Event

ANNE, BELA = ("127.0.0.1", 1), ("127.0.0.1", 2)


def task(sender, path, *values):
    return Task(Event(path, Kind.COMMAND, values, sender))


def save(sender, name):
    return task(sender, f"{ROOT}/snapshot/save", name)


def load(sender, name):
    return task(sender, f"{ROOT}/release/load", name)


@pytest.fixture
def refused():
    return []


@pytest.fixture
def queue(refused):
    return TaskQueue(lambda task, reason: refused.append((task, reason)))


def put(queue, *tasks):
    for one in tasks:
        queue.put(one)


def get(queue, count):
    return [queue.get() for _ in range(count)]


def test_tasks_of_one_sender_keep_their_order(queue):
    tasks = [save(ANNE, str(n)) for n in range(20)]
    put(queue, *tasks)
    assert get(queue, 20) == tasks


def test_a_sender_of_many_does_not_delay_the_one_of_another(queue):
    put(queue, *(save(ANNE, str(n)) for n in range(MAX_OF_SENDER)))
    put(queue, save(BELA, "mine"))
    assert save(BELA, "mine") in get(queue, 2)


def test_a_flood_is_refused_to_its_sender_and_the_first_ones_run(queue, refused):
    tasks = [save(ANNE, str(n)) for n in range(2_000)]
    put(queue, *tasks)
    assert [one for one, _ in refused] == tasks[MAX_OF_SENDER:]
    assert "64 commands of yours wait" in refused[0][1]
    assert get(queue, MAX_OF_SENDER) == tasks[:MAX_OF_SENDER]


def test_many_senders_together_are_bounded_and_a_new_one_still_gets_in(queue, refused):
    put(queue, *(save(("127.0.0.1", port), str(n)) for n in range(MAX_OF_SENDER) for port in range(100, 120)))
    assert len(refused) == 20 * MAX_OF_SENDER - MAX_TASKS
    put(queue, save(BELA, "mine"))
    assert save(BELA, "mine") not in [one for one, _ in refused]
    assert len(refused) == 20 * MAX_OF_SENDER - MAX_TASKS + 1


def test_of_loads_in_a_row_only_the_last_one_runs_and_the_others_are_answered(queue, refused):
    put(queue, *(load(ANNE, str(n)) for n in range(200)))
    assert refused == [(load(ANNE, str(n)), REPLACED) for n in range(199)]
    assert get(queue, 1) == [load(ANNE, "199")]


def test_a_load_that_something_depends_on_is_not_replaced(queue, refused):
    tasks = [load(ANNE, "a"), save(ANNE, "of a"), load(ANNE, "b")]
    put(queue, *tasks)
    assert refused == []
    assert get(queue, 3) == tasks


def test_sync_comes_after_all_that_arrived_before_it_from_whomever(queue):
    put(queue, save(ANNE, "1"), save(ANNE, "2"), task(BELA, "/sync", 1), save(ANNE, "3"))
    tasks = get(queue, 4)
    assert tasks.index(task(BELA, "/sync", 1)) >= 2
    assert tasks.index(save(ANNE, "1")) < tasks.index(save(ANNE, "2")) < tasks.index(save(ANNE, "3"))


def test_a_call_is_taken_also_when_the_queue_is_full_and_once_in_a_row(queue, refused):
    call = Call(print)
    put(queue, call, call, call)
    put(queue, *(save(("127.0.0.1", n), "x") for n in range(MAX_TASKS)), Call(repr))
    assert len(get(queue, MAX_TASKS + 1)) == MAX_TASKS + 1
    assert all(isinstance(one, Task) for one, _ in refused)


def test_it_is_idle_once_the_last_task_has_finished(queue):
    assert queue.idle
    put(queue, save(ANNE, "x"))
    assert not queue.idle
    queue.get()
    assert not queue.idle
    queue.close()
    assert queue.get() is None
    assert queue.idle
