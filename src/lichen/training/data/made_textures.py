"""Procedural textures, one function per family, random in every respect, from one seed.

Each takes a generator and gives float64 (SIDE, SIDE, 3), about [0, 1]. They need not look like
photographs; they must need different local statistics to be told apart.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from lichen.training.data.canvas_noise import (
    SIDE,
    Array,
    Rng,
    coloured_noise,
    mix,
    palette,
    rotated,
)


def spectral(rng: Rng) -> Array:
    """Coloured noise between two colours, half the time in patches of a second one."""
    colours = palette(rng, 4)
    stretch = np.exp(rng.uniform(0, 1.3)) if rng.random() < 0.5 else 1.0
    noise = coloured_noise(rng, None, stretch, rng.uniform(0, np.pi))
    picture = mix(0.5 + 0.35 * noise, colours[0], colours[1])
    if rng.random() < 0.5:
        patch = coloured_noise(rng, rng.uniform(1, 2)) > rng.uniform(-0.5, 1.2)
        other = mix(0.5 + 0.3 * coloured_noise(rng), colours[2], colours[3])
        picture = np.where(patch[..., None], other, picture)
    return picture


def _leaf_distance(shape: int, u: Array, v: Array) -> Array:
    """Distance from a leaf's centre, 1 at its rim: disc, box, diamond, drop, star."""
    if shape == 1:
        return np.maximum(np.abs(u), np.abs(v))
    if shape == 2:
        return np.abs(u) + np.abs(v)
    if shape == 3:
        return np.hypot(u, v * (1 + 0.8 * u))
    if shape == 4:
        return np.hypot(u, v) * (1 + 0.15 * np.sin(5 * np.arctan2(v, u)))
    return np.hypot(u, v)


def dead_leaves(rng: Rng) -> Array:
    """Opaque shapes fallen on one another, with power-law sizes, shaded and rimmed."""
    picture = np.tile(palette(rng, 1)[0], (SIDE, SIDE, 1))
    smallest = rng.uniform(2, 5)
    ratio, aspect = np.exp(rng.uniform(0.3, 2.2)), np.exp(rng.uniform(0, 1.6))
    shape, colours = int(rng.integers(5)), palette(rng, int(rng.integers(2, 9)))
    angle, spread = rng.uniform(0, np.pi), rng.choice([0.1, 0.5, 3.0])
    shade, rim = rng.uniform(0, 0.5), rng.uniform(0, 0.6)
    grain = coloured_noise(rng, 1.2) * rng.uniform(0, 0.08)
    for _ in range(int(np.exp(rng.uniform(4, 7)))):
        radius = smallest * ratio ** (rng.random() ** 1.7)
        reach = int(radius * aspect * 1.3) + 2
        y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        turn = angle + rng.normal() * spread
        u = (np.cos(turn) * x + np.sin(turn) * y) / (radius * aspect**0.5)
        v = (-np.sin(turn) * x + np.cos(turn) * y) / (radius / aspect**0.5)
        distance = _leaf_distance(shape, u, v)
        inside = distance < 1
        top, left = rng.integers(0, SIDE, 2)
        rows, columns = (top + y[inside]) % SIDE, (left + x[inside]) % SIDE
        colour = colours[rng.integers(len(colours))] * (1 + rng.normal() * 0.08)
        d, tilt = distance[inside][:, None], (-u - v)[inside][:, None]
        lit = colour * (1 - shade * d**2 + shade * 0.25 * tilt)
        lit = lit * np.where(d > 0.85, 1 - rim, 1) + grain[rows, columns][:, None]
        picture[rows, columns] = np.clip(lit, 0, 1)
    return picture


