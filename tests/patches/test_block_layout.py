"""Blocks lie as the slow version lays them, and never where they may not."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from lichen.patches.block_layout import DOUBT, Blocks, lay_blocks
from lichen.patches.pyramid import Level
from lichen.patches.windows import anchors_of
from references.plain_patchmatch import plain_lay_blocks


@dataclass
class Task:
    seed: int = 0
    n_values: int = 2
    block: int = 3
    overlap: int = 1
    tolerance: float = 0.0
    repetition: float = 0.0
    wraps: tuple[bool, bool] = (False, False)
    holes: float = 0.0
    known: float = 0.0
    guide: int = 0
    size: tuple[int, int] = (8, 9)
    atlas: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(self.seed)
        self.atlas = rng.random((10, 11, self.n_values + self.guide), np.float32)
        self.usable = rng.random((10, 11)) >= self.holes
        self.usable[2:6, 3:7] = True
        self.anchors = anchors_of(self.usable, self.block)
        self.image = rng.random((*self.size, self.n_values + self.guide), np.float32)
        self.done = rng.random(self.size) < self.known

    def laid(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
        level = Level.from_arrays(
            self.atlas, self.usable, self.image.copy(), self.done.copy(), self.n_values, self.wraps
        )
        blocks = Blocks.of(
            self.atlas, self.usable, self.block, self.overlap, self.tolerance, self.repetition
        )
        disagreement = lay_blocks(blocks, level, self.seed)
        return level.sources, level.image, level.filled, disagreement


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    block=st.integers(1, 4),
    overlap=st.integers(0, 2),
    tolerance=st.sampled_from([0.0, 0.3]),
    repetition=st.sampled_from([0.0, 0.5]),
    wraps=st.tuples(st.booleans(), st.booleans()),
    holes=st.sampled_from([0.0, 0.1]),
    known=st.sampled_from([0.0, 0.4]),
    guide=st.integers(0, 1),
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
)
@example(  # the last block before the wrap is narrow: what is done beyond it counts
    seed=1, block=2, overlap=2, tolerance=0.0, repetition=0.0, wraps=(False, True), holes=0.0,
    known=0.4, guide=0, size=(1, 9),
)  # fmt: skip
def test_blocks_lie_as_the_plain_version_lays_them(**wanted: object) -> None:
    task = Task(**wanted)  # type: ignore[arg-type]
    assume(task.overlap <= task.block)
    places, image, done, disagreement = task.laid()
    plain_image = task.image.copy()
    plain, plain_disagreement = plain_lay_blocks(
        task.atlas, task.usable, task.anchors, plain_image, task.done.copy(),
        n_values=task.n_values, block=task.block, overlap=task.overlap, tolerance=task.tolerance,
        repetition=task.repetition, wraps=task.wraps, seed=task.seed, doubt=float(DOUBT),
    )  # fmt: skip
    np.testing.assert_array_equal(places, plain)
    np.testing.assert_array_equal(image, plain_image)
    assert done.all()
    assert disagreement == pytest.approx(plain_disagreement, rel=1e-4, abs=1e-4)


def test_what_is_known_stays_and_is_continued() -> None:
    """The example's own left half goes on with its right one."""
    task = Task(seed=3, size=(10, 10), block=5, overlap=2)
    task.image = task.atlas[:, :10].copy()
    task.done = np.zeros((10, 10), bool)
    task.done[:, :6] = True
    places, image, *_ = task.laid()
    np.testing.assert_array_equal(image, task.atlas[:, :10])
    np.testing.assert_array_equal(places, np.arange(110).reshape(10, 11)[:, :10])


def test_blocks_are_whole_and_usable() -> None:
    task = Task(seed=5, size=(12, 12), block=4, holes=0.05)
    places, image, *_ = task.laid()
    assert task.usable.ravel()[places].all()
    np.testing.assert_array_equal(image, task.atlas.reshape(-1, 2)[places])
    corners = places[::4, ::4]
    assert task.anchors.ravel()[corners].all()
    y, x = np.mgrid[:12, :12]
    np.testing.assert_array_equal(places, corners[y // 4, x // 4] + y % 4 * 11 + x % 4)


@pytest.mark.parametrize("repetition", [0.0, 100.0])
def test_repetition_costs(repetition: float) -> None:
    """Blocks that match nothing are all alike, until using one again costs."""
    task = Task(size=(9, 9), block=3, overlap=0, repetition=repetition)
    corners = task.laid()[0][::3, ::3]
    apart = min(
        max(abs(a // 11 - b // 11), abs(a % 11 - b % 11))
        for n, a in enumerate(corners.ravel())
        for b in corners.ravel()[:n]
    )
    assert (apart >= 2) == (repetition > 0)
