from __future__ import annotations

import pytest
import torch

from lichen.errors import ParameterError
from lichen.features.load import load_features
from lichen.nn.precision import choose_precision, in_precision, multiplies_bfloat16


@pytest.fixture(autouse=True)
def _no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LICHEN_PRECISION", raising=False)


def processor(monkeypatch: pytest.MonkeyPatch, amx: bool, avx512_bf16: bool) -> None:
    monkeypatch.setattr(torch.cpu, "_is_amx_tile_supported", lambda: amx, raising=False)
    monkeypatch.setattr(torch.cpu, "_is_avx512_bf16_supported", lambda: avx512_bf16, raising=False)


@pytest.mark.parametrize(
    ("amx", "avx512_bf16", "expected"),
    [
        (True, True, torch.bfloat16),
        (False, True, torch.bfloat16),
        (True, False, torch.bfloat16),
        (False, False, torch.float32),
    ],
)
def test_auto_takes_bfloat16_where_the_processor_multiplies_it(
    monkeypatch: pytest.MonkeyPatch, amx: bool, avx512_bf16: bool, expected: torch.dtype
) -> None:
    processor(monkeypatch, amx, avx512_bf16)
    assert choose_precision("auto") == expected


def test_a_torch_that_cannot_tell_counts_as_no(monkeypatch: pytest.MonkeyPatch) -> None:
    for question in ("_is_amx_tile_supported", "_is_avx512_bf16_supported"):
        monkeypatch.delattr(torch.cpu, question, raising=False)
    assert choose_precision() == torch.float32


@pytest.mark.parametrize(
    ("capability", "expected"), [((7, 5), False), ((8, 0), True), ((9, 0), True)]
)
def test_cuda_needs_ampere(
    monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int], expected: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: capability)
    assert multiplies_bfloat16("cuda") is expected
    assert multiplies_bfloat16("meta") is False


def test_a_request_beats_the_environment_beats_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    processor(monkeypatch, True, True)
    monkeypatch.setenv("LICHEN_PRECISION", "float64")
    assert choose_precision("auto") == torch.float64
    assert choose_precision("float32") == torch.float32


def test_another_word_is_an_error_that_names_its_origin(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ParameterError, match=r"precision is 'half'.*bfloat16"):
        choose_precision("half")
    monkeypatch.setenv("LICHEN_PRECISION", "fast")
    with pytest.raises(ParameterError, match=r"LICHEN_PRECISION is 'fast'"):
        choose_precision()


@pytest.mark.parametrize("network", ["random-filters", "random-vgg"])
def test_bfloat16_maps_are_close_to_float32_maps(network: str) -> None:
    image = torch.rand((1, 3, 64, 64), generator=torch.Generator().manual_seed(0))
    single = load_features(network, rescale=False, precision="float32")
    half = load_features(network, rescale=False, precision="bfloat16")
    layers = [name for name in single.layers if name in single.default_layers]
    exact = single(image, layers, ("circular", "reflect"))
    rounded = half(image, layers, ("circular", "reflect"))
    for name in layers:
        assert rounded[name].dtype == torch.bfloat16
        error = (rounded[name].float() - exact[name]).norm() / exact[name].norm()
        assert float(error) < 0.02  # eight bits of mantissa are 0.4 % a product


def test_filters_change_precision_and_the_normalization_does_not() -> None:
    net = load_features("random-filters", rescale=False, precision="float32")
    in_precision(net, torch.bfloat16)
    dtypes = {name: buffer.dtype for name, buffer in net.named_buffers()}
    assert dtypes.pop("inner.normalize.mean") == torch.float32
    assert dtypes.pop("inner.normalize.std") == torch.float32
    assert set(dtypes.values()) == {torch.bfloat16}
    weight = net.inner.weight("filters7")
    assert weight.is_contiguous(memory_format=torch.channels_last)
    in_precision(net, torch.float64)
    assert net.inner.weight("filters7").dtype == torch.float64