def cells(rng: Rng) -> Array:
    """Voronoi cells, scattered or on a jittered grid, with or without joints."""
    n = int(np.exp(rng.uniform(3.2, 7)))
    points = rng.uniform(0, SIDE, (n, 2))
    if rng.random() < 0.4:
        side = int(np.sqrt(n))
        pitch = SIDE / side
        corners = np.stack(np.meshgrid(np.arange(side), np.arange(side), indexing="ij"), -1)
        shaken = (corners.reshape(-1, 2) + 0.5) * pitch
        points = (shaken + rng.normal(size=shaken.shape) * pitch * rng.uniform(0, 0.35)) % SIDE
    stretch = np.array([1, np.exp(rng.uniform(-0.8, 0.8))])
    shifts = np.array([(a, b) for a in (-SIDE, 0, SIDE) for b in (-SIDE, 0, SIDE)])
    tiled = (points[None] + shifts[:, None]).reshape(-1, 2)
    bent = np.stack(rotated(rng, np.pi / 2, 3.0), -1).reshape(-1, 2)
    distances, nearest = cKDTree(tiled * stretch).query(bent * stretch, k=2)
    first = distances[:, 0].reshape(SIDE, SIDE)
    gap = (distances[:, 1] - distances[:, 0]).reshape(SIDE, SIDE)
    cell = (nearest[:, 0] % len(points)).reshape(SIDE, SIDE)
    size = SIDE / np.sqrt(len(points))
    colours = palette(rng, int(rng.integers(1, 7)))
    own = colours[rng.integers(0, len(colours), len(points))]
    own = own * (1 + rng.normal(size=(len(points), 1)) * rng.uniform(0, 0.25))
    picture = own[cell] * (1 - rng.uniform(0, 0.6) * (first / size)[..., None] ** 2)
    picture = picture + rng.uniform(0, 0.08) * coloured_noise(rng, 1.2)[..., None]
    joint = np.clip(1 - gap / (rng.uniform(0.02, 0.25) * size), 0, 1)[..., None]
    joint = joint * (rng.random() < 0.75)
    return np.asarray(picture * (1 - joint) + palette(rng, 1)[0] * joint)


def bricks(rng: Rng) -> Array:
    """Courses of bricks, stacked, in running bond or at random, with mortar."""
    height = int(rng.integers(10, 44))
    width = max(int(height * rng.uniform(0.8, 3.5)), 8)
    mortar = rng.uniform(1, max(2, height * 0.16))
    bond = rng.choice([0.0, 0.5, 1 / 3, -1.0], p=[0.2, 0.5, 0.15, 0.15])
    x, y = rotated(rng, 0.0, 2.5)
    row = np.floor(y / height).astype(int)
    offset = rng.uniform(0, 1, 1000)[row % 1000] if bond < 0 else row * bond
    shifted = x + offset * width
    column = np.floor(shifted / width).astype(int)
    down, right = y - row * height, shifted - column * width
    edge = np.minimum(np.minimum(down, height - down), np.minimum(right, width - right))
    key = (row % 97, column % 89)
    tone = rng.normal(size=(97, 89)) * rng.uniform(0, 0.2)
    odd = rng.random((97, 89)) < rng.uniform(0, 0.3)
    colours = palette(rng, 3)
    brick = colours[0] * (1 + tone[key])[..., None]
    brick = brick + (colours[2] - colours[0]) * odd[key][..., None]
    brick = brick + rng.uniform(0, 0.1) * coloured_noise(rng, rng.uniform(0.5, 1.5))[..., None]
    brick = brick + rng.uniform(0, 0.3) * (down / height - 0.5)[..., None]
    joint = np.clip((mortar - edge) / 1.5 + 0.5, 0, 1)[..., None]
    filling = colours[1] + 0.05 * coloured_noise(rng, 0.6)[..., None]
    picture = brick * (1 - joint) + filling * joint
    return np.asarray(picture.transpose(1, 0, 2) if rng.random() < 0.3 else picture)


