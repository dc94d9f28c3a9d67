"""Renders the hops of engines that have no threads."""

import threading
import time

import pytest


@pytest.fixture
def hopping(engine):
    """Render hops on a thread, as long as the test lasts."""
    over = threading.Event()

    def hop():
        while not over.is_set():
            engine.hop()
            time.sleep(1e-4)

    thread = threading.Thread(target=hop)
    thread.start()
    yield
    over.set()
    thread.join()
