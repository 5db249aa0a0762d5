"""Networks that Lichen trains: the embedded encoder, and the encoder of an autoencoder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, cast

from lichen.errors import WeightsError
from lichen.features.conv_stack import ConvStack
from lichen.weights.catalogue import InputNormalisation
from lichen.weights.read import read_metadata, read_tensors

if TYPE_CHECKING:
    from lichen.features.load import Order
    from lichen.weights.lookup import WeightsFile


def build(order: Order) -> ConvStack:
    """Make the encoder out of the order's weights; all its ReLU layers are default layers."""
    file = order.weights
    stack = ConvStack(file.label, read_tensors(file), _normalisation(file), order.pooling)
    stack.default_layers = tuple(name for name in stack.layers if name.startswith("relu"))
    return stack


def _normalisation(file: WeightsFile) -> InputNormalisation:
    """Read how the file wants its pixels: ``(x - mean) / std`` of values in [0, 1]."""
    metadata = read_metadata(file.path)
    order = metadata.get("input", "")
    if order not in ("RGB", "BGR"):
        raise WeightsError(
            f"{file.path} does not say whether its input is RGB or BGR", _remedy(file)
        )
    return InputNormalisation(
        cast("Literal['RGB', 'BGR']", order),
        1.0,
        _three_numbers(metadata, "mean", file),
        _three_numbers(metadata, "std", file),
    )


def _three_numbers(
    metadata: Mapping[str, str], field: str, file: WeightsFile
) -> tuple[float, float, float]:
    try:
        first, second, third = (float(part) for part in metadata.get(field, "").split(","))
    except ValueError as error:
        raise WeightsError(
            f"{file.path} gives its input's {field} as {metadata.get(field)!r}, not three numbers",
            _remedy(file),
        ) from error
    return first, second, third


def _remedy(file: WeightsFile) -> str:
    return f"train one with: {file.row.training}"
