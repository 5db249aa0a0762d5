"""Shannon's text synthesis: each unit is drawn from those that follow the last ones in a corpus.

Shannon's "A Mathematical Theory of Communication" (Bell System Technical Journal 27, 1948)
approximates English by drawing each letter, or word, given the n - 1 before it. Instead of a table
of n-grams he used a book: open it anywhere, read on to the next occurrence of the last units, and
take the unit after them. Efros and Leung carried this over to pictures in 1999. Here all
occurrences are known, and one of them is drawn.

The corpus is cyclic: its end is followed by its beginning. So every occurrence has a successor, and
in the long run n-grams are exactly as frequent in the result as in the corpus.

>>> from lichen.text import generate
>>> generate("a rose is a rose is a rose", order=2, length=3, unit="words", seed=4).count(" ")
2
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from lichen.errors import ParameterError

Unit = Literal["characters", "words"]
Positions = NDArray[np.int64]


def generate(corpus: str, order: int, length: int, unit: Unit = "characters", seed: int = 0) -> str:
    """Generate a text whose n-grams all occur in a corpus, with the same frequencies.

    Parameters
    ----------
    corpus
        The example; cyclic.
    order
        n: each unit is drawn given the ``order - 1`` before it; 1 draws units independently. The
        higher, the longer the passages copied from the corpus.
    length
        Length of the result in units, at least 1.
    unit
        ``characters``, including white space; or ``words``, separated by white space, and by a
        single space in the result.
    seed
        At least 0. Same seed, same text.

    Returns
    -------
    str
        ``length`` units.

    Raises
    ------
    ParameterError
        For an empty corpus, an order below 1 or above the number of units, a length below 1, a
        negative seed, or an unknown unit.
    """
    if length < 1:
        raise ParameterError(f"`length` = {length} is not allowed", "use 1 or more")
    if seed < 0:
        raise ParameterError(f"`seed` = {seed} is not allowed", "use 0 or more")
    units = split(corpus, unit)
    positions = draw_positions(units, order, length, np.random.default_rng(seed))
    return (" " if unit == "words" else "").join(units[position] for position in positions)


def split(corpus: str, unit: Unit) -> list[str]:
    """Return the units of a corpus in order.

    Raises
    ------
    ParameterError
        For an unknown unit.
    """
    if unit == "characters":
        return list(corpus)
    if unit == "words":
        return corpus.split()
    raise ParameterError(f"`unit` = {unit!r} is not allowed", "use characters or words")


def draw_positions(
    units: Sequence[str], order: int, length: int, generator: np.random.Generator
) -> Positions:
    """Draw the position in the corpus that each unit of a text is copied from, int64 (``length``,).

    The text begins with ``order - 1`` consecutive units from a random position. Each further unit
    is drawn uniformly from the positions that are preceded by the last ``order - 1`` units.

    Parameters
    ----------
    units
        The corpus; cyclic.
    order, length
        As for :func:`generate`.
    generator
        Source of randomness.

    Raises
    ------
    ParameterError
        For no units, or an order below 1 or above their number.
    """
    count = len(units)
    if count == 0:
        raise ParameterError("the corpus is empty", "give one with text in it")
    if not 1 <= order <= count:
        raise ParameterError(
            f"`order` = {order} is not allowed: the corpus has {count} units",
            f"use 1 to {count}, or a longer corpus",
        )
    contexts = number_contexts(units, order - 1)
    by_context = np.argsort(contexts, kind="stable")
    firsts = np.searchsorted(contexts[by_context], np.arange(contexts.max() + 2))
    start = int(generator.integers(count))
    positions = (start + np.arange(length)) % count
    for index, uniform in enumerate(generator.random(max(0, length - order + 1)), order - 1):
        context = contexts[start]
        first, last = firsts[context], firsts[context + 1]
        start = int(by_context[first + int(uniform * (last - first))])
        positions[index] = (start + order - 1) % count
        start = (start + 1) % count
    return positions


def number_contexts(units: Sequence[str], length: int) -> Positions:
    """Number the passages of ``length`` units from each position of a cyclic corpus, int64 (N,).

    Two positions have the same number, 0 or more, if and only if their passages are equal.
    """
    index: dict[str, int] = {}
    values = np.array([index.setdefault(unit, len(index)) for unit in units])
    numbers = np.zeros(len(units), np.int64)
    for further in range(length):
        if numbers.max() == len(units) - 1:  # all differ already
            break
        pairs = numbers * len(units) + np.roll(values, -further)
        _, numbers = np.unique(pairs, return_inverse=True)
    return numbers
