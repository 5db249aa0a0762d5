"""How the compiled kernels are made, and the randomness that they may use.

Kernels run on NumPy arrays with Numba. Whatever the number of threads they give the same bytes:
parallel ones only write what no other iteration reads, and draw from :func:`uniform`, whose
numbers depend on a key and not on who draws first.

What belongs together comes as a flat named tuple of arrays and numbers, which costs nothing. (A
parallel loop cannot see tuples within tuples: Numba's limit.)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numba

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(parallel: bool = False, allocates: bool = True) -> Callable[[Function], Function]:
    """Compile a function on its first call, and keep the code on disk for later processes.

    A kernel that makes no arrays may say so: references to those that it is given are then not
    counted, which takes longer than the work of a small kernel on many of them. It must not return
    arrays, or parts of them, to Python.
    """
    options: dict[str, Any] = {
        "cache": True,
        "nogil": True,
        "parallel": parallel,
        "error_model": "numpy",
        "fastmath": {"contract", "reassoc", "nsz", "arcp"},  # sums in vectors; NaN stays NaN
        "_nrt": allocates,  # Numba's run-time, which counts references
    }
    compile_it: Any = numba.njit(**options)
    return compile_it


@kernel()
def mix(a: int, b: int) -> Any:
    """Hash two numbers below 2^64 into one (the finalizer of SplitMix64)."""
    word: Any = numba.uint64(a) * numba.uint64(0x9E3779B97F4A7C15) + numba.uint64(b)
    word ^= word >> numba.uint64(30)
    word *= numba.uint64(0xBF58476D1CE4E5B9)
    word ^= word >> numba.uint64(27)
    word *= numba.uint64(0x94D049BB133111EB)
    hashed: Any = word ^ (word >> numba.uint64(31))
    return hashed


@kernel()
def uniform(seed: int, key: int, draw: int) -> float:
    """Return the ``draw``-th random number in [0, 1) of a key, such as a pixel's index."""
    return (mix(mix(seed, key), draw) >> numba.uint64(11)) * (1.0 / 9007199254740992.0)


@kernel()
def integer_between(low: int, high: int, bits: Any) -> Any:
    """Scale 32 random bits to an integer in ``low`` .. ``high``, both included."""
    span = numba.uint64(high - low + 1)
    return low + numba.int64((numba.uint64(bits) * span) >> numba.uint64(32))


def use_threads(count: int) -> int:
    """Let parallel kernels use ``count`` threads, or as many as there are; return the number."""
    most: int = numba.config.NUMBA_NUM_THREADS  # type: ignore[attr-defined]
    used = max(1, min(count, most))
    numba.set_num_threads(used)
    return used
