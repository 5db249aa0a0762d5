"""What callers pass to the verbs, in its many forms, read and checked."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from lichen import registry
from lichen.arrays import Size
from lichen.errors import (
    ImageError,
    ModelError,
    ParameterError,
    unknown_name,
)
from lichen.exemplar import Exemplar, as_exemplar
from lichen.image import parse_size
from lichen.job import MethodInit
from lichen.method import Method
from lichen.model import Model, is_model_file
from lichen.run.inputs import (
    Picture,
)

Sized = tuple[int, int] | str
"""(height, width), or text: ``"WIDTHxHEIGHT"``."""


def size_of(size: Sized | None) -> Size | None:
    """Return a size as (height, width); None where none is given."""
    if size is None or isinstance(size, str):
        return None if size is None else parse_size(size)
    if not isinstance(size, Sequence) or len(size) != 2:
        raise ParameterError(f"`size` = {size!r} is no size", "give (height, width) or text")
    return whole("size", size[0], 1), whole("size", size[1], 1)


def whole(name: str, value: object, least: int | None = None) -> int:
    """Return a whole number, of at least ``least`` if given; a NumPy integer is one, too."""
    bound = "" if least is None else f" of at least {least}"
    try:
        number = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        number = None
    if number is None or isinstance(value, bool) or (least is not None and number < least):
        raise ParameterError(f"`{name}` = {value!r} is not a whole number{bound}", "give one")
    return number


def several(name: str, pictures: Sequence[Picture]) -> Sequence[Picture]:
    """Refuse one picture where several are to be given in a list."""
    if isinstance(pictures, str | Path | Exemplar) or not isinstance(pictures, Sequence):
        raise ParameterError(f"`{name}` is no list of pictures", "give them as [a, b]")
    return pictures


def named_maps(maps: object) -> dict[str, Any]:
    """Refuse what is no mapping of maps by name."""
    if maps is None:
        return {}
    if not isinstance(maps, Mapping):
        raise ParameterError("`maps` is no mapping", 'give {"height": "height.png"}')
    return dict(maps)


def initial_image(
    init: Picture | MethodInit | None, method: Method, preset: str | None
) -> Literal["noise", "exemplar"] | Exemplar | MethodInit:
    """Return what a canvas starts from: ``init``, else the preset's initial image, else noise.

    A word without dot or slash is a method; a file of that name can be written as ``./word``.
    """
    if init is None:
        init = method.starts_from.get(preset or "", "noise")
    if isinstance(init, Exemplar | MethodInit):
        return init
    if isinstance(init, np.ndarray):
        return Exemplar.from_array(init, name="init")
    if init == "noise" or init == "exemplar":
        return "noise" if init == "noise" else "exemplar"
    if isinstance(init, str) and re.fullmatch(r"[\w-]+(:[\w-]+)?", init):
        name, _, of = init.partition(":")
        known = registry.rows()
        if name not in known:
            raise unknown_name("init", name, ["noise", "exemplar", *known])
        first = registry.method(name).configure(of or None)
        return MethodInit(name, first.model_dump(mode="json"))
    return as_exemplar(init)


def split_model(
    given: Picture | Model, model: str | Path | Model | None
) -> tuple[Model | None, Picture | None]:
    """Tell a model from a picture where either may be given, and read the model."""
    alone = given if isinstance(given, Model) else _model_path(given)
    if alone is not None and model is not None:
        raise ParameterError("two models are given", "give one of them")
    source = model if alone is None else alone
    trained = source if isinstance(source, Model | None) else Model.read(source)
    return trained, None if isinstance(given, Model) or alone is not None else given


def _model_path(given: Picture) -> str | Path | None:
    return given if isinstance(given, str | Path) and is_model_file(given) else None


def configured_with(
    method: str | None, preset: str | None, parameters: Mapping[str, Any], model: Model | None
) -> Method:
    """Return a method; if there is a model its method, with its parameters."""
    if model is None:
        return registry.method(registry.DEFAULT_METHOD if method is None else method).configure(
            preset, **parameters
        )
    if model.method in registry.TRAINED_NETWORKS:
        raise ModelError(
            f"{model.name} is a feature network, which makes no pictures itself",
            f"use it with `network` {model.method} and `weights` {model.name}.safetensors",
        )
    if preset is not None:
        raise ParameterError(
            f"`preset` {preset} is for training, but the model is already trained", "omit it"
        )
    own = model.parameters if method in (None, model.method) else {}
    return registry.method(method or model.method).configure(**{**own, **parameters})


def check_guide(
    guide: Picture | None,
    follow: Picture | None,
    size: Sized | None,
    init: Picture | MethodInit | None,
    also: Sequence[Picture],
) -> None:
    """Raise if texture by numbers lacks an argument, or cannot be combined with one."""
    if (guide is None) != (follow is None):
        raise ParameterError(
            "`guide` and `follow` belong together",
            "give the label maps of the photo and of the new picture",
        )
    if guide is None:
        return
    if size is not None:
        raise ParameterError("`follow` already sets the size", "omit `size`")
    if init is not None and not (isinstance(init, str) and init == "noise"):
        raise ParameterError("`guide` and `init` cannot be combined", "give one of them")
    if also:
        raise ParameterError(
            "`guide` belongs to a single photo, but several are given", "give one photo"
        )


def check_labels(labels: Exemplar, exemplar: Exemplar) -> None:
    """Raise unless the labels of an exemplar are of its size."""
    if labels.size != exemplar.size:
        raise ImageError(
            f"the guide is {labels.size[1]}x{labels.size[0]} but {exemplar.name} is "
            f"{exemplar.size[1]}x{exemplar.size[0]}",
            "give a guide of the photo's size",
        )
