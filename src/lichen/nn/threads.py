"""Thread counts of torch and BLAS, for code that runs several workers at once.

Torch and BLAS each start as many threads as there are cores. In as many workers at once these
threads compete, and results depend in their last bits on how many there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager


@contextmanager
def single_threaded_torch() -> Iterator[None]:
    """Keep torch on the calling thread, and restore its thread count afterwards."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def single_threaded_workers(n: int) -> Iterator[ThreadPoolExecutor]:
    """Open a pool of ``n`` workers in each of which torch and BLAS compute on one thread."""
    import torch
    from threadpoolctl import threadpool_limits

    before = torch.get_num_threads()
    with (
        threadpool_limits(1, user_api="blas"),
        # Set in each worker: in one where it is not, torch's first FFT uses more threads.
        ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,)) as pool,
    ):
        try:
            yield pool
        finally:
            torch.set_num_threads(before)
