"""In which numbers a network runs: bfloat16 where the processor multiplies it, else float32."""

from __future__ import annotations

import os
from typing import Literal, TypeVar

import torch

from lichen.errors import ParameterError
from lichen.features.extractor import FeatureExtractor

Precision = Literal["auto", "float32", "bfloat16", "float64"]

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}

_AMPERE = (8, 0)
"""First CUDA compute capability that multiplies bfloat16."""

AnyExtractor = TypeVar("AnyExtractor", bound=FeatureExtractor)


def choose_precision(name: str = "auto", device: str | torch.device = "cpu") -> torch.dtype:
    """Choose the numbers that a network runs in; statistics and solvers stay in float32.

    Parameters
    ----------
    name
        ``float32``, ``bfloat16``, ``float64``, or ``auto``: what ``$LICHEN_PRECISION`` says,
        else bfloat16 where ``device`` multiplies it natively, else float32.
    device
        Where the network runs.

    Raises
    ------
    ParameterError
        When the name is none of these.
    """
    given, where = name, "precision"
    if given == "auto":
        given, where = os.environ.get("LICHEN_PRECISION") or "auto", "$LICHEN_PRECISION"
    if given == "auto":
        return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32
    if given not in _DTYPES:
        raise ParameterError(f"{where} is {given!r}", f"it may be auto, {', '.join(_DTYPES)}")
    return _DTYPES[given]


def multiplies_bfloat16(device: str | torch.device = "cpu") -> bool:
    """Whether a device has instructions for products of bfloat16.

    On x86 these are AMX and AVX512-BF16. Elsewhere bfloat16 is emulated and slower than float32.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _AMPERE
    if device.type != "cpu":
        return False
    # PyTorch has these two questions under private names; one that lacks them counts as "no".
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, question, bool)()) for question in questions)


def in_precision(features: AnyExtractor, dtype: torch.dtype) -> AnyExtractor:
    """Put the filters of a φ into a precision and channels-last order, in place.

    The constants that normalise the input stay as they are: an image less a mean rounded to
    eight bits would be another image.
    """
    for module in features.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if not name.endswith(("weight", "bias")):
                continue
            order = torch.channels_last if buffer.ndim == 4 else torch.contiguous_format
            setattr(module, name, buffer.to(dtype=dtype, memory_format=order))
    return features
