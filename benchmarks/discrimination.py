"""Calibrate `lichen same` on crops of photographs and judge it on textures it was not fitted to.

    python benchmarks/discrimination.py EXEMPLARS [--sides 32 64 128 256] [--write]

Crops of one picture are "same", crops of different materials "different"; crops do not overlap.
Textures are divided into folds, and each pair of crops is judged by constants fitted without the
folds of both. The tables of docs/discrimination.md are printed. With --write the constants fitted
to all textures go to src/lichen/quality/discrimination.json and the curves to docs/images/roc.png.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from lichen.training.data.pictures import made_picture
from numpy.typing import NDArray
from scipy.optimize import minimize

from lichen.arrays import FloatArray
from lichen.image import read_image
from lichen.quality import discrimination
from lichen.quality.discrimination import encoder
from lichen.quality.patch_statistics import STATISTICS, Description, describe, distances
from lichen.textures import julesz

FOLDERS = (
    "stochastic", "cellular", "regular", "near_regular", "text", "multiscale", "multi_exemplar",
    "holes", "pbr",
)  # fmt: skip
ONE_MATERIAL = {
    "leaves_albedo": "leaves_cc0",
    "metal_plate_albedo": "metal_plate_cc0",
    "stone_floor_albedo": "stone_floor_cc0",
    **{f"smoke_embark_{number}": "smoke_embark" for number in (1, 2, 3, 4)},
}
"""Pictures of the same material: in one fold, and never a "different" pair."""

CROPS = 8
FOLDS = 7
SHRINKAGE = 0.1
OFFSET = 0.1
"""Added to a distance before its logarithm, in units of the median for the same texture: close to
zero a distance carries no more information."""
NEW_TEXTURES = range(9_000_001, 9_000_049)
ROOT = Path(__file__).resolve().parents[1]
PAIRS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("2", {"kind": "even", "glider": "dipole", "mixing": 0.3}, {"kind": "noise"}),
    ("3", {"kind": "elements"}, {"kind": "turned-elements"}),
    ("3", {"kind": "even", "glider": "elbow"}, {"kind": "odd", "glider": "elbow"}),
    ("3", {"kind": "even", "glider": "elbow"}, {"kind": "noise"}),
    ("4", {"kind": "even"}, {"kind": "noise"}),
    ("4", {"kind": "odd"}, {"kind": "noise"}),
    ("4", {"kind": "even"}, {"kind": "odd"}),
    ("4", {"kind": "even", "mixing": 0.2}, {"kind": "noise"}),
    ("4", {"kind": "even", "glider": "cross"}, {"kind": "noise"}),
    ("4", {"kind": "even", "glider": "cross"}, {"kind": "even", "glider": "tee"}),
    ("none", {"kind": "even", "mixing": 0.5}, {"kind": "noise"}),
)
"""Order of the first statistics that differ, and the two textures."""


@dataclass
class Pairs:
    """Pairs of crops: all arrays have one entry per pair."""

    distance: FloatArray  # (N, statistics)
    is_same: NDArray[np.bool_]
    materials: NDArray[np.str_]  # (N, 2)
    side: NDArray[np.int64]

    def where(self, keep: NDArray[np.bool_]) -> Pairs:
        return Pairs(self.distance[keep], self.is_same[keep], self.materials[keep], self.side[keep])

    def weights(self) -> FloatArray:
        """Equal weights for sides, for same and different, and for each (pair of) materials."""
        keys = list(zip(self.side, self.is_same, *np.sort(self.materials, axis=1).T, strict=True))
        sizes = Counter(keys)
        parts = Counter((side, is_same) for side, is_same, *_ in sizes)
        total = len({side for side, *_ in sizes}) * 2
        return np.array([1 / (sizes[key] * parts[key[:2]] * total) for key in keys])


def read_crops(folder: Path, side: int) -> list[tuple[str, str, NDArray[np.float32]]]:
    """Return up to eight disjoint crops of each picture: (picture, material, pixels)."""
    rng = np.random.default_rng(side)
    found = []
    for path in [path for name in FOLDERS for path in sorted((folder / name).iterdir())]:
        if path.stem.endswith("_mask") or (path.parent.name == "pbr" and "albedo" not in path.stem):
            continue
        picture = read_image(path)
        mask_file = path.with_name(f"{path.stem}_mask.png")
        usable = np.ones(picture.pixels.shape[:2], bool) if picture.mask is None else picture.mask
        if mask_file.exists():
            usable = usable & (read_image(mask_file).pixels[..., 0] < 0.5)
        for rows, columns in cells(usable, side, rng):
            name = ONE_MATERIAL.get(path.stem, path.stem)
            found.append((path.stem, name, picture.pixels[rows, columns]))
    return found


def cells(
    usable: NDArray[np.bool_], side: int, rng: np.random.Generator
) -> list[tuple[slice, slice]]:
    """Return some cells of a randomly placed lattice, all of whose pixels are usable."""
    height, width = usable.shape
    if min(height, width) < side:
        return []
    top, left = rng.integers(height % side + 1), rng.integers(width % side + 1)
    lattice = [
        np.s_[row : row + side, column : column + side]
        for row in range(top, height - side + 1, side)
        for column in range(left, width - side + 1, side)
    ]
    whole = [cell for cell in lattice if usable[cell].all()]
    return [whole[index] for index in rng.permutation(len(whole))[:CROPS]]


def compare_all(described: list[tuple[str, str, Description]], side: int) -> Pairs:
    """Return all pairs except those of two pictures of one material, which are neither."""
    rows, is_same, materials = [], [], []
    for (picture, material, one), (other, its, two) in itertools.combinations(described, 2):
        if picture == other or material != its:
            rows.append(list(distances(one, two).values()))
            is_same.append(picture == other)
            materials.append((material, its))
    return Pairs(np.array(rows), np.array(is_same), np.array(materials), np.full(len(rows), side))


def described_crops(crops: list[tuple[str, str, Any]]) -> list[tuple[str, str, Description]]:
    return [(*names, describe(pixels, encoder())) for *names, pixels in crops]  # type: ignore


def concatenate(parts: list[Pairs]) -> Pairs:
    fields = ("distance", "is_same", "materials", "side")
    return Pairs(*(np.concatenate([getattr(part, name) for part in parts]) for name in fields))


def weighted_quantile(values: FloatArray, weights: FloatArray, q: float) -> float:
    order = np.argsort(values)
    return float(values[order][np.searchsorted(np.cumsum(weights[order]), q * weights.sum())])


def fit(pairs: Pairs) -> dict[str, Any]:
    """Logistic regression with non-negative weights, shrunk towards their mean."""
    weights, same = pairs.weights(), pairs.is_same
    n = len(STATISTICS)
    medians = [weighted_quantile(column[same], weights[same], 0.5) for column in pairs.distance.T]
    offset = np.maximum(OFFSET * np.array(medians), 1e-6)
    logs = np.log(pairs.distance + offset)
    mean = weights @ logs
    spread = np.sqrt(weights @ (logs - mean) ** 2)
    design = np.column_stack([-(logs - mean) / spread, -np.log2(pairs.side), np.ones(len(logs))])
    sign = np.where(same, 1.0, -1.0)

    def loss(b: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (design @ b)
        deviation = b[:n] - b[:n].mean()
        value = weights @ np.logaddexp(0, -margin) + SHRINKAGE * n * deviation @ deviation
        slope = -design.T @ (weights * sign * np.exp(-np.logaddexp(0, margin)))
        slope[:n] += 2 * SHRINKAGE * n * deviation
        return float(value), slope

    bounds = [(0, None)] * n + [(None, None)] * 2
    start = np.r_[np.full(n, 1 / n), 0, 0]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    columns = {"offset": offset, "mean": mean, "spread": spread, "weight": found.x[:n]}
    return {
        "statistics": {
            name: {field: float(f"{values[k]:.6g}") for field, values in columns.items()}
            for k, name in enumerate(STATISTICS)
        },
        "side_slope": float(f"{found.x[n]:.6g}"),
        "intercept": float(f"{found.x[n + 1]:.6g}"),
        "sides": sorted({int(side) for side in pairs.side}),
    }


def log_odds(fitted: dict[str, Any], pairs: Pairs) -> FloatArray:
    """Compute the log-odds of Calibration.judge for all pairs."""
    offset, mean, spread, weight = (
        np.array([row[field] for row in fitted["statistics"].values()])
        for field in ("offset", "mean", "spread", "weight")
    )
    z = (np.log(pairs.distance + offset) - mean) / spread
    return fitted["intercept"] - fitted["side_slope"] * np.log2(pairs.side) - z @ weight


def held_out_log_odds(pairs: Pairs) -> FloatArray:
    """Judge each pair by constants fitted without the folds of its materials."""
    names = np.unique(pairs.materials)
    order = np.random.default_rng(0).permutation(len(names))
    fold_of = {name: int(position) % FOLDS for name, position in zip(names, order, strict=True)}
    folds = np.vectorize(fold_of.__getitem__)(pairs.materials)  # (N, 2)
    scores = np.full(len(folds), np.nan)
    for chosen in itertools.combinations_with_replacement(range(FOLDS), 2):
        test = (np.sort(folds, axis=1) == chosen).all(1)
        if test.any():
            train = ~np.isin(folds, chosen).any(1)
            scores[test] = log_odds(fit(pairs.where(train)), pairs.where(test))
    return scores


def curve(
    scores: FloatArray, is_same: NDArray[np.bool_], weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """False and true positive rates, from (0, 0) to (1, 1); equal scores are one step."""
    _, step = np.unique(-scores, return_inverse=True)
    rates = []
    for chosen in (~is_same, is_same):
        mass = np.bincount(step, weights * chosen)
        rates.append(np.r_[0, np.cumsum(mass) / mass.sum()])
    return rates[0], rates[1]


def area(scores: FloatArray, is_same: NDArray[np.bool_], weights: FloatArray) -> float:
    return float(np.trapezoid(*curve(scores, is_same, weights)[::-1]))


def print_areas(pairs: Pairs, scores: FloatArray) -> tuple[dict[str, float], dict[str, float]]:
    """Print and return the areas by side, weighted by texture and unweighted."""
    print(
        "\n| side, px | textures | same | different | AUC | AUC, unweighted | AUC without smoke "
        "| correct at 1/2 |\n|---|---|---|---|---|---|---|---|"
    )
    areas, pooled = {}, {}
    for side in np.unique(pairs.side):
        part, score = pairs.where(pairs.side == side), scores[pairs.side == side]
        weights, same = part.weights(), part.is_same
        clear = ~(part.materials == "smoke_embark").any(1)
        areas[str(side)] = round(area(score, same, weights), 4)
        pooled[str(side)] = round(area(score, same, np.ones(len(same))), 4)
        right = weights[(score >= 0) == same].sum() / weights.sum()
        print(
            f"| {side} | {len(np.unique(part.materials))} | {same.sum()} | {(~same).sum()} | "
            f"{areas[str(side)]:.4f} | {pooled[str(side)]:.4f} | "
            f"{area(score[clear], same[clear], weights[clear]):.4f} | {right:.1%} |"
        )
    return areas, pooled


def print_single(pairs: Pairs) -> None:
    """AUC of each statistic alone: nothing is fitted."""
    sides = np.unique(pairs.side)
    print("\n| statistic |", " | ".join(f"{side} px" for side in sides), "|")
    print("|---" * (len(sides) + 1) + "|")
    for k, name in enumerate(STATISTICS):
        parts = [pairs.where(pairs.side == side) for side in sides]
        found = [area(-part.distance[:, k], part.is_same, part.weights()) for part in parts]
        print(f"| {name} |", " | ".join(f"{value:.4f}" for value in found), "|")


def print_reliability(pairs: Pairs, scores: FloatArray) -> None:
    print("\n| stated probability | fraction of pairs | actually same |\n|---|---|---|")
    probability, weights = 1 / (1 + np.exp(-scores)), pairs.weights()
    for low, high in itertools.pairwise((0, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0001)):
        inside = (probability >= low) & (probability < high)
        fraction = weights[inside].sum()
        actual = weights[inside & pairs.is_same].sum() / fraction
        print(f"| {low:.1f} to {high:.1f} | {fraction:.1%} | {actual:.1%} |")


def print_hardest(pairs: Pairs, scores: FloatArray, side: int, n: int = 6) -> None:
    """Print the hardest textures by the medians of their log-odds."""
    print(f"\nat {side} px, median log-odds of the hardest:")
    at = pairs.side == side
    for is_same in (True, False):
        chosen = at & (pairs.is_same == is_same)
        names = np.array(["~".join(sorted(set(pair))) for pair in pairs.materials])
        medians = {name: np.median(scores[chosen & (names == name)]) for name in set(names[chosen])}
        ordered = sorted(medians.items(), key=lambda item: item[1] if is_same else -item[1])
        print("same:" if is_same else "different:", [f"{k} {v:+.1f}" for k, v in ordered[:n]])


def print_new(fitted: dict[str, Any]) -> None:
    """Judge procedural textures, to which nothing was fitted."""
    for side in (64, 128):
        rng = np.random.default_rng(side)
        crops = []
        for seed in NEW_TEXTURES:
            picture = made_picture(seed)
            where = cells(np.ones(picture.shape[:2], bool), side, rng)[:4]
            crops += [(str(seed), str(seed), picture[cell]) for cell in where]
        pairs = compare_all(described_crops(crops), side)
        value = area(log_odds(fitted, pairs), pairs.is_same, pairs.weights())
        print(f"{len(NEW_TEXTURES)} new procedural textures, {side} px: AUC {value:.4f}")


def print_julesz(fitted: dict[str, Any], side: int = 128, n: int = 6) -> None:
    """Print the AUC of every statistic on Julesz's pairs: 1/2 is chance, 1 is perfect."""
    names = [*STATISTICS, "together"]
    print("\n| order | pair |", " | ".join(names), "| median probability of same |")
    print("|---" * (len(names) + 3) + "|")
    for order, one, other in PAIRS:
        crops = []
        for seed in range(n):
            for label, how in (("a", one), ("b", other)):
                # Different seeds: the pictures of a pair are independent.
                crops.append(
                    (label, label, julesz(**how, size=side, seed=2 * seed + (label > "a")))
                )
        pairs = compare_all(described_crops(crops), side)
        score = log_odds(fitted, pairs)
        columns = [*(-pairs.distance.T), score]
        found = [area(column, pairs.is_same, pairs.weights()) for column in columns]
        probability = np.median(1 / (1 + np.exp(-score[~pairs.is_same])))
        title = " / ".join(" ".join(map(str, how.values())) for how in (one, other))
        print(f"| {order} | {title} |", " | ".join(f"{v:.2f}" for v in found), end=" ")
        print(f"| {probability:.2f} |")


