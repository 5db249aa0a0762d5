"""Workers that share the cores, each with one thread of its own."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lichen.run.machine import available_cores


@contextmanager
def single_threaded_workers() -> Iterator[ThreadPoolExecutor]:
    """Open a pool of a worker per core in which libraries start no threads of their own.

    NumPy's and torch's products each start as many threads as there are cores; in as many
    workers at once these get in each other's way.
    """
    import torch
    from threadpoolctl import threadpool_limits

    torch_threads = torch.get_num_threads()
    with (
        threadpool_limits(1, user_api="blas"),
        ThreadPoolExecutor(
            available_cores(), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool,
    ):
        try:
            yield pool
        finally:
            torch.set_num_threads(torch_threads)
