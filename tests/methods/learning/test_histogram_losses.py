"""Histogram losses fix means and variances of features, where Gram matrices let them drift."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from lichen.faces.python import synthesize
from lichen.features.load import load_features
from lichen.image import read_image, resize_image
from lichen.nn.tensor import to_tensor


def test_variances_of_features_drift_less_than_with_gram_matrices_alone(
    exemplars_dir: Path,
) -> None:
    """Of a layer whose histograms are matched, as the network sees the pictures unscaled."""
    photo = read_image(exemplars_dir / "cellular" / "red_peppers_tn.png").pixels
    exemplar = resize_image(photo, (64, 64))
    features = load_features("encoder", precision="float32")

    def spread(image: np.ndarray) -> torch.Tensor:
        maps = features(to_tensor(image), ["relu4_1"], ("reflect", "reflect"))["relu4_1"]
        return maps[0].flatten(1).std(1)

    wanted = spread(exemplar)
    alive = wanted > 0.05 * wanted.max()
    how = {"iterations": 40, "seed": 1, "standardize": False, "precision": "float32"}
    drift = []
    for weight in (0.0, 0.1):
        image = synthesize(
            exemplar, method="histogram_losses", histogram_weight=weight, **how
        ).image
        drift.append(float((spread(image) / wanted - 1)[alive].abs().mean()))
    assert drift[1] < 0.85 * drift[0]