def draw(pairs: Pairs, scores: FloatArray, target: Path) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4.6, 4.4), dpi=110, layout="constrained")
    axes = figure.add_subplot()
    for side in np.unique(pairs.side):
        part, score = pairs.where(pairs.side == side), scores[pairs.side == side]
        false, true = curve(score, part.is_same, part.weights())
        axes.plot(false, true, label=f"{side} px: {np.trapezoid(true, false):.3f}")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=0.8)
    axes.set(xlabel="false positive rate", ylabel="true positive rate")
    axes.set(xlim=(-0.01, 1), ylim=(0, 1.01), title="Held-out textures")
    axes.legend(title="crops: area", loc="lower right")
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("exemplars", type=Path)
    parser.add_argument("--sides", type=int, nargs="+", default=[32, 64, 128, 256])
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()

    parts, materials = [], set()
    for side in options.sides:
        crops = read_crops(options.exemplars, side)
        materials |= {material for _, material, _ in crops}
        parts.append(compare_all(described_crops(crops), side))
    pairs = concatenate(parts)
    scores = held_out_log_odds(pairs)
    areas, pooled = print_areas(pairs, scores)
    print_single(pairs)
    print_reliability(pairs, scores)
    for side in options.sides:
        print_hardest(pairs, scores, side)
    fitted = fit(pairs)
    print()
    print_new(fitted)
    print_julesz(fitted)
    fitted["provenance"] = {
        "made by": "benchmarks/discrimination.py",
        "encoder": encoder().network,
        "textures": sorted(materials),
        "crops of a picture": f"at most {CROPS} at each side, not overlapping",
        "held-out area under the ROC curve": areas,
        "the same, pairs unweighted": pooled,
        "folds of textures": FOLDS,
    }
    if options.write:
        text = json.dumps(fitted, indent=1) + "\n"
        Path(discrimination.__file__).with_name("discrimination.json").write_text(text, "utf-8")
        draw(pairs, scores, ROOT / "docs" / "images" / "roc.png")


if __name__ == "__main__":
    main()
