"""What each number in a group of pyramid statistics is, in the order of ``groups()``."""

from __future__ import annotations

from itertools import combinations, permutations

PIXELS = ("mean", "variance", "skewness", "kurtosis", "minimum", "maximum")


def pyramid_labels(
    n_scales: int, n_orientations: int, n_neighbours: int
) -> dict[str, tuple[str, ...]]:
    """Label the four groups of one plane.

    Scale 0 is the finest; orientations are numbered by their angle, k pi / K.
    """
    lowpasses, scales, shifts = range(n_scales + 1), range(n_scales), _shifts(n_neighbours)
    bands = [f"scale {s} orientation {k}" for s in scales for k in range(n_orientations)]
    children = bands[: (n_scales - 1) * n_orientations]
    parents = [f"parent {k}" for k in range(n_orientations)]
    doubled = [
        f"{part} parent {k}" for part in ("real", "imaginary") for k in range(n_orientations)
    ]
    return {
        "marginals": (
            *PIXELS,
            *(f"skewness low-pass {s}" for s in lowpasses),
            *(f"kurtosis low-pass {s}" for s in lowpasses),
            "variance high-pass",
        ),
        "autocorrelation": (
            *(f"deviation low-pass {s}" for s in lowpasses),
            *(f"low-pass {s} shift {shift}" for s in lowpasses for shift in shifts),
        ),
        "magnitudes": (
            *(f"deviation {band}" for band in bands),
            *(f"{band} shift {shift}" for band in bands for shift in shifts),
            *(
                f"scale {s} orientations {i} {j}"
                for s in scales
                for i, j in combinations(range(n_orientations), 2)
            ),
            *(f"{band} {parent}" for band in children for parent in parents),
        ),
        "phase": tuple(f"{band} {parent}" for band in children for parent in doubled),
    }


def colour_labels(
    n_planes: int, n_scales: int, n_orientations: int, n_neighbours: int
) -> dict[str, tuple[str, ...]]:
    """Label the groups of all planes, and those that join planes."""
    own = pyramid_labels(n_scales, n_orientations, n_neighbours)
    if n_planes == 1:
        return own
    labels = {
        group: tuple(f"plane {p} {name}" for p in range(n_planes) for name in names)
        for group, names in own.items()
    }
    orientations = range(n_orientations)
    pairs = [f"planes {p} {q}" for p, q in combinations(range(n_planes), 2)]
    ordered = list(permutations(range(n_planes), 2))
    labels["colours"] = (
        *(f"covariance {pair}" for pair in pairs),
        *(f"low-pass {s} {pair}" for s in range(n_scales + 1) for pair in pairs),
        *(
            f"scale {s} orientation {k} {pair}"
            for s in range(n_scales)
            for k in orientations
            for pair in pairs
        ),
    )
    labels["colour magnitudes"] = (
        *(
            f"scale {s} {pair} orientations {i} {j}"
            for s in range(n_scales)
            for pair in pairs
            for i in orientations
            for j in orientations
        ),
        *(
            f"scale {s} plane {p} orientation {i} plane {q} parent {j}"
            for s in range(n_scales - 1)
            for p, q in ordered
            for i in orientations
            for j in orientations
        ),
    )
    labels["colour phase"] = tuple(
        f"scale {s} plane {p} orientation {i} plane {q} {part} parent {j}"
        for s in range(n_scales - 1)
        for p, q in ordered
        for i in orientations
        for part in ("real", "imaginary")
        for j in orientations
    )
    return labels


def _shifts(n_neighbours: int) -> list[str]:
    """Down and right, those before the centre in reading order."""
    reach = range(-(n_neighbours // 2), n_neighbours // 2 + 1)
    return [f"({y}, {x})" for y in reach for x in reach][: n_neighbours**2 // 2]
