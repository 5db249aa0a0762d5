"""How the compiled kernels are made, and the randomness that they may use.

Kernels run on NumPy arrays with Numba. Whatever the number of threads they give the same bytes:
parallel ones only write what no other iteration reads, and draw from :func:`uniform`, whose
numbers depend on where they are asked for and not on who asks first.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(parallel: bool = False) -> Callable[[Function], Function]:
    """Compile a function on its first call, and keep the code on disk for later processes."""
    compile_it: Any = numba.njit(
        cache=True,
        nogil=True,
        parallel=parallel,
        error_model="numpy",
        fastmath={"contract", "reassoc", "nsz", "arcp"},  # sums in vectors; NaN stays NaN
    )
    return compile_it


@kernel()
def mix(a: int, b: int) -> Any:
    """Hash two numbers below 2^64 into one (the finaliser of SplitMix64)."""
    word: Any = numba.uint64(a) * numba.uint64(0x9E3779B97F4A7C15) + numba.uint64(b)
    word ^= word >> numba.uint64(30)
    word *= numba.uint64(0xBF58476D1CE4E5B9)
    word ^= word >> numba.uint64(27)
    word *= numba.uint64(0x94D049BB133111EB)
    hashed: Any = word ^ (word >> numba.uint64(31))
    return hashed


@kernel()
def uniform(seed: int, place: int, draw: int) -> float:
    """Give the ``draw``-th random number in [0, 1) of a place."""
    return (mix(mix(seed, place), draw) >> numba.uint64(11)) * (1.0 / 9007199254740992.0)


def use_threads(count: int) -> None:
    """Let parallel kernels use ``count`` threads, as far as there are so many."""
    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    numba.set_num_threads(max(1, min(count, most)))
