"""Thread counts inside the context managers, and after them."""

from __future__ import annotations

import threading

import pytest
import torch
from threadpoolctl import threadpool_info

from lichen.nn.threads import single_threaded_torch, single_threaded_workers


@pytest.fixture(autouse=True)
def three_threads() -> None:
    torch.set_num_threads(3)


def blas_threads() -> set[int]:
    return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}


def test_torch_has_one_thread_and_then_what_it_had() -> None:
    with single_threaded_torch():
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == 3
    with pytest.raises(KeyError), single_threaded_torch():
        raise KeyError
    assert torch.get_num_threads() == 3


def test_each_worker_has_one_thread() -> None:
    before, together = blas_threads(), threading.Barrier(4, timeout=30)

    def count(_: int) -> tuple[int, int]:
        together.wait()  # so that all four workers are asked
        return torch.get_num_threads(), threading.get_ident()

    with single_threaded_workers(4) as pool:
        found = list(pool.map(count, range(4)))
        assert blas_threads() <= {1}
    assert {threads for threads, _ in found} == {1}
    assert len({worker for _, worker in found}) == 4
    assert torch.get_num_threads() == 3
    assert blas_threads() == before
