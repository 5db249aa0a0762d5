"""Text in the manner of Shannon: each unit drawn from those that follow the last ones in a corpus.

Shannon's "A Mathematical Theory of Communication" (Bell System Technical Journal 27, 1948)
approximates English by drawing each letter, or word, given the n - 1 before it. He needed no
table of n-grams, only a book: open it anywhere, read on until the last units stand there, take
the one after them. Efros and Leung carried that over to pictures in 1999. Here all places where
the last units stand are known, and one of them is drawn.

The corpus is read as a ring, its end followed by its beginning. So there is always something that
follows, and in the long run n-grams are exactly as frequent in the result as in the corpus.

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
Places = NDArray[np.int64]


def generate(corpus: str, order: int, length: int, unit: Unit = "characters", seed: int = 0) -> str:
    """Make a text whose every n-gram occurs in a corpus, each as likely as there.

    Parameters
    ----------
    corpus
        The example; a ring.
    order
        n: each unit is drawn given the ``order - 1`` before it, so that 1 draws units alone. The
        higher, the longer are the passages that are the corpus's own.
    length
        Of the result, in units; at least 1.
    unit
        ``characters``, white space among them; or ``words``, what white space separates, with a
        blank between each two in the result.
    seed
        Of all randomness, at least 0. The same seed gives the same text.

    Returns
    -------
    str
        ``length`` units.

    Raises
    ------
    ParameterError
        For a corpus without units, an order below 1 or above their number, a length below 1, a
        negative seed, or a unit that is not known.
    """
    if length < 1:
        raise ParameterError(f"length = {length} is not allowed", "ask for at least 1")
    if seed < 0:
        raise ParameterError(f"seed = {seed} is not allowed", "use 0 or more")
    units = split(corpus, unit)
    places = draw_places(units, order, length, np.random.default_rng(seed))
    return (" " if unit == "words" else "").join(units[place] for place in places)


def split(corpus: str, unit: Unit) -> list[str]:
    """Give the units of a corpus in their order.

    Raises
    ------
    ParameterError
        For a unit that is not known.
    """
    if unit == "characters":
        return list(corpus)
    if unit == "words":
        return corpus.split()
    raise ParameterError(f"unit = {unit!r} is not allowed", "use characters or words")


def draw_places(
    units: Sequence[str], order: int, length: int, generator: np.random.Generator
) -> Places:
    """Draw the place in the corpus that each unit of a text is copied from, int64 (``length``,).

    The text begins with ``order - 1`` units from anywhere in the corpus. After that each comes
    from one of the places, all alike, that have the last ``order - 1`` units before them.

    Parameters
    ----------
    units
        Of the corpus; a ring.
    order, length
        As of :func:`generate`.
    generator
        The randomness.

    Raises
    ------
    ParameterError
        For no units, or an order below 1 or above their number.
    """
    count = len(units)
    if count == 0:
        raise ParameterError("the corpus is empty", "give one with some text in it")
    if not 1 <= order <= count:
        raise ParameterError(
            f"order = {order} is not allowed: the corpus has {count} units",
            f"use 1 to {count}, or a longer corpus",
        )
    contexts = number_contexts(units, order - 1)
    alike = np.argsort(contexts, kind="stable")
    firsts = np.searchsorted(contexts[alike], np.arange(contexts.max() + 2))
    start = int(generator.integers(count))
    places = (start + np.arange(length)) % count
    for position, share in enumerate(generator.random(max(0, length - order + 1)), order - 1):
        context = contexts[start]
        first, last = firsts[context], firsts[context + 1]
        start = int(alike[first + int(share * (last - first))])
        places[position] = (start + order - 1) % count
        start = (start + 1) % count
    return places


def number_contexts(units: Sequence[str], length: int) -> Places:
    """Number the passages of ``length`` units that begin at each place of a ring, int64 (N,).

    Two places have the same number, 0 or more, if and only if the passages are the same.
    """
    index: dict[str, int] = {}
    values = np.array([index.setdefault(unit, len(index)) for unit in units])
    numbers = np.zeros(len(units), np.int64)
    for further in range(length):
        if numbers.max() == len(units) - 1:  # no two are the same already
            break
        pairs = numbers * len(units) + np.roll(values, -further)
        _, numbers = np.unique(pairs, return_inverse=True)
    return numbers