def weave(rng: Rng) -> Array:
    """Threads over and under one another: plain weave, twills, baskets."""
    pitch = int(rng.integers(6, 36))
    along, across = rotated(rng, rng.choice([0, np.pi / 4, rng.uniform(0, np.pi)]), 2.0)
    i, j = np.floor(along / pitch).astype(int), np.floor(across / pitch).astype(int)
    over = (i + j) % 2 == 0
    if rng.random() < 0.5:
        over = (i + j * int(rng.integers(1, 4))) % (2 * int(rng.integers(1, 3))) < 1
    colours = palette(rng, 3)
    warp = mix(0.3 + 0.7 * np.sin(np.pi * (along / pitch - i)), colours[2], colours[0])
    weft = mix(0.3 + 0.7 * np.sin(np.pi * (across / pitch - j)), colours[2], colours[1])
    cloth = np.where(over[..., None], warp, weft)
    return np.asarray(cloth + rng.uniform(0, 0.08) * coloured_noise(rng, 0.7)[..., None])


def herringbone(rng: Rng) -> Array:
    """Blocks k times as long as wide in a zigzag, with grain along each of them."""
    width, k = int(rng.integers(6, 22)), int(rng.integers(2, 6))
    along, across = rotated(rng, rng.choice([0, np.pi / 4]), 0.0)
    i, j = np.floor(along / width).astype(int), np.floor(across / width).astype(int)
    phase = (i - j) % (2 * k)
    lying = phase < k
    first = np.where(lying, i - phase, i)
    second = np.where(lying, j, j - (2 * k - 1 - phase))
    u, v = along / width - i, across / width - j
    sides = np.where(lying, np.minimum(v, 1 - v), np.minimum(u, 1 - u))
    ends_lying = np.where(phase == 0, u, np.where(phase == k - 1, 1 - u, 9))
    ends_standing = np.where(phase == 2 * k - 1, v, np.where(phase == k, 1 - v, 9))
    edge = np.minimum(sides, np.where(lying, ends_lying, ends_standing)) * width
    block = (first * 73_856_093 ^ second * 19_349_663) % 9973
    tone = rng.normal(size=9973) * rng.uniform(0.05, 0.25)
    grain = np.where(lying, coloured_noise(rng, 1, 0.35), coloured_noise(rng, 1, 2.8))
    colours = palette(rng, 2)
    wood = colours[0] * (1 + tone[block])[..., None] + rng.uniform(0, 0.12) * grain[..., None]
    joint = np.clip(1.2 - edge, 0, 1)[..., None] * rng.uniform(0.3, 1)
    return np.asarray(wood * (1 - joint) + colours[1] * 0.5 * joint)


def stripes(rng: Rng) -> Array:
    """Waves, sharp or soft, straight or bent: sand ripples, wood, corrugation."""
    period = np.exp(rng.uniform(1.3, 3.8))
    along, _ = rotated(rng, rng.uniform(0, np.pi), period * 1.5)
    wave = 0.5 + 0.5 * np.sin(2 * np.pi * along / period)
    if rng.random() < 0.5:
        wave = wave ** rng.uniform(0.3, 4)
    if rng.random() < 0.4:
        wave = np.clip((wave - 0.5) * 8 + 0.5, 0, 1)
    return mix(wave + rng.uniform(0, 0.2) * coloured_noise(rng, 1), *palette(rng, 2))


def strokes(rng: Rng) -> Array:
    """Fibres, blades and hairs: curved lines of one or many directions."""
    picture = np.tile(palette(rng, 1)[0], (SIDE, SIDE, 1))
    length, width = np.exp(rng.uniform(1.8, 4)), rng.uniform(0.6, 2.6)
    angle, spread = rng.uniform(0, 2 * np.pi), rng.choice([0.15, 0.5, 2.0])
    colours, curl = palette(rng, int(rng.integers(2, 6))), rng.normal() * 0.03
    for _ in range(int(np.exp(rng.uniform(5, 7.6)))):
        y, x = rng.uniform(0, SIDE, 2)
        start = angle + spread * rng.normal()
        along = np.arange(0, length * np.exp(0.3 * rng.normal()), 0.7)
        bearing = start + curl * along * np.sign(rng.normal())
        ys, xs = y + np.cumsum(np.sin(bearing)) * 0.7, x + np.cumsum(np.cos(bearing)) * 0.7
        colour = colours[rng.integers(len(colours))] * (1 + 0.15 * rng.normal())
        for offset in np.arange(-width, width + 0.1, 0.7):
            rows = (ys + offset * np.cos(start)).astype(int) % SIDE
            columns = (xs - offset * np.sin(start)).astype(int) % SIDE
            picture[rows, columns] = np.clip(colour * (1 - 0.35 * abs(offset) / width), 0, 1)
    return picture


