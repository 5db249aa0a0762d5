"""One layer of random filters of several sizes as φ (Ustyuzhaninov et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lichen.features.extractor import NetworkFeatures
from lichen.networks.random_filters import RandomFilters, random_weights

if TYPE_CHECKING:
    from lichen.features.load import Request


def build(request: Request) -> NetworkFeatures:
    """Make the filters from a seed; all sizes are default layers."""
    network = RandomFilters(random_weights(request.seed))
    return NetworkFeatures(f"random-filters seed {request.seed}", network, network.layers)
