"""The precision of a network: bfloat16 where the device multiplies it natively, else float32."""

from __future__ import annotations

import os
from typing import Literal, TypeVar

import torch
from torch import nn

from lichen.errors import ParameterError

Precision = Literal["auto", "float32", "bfloat16", "float64"]

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float64": torch.float64}

_AMPERE = (8, 0)
"""First CUDA compute capability that multiplies bfloat16."""

AnyModule = TypeVar("AnyModule", bound=nn.Module)


def choose_precision(name: str = "auto", device: str | torch.device = "cpu") -> torch.dtype:
    """Choose the precision of a network; statistics and solvers stay in float32.

    Parameters
    ----------
    name
        ``float32``, ``bfloat16``, ``float64``, or ``auto``: what ``$LICHEN_PRECISION`` says, else
        bfloat16 where ``device`` multiplies it natively, else float32.
    device
        Where the network runs.

    Raises
    ------
    ParameterError
        When the name is none of these, or the device lacks it: Apple's GPUs have no float64.
    """
    given, where = name, "precision"
    if given == "auto":
        given, where = os.environ.get("LICHEN_PRECISION") or "auto", "$LICHEN_PRECISION"
    if given == "auto":
        return torch.bfloat16 if multiplies_bfloat16(device) else torch.float32
    if given not in _DTYPES:
        raise ParameterError(f"{where} is {given!r}", f"it may be auto, {', '.join(_DTYPES)}")
    if given == "float64" and torch.device(device).type == "mps":
        raise ParameterError(f"{where} is float64, which mps lacks", "use float32 or device=cpu")
    return _DTYPES[given]


def allow_tf32(allowed: bool) -> None:
    """Let NVIDIA's GPUs round the factors of float32 convolutions to 10 bits, or forbid it.

    It is a setting of the process. Matrix products, of which statistics are made, stay in float32.
    """
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = allowed


def multiplies_bfloat16(device: str | torch.device = "cpu") -> bool:
    """Whether a device has instructions for products of bfloat16.

    On x86 these are AMX and AVX512-BF16, on CUDA devices those of Ampere. Elsewhere, on Apple's
    GPUs too, bfloat16 is emulated or no faster than float32.
    """
    device = torch.device(device)
    if device.type == "cuda":
        return torch.cuda.get_device_capability(device) >= _AMPERE
    if device.type != "cpu":
        return False
    # PyTorch answers under private names only; a version that lacks them counts as "no".
    questions = ("_is_amx_tile_supported", "_is_avx512_bf16_supported")
    return any(bool(getattr(torch.cpu, question, bool)()) for question in questions)


def in_precision(network: AnyModule, dtype: torch.dtype) -> AnyModule:
    """Convert frozen filters to a precision and channels-last order, in place.

    The constants that normalize the input stay as they are: subtracting a mean rounded to eight
    bits would change the image.
    """
    for module in network.modules():
        for name, buffer in list(module.named_buffers(recurse=False)):
            if not name.endswith(("weight", "bias")):
                continue
            order = torch.channels_last if buffer.ndim == 4 else torch.contiguous_format
            setattr(module, name, buffer.to(dtype=dtype, memory_format=order))
    return network
