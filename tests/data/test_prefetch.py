"""The thread that works ahead: order, errors, and that it ends."""

import threading
import time

import pytest

from konv.data.prefetch import prefetched


def _threads():
    return [thread for thread in threading.enumerate() if thread.name == "konv-prefetch"]


@pytest.mark.parametrize("ahead", [1, 2, 100])
@pytest.mark.parametrize("count", [0, 1, 7])
def test_all_items_in_order(count, ahead):
    assert list(prefetched(lambda stopped: iter(range(count)), ahead)) == list(range(count))
    assert not _threads()


def test_errors_come_after_the_items_before_them():
    def produce(stopped):
        yield 1
        raise KeyError("two")

    items = prefetched(produce, ahead=2)
    assert next(items) == 1
    with pytest.raises(KeyError, match="two"):
        next(items)
    assert not _threads()


def test_stays_at_most_that_far_ahead():
    made = []

    def produce(stopped):
        for number in range(20):
            made.append(number)
            yield number

    items = prefetched(produce, ahead=3)
    next(items)
    time.sleep(0.05)
    assert len(made) <= 1 + 3 + 1  # taken, waiting in the box, waiting for room
    items.close()


def test_leaving_early_ends_the_thread():
    for number in prefetched(lambda stopped: iter(range(1000)), ahead=2):
        if number == 3:
            break
    assert not _threads()


def test_a_long_item_is_told_to_stop():
    def produce(stopped):
        yield 0
        while not stopped():
            time.sleep(0.001)

    items = prefetched(produce, ahead=1)
    next(items)
    items.close()
    assert not _threads()


def test_nothing_starts_before_the_first_item_is_wanted():
    items = prefetched(lambda stopped: iter([1]), ahead=1)
    assert not _threads()
    items.close()