def labyrinth(rng: Rng) -> Array:
    """Spots and labyrinths of local excitation and wider inhibition (Turing patterns)."""
    state, width = coloured_noise(rng, 0.2), rng.uniform(2, 6)
    for _ in range(25):
        near = ndimage.gaussian_filter(state, width * 0.5, mode="wrap")
        far = ndimage.gaussian_filter(state, width, mode="wrap")
        state = np.tanh(
            3 * (near - far) * rng.uniform(1.5, 2.5) + 0.2 * state + rng.uniform(-0.01, 0.01)
        )
        state /= state.std() + 1e-6
    picture = mix(0.5 + 0.4 * state * rng.uniform(0.5, 1.5), *palette(rng, 2))
    return np.asarray(picture + 0.04 * coloured_noise(rng, 1)[..., None])


def glyphs(rng: Rng) -> Array:
    """Lines of random marks from a small alphabet, like print in an unknown script."""
    picture = np.tile(palette(rng, 1)[0], (SIDE, SIDE, 1))
    ink, side = palette(rng, 1)[0], int(rng.integers(5, 12))
    alphabet = [
        ndimage.zoom(
            (ndimage.gaussian_filter(rng.random((side, side)), 0.8) > 0.5).astype(float),
            rng.uniform(0.8, 2),
            order=1,
        )
        > 0.5
        for _ in range(int(rng.integers(3, 30)))
    ]
    line = max(mark.shape[0] for mark in alphabet) + int(rng.integers(1, 6))
    for top in range(0, SIDE, line):
        left = -int(rng.integers(0, 20))
        while left < SIDE:
            mark = alphabet[rng.integers(len(alphabet))]
            if rng.random() < 0.85:
                rows, columns = np.nonzero(mark)
                picture[(top + rows) % SIDE, (left + columns) % SIDE] = ink
            left += mark.shape[1] + int(rng.integers(0, 4))
    return np.asarray(ndimage.gaussian_filter(picture, (0.6, 0.6, 0)))


def layers(rng: Rng) -> Array:
    """One texture showing through another: rust, lichen, worn paint."""
    below, above = (
        (spectral, dead_leaves, cells, stripes, labyrinth, strokes)[int(rng.integers(6))](rng)
        for _ in range(2)
    )
    edge = coloured_noise(rng, rng.uniform(0.9, 2), np.exp(rng.uniform(-0.8, 0.8)))
    opacity = 0.5 + edge * rng.uniform(0.6, 6) + rng.uniform(-0.5, 0.5)
    return mix(opacity, below, above)


FAMILIES: tuple[Callable[[Rng], Array], ...] = (
    spectral,
    dead_leaves,
    cells,
    bricks,
    weave,
    herringbone,
    stripes,
    strokes,
    labyrinth,
    glyphs,
    layers,
)


def lit(rng: Rng, picture: Array) -> Array:
    """Add relief lighting, blur or grain to some pictures, as cameras do."""
    if rng.random() < 0.5:
        height = ndimage.gaussian_filter(picture.mean(2), rng.uniform(0.5, 1.5))
        down, right = np.gradient(height)
        light = 1 + rng.uniform(-4, 4) * right + rng.uniform(-4, 4) * down
        picture = picture * np.clip(light, 0.3, 2)[..., None]
    if rng.random() < 0.25:
        blur = rng.uniform(0.4, 1.2)
        picture = ndimage.gaussian_filter(picture, (blur, blur, 0))
    if rng.random() < 0.4:
        picture = picture + rng.normal(size=(SIDE, SIDE, 1)) * rng.uniform(0, 0.05)
    return np.asarray(picture)
