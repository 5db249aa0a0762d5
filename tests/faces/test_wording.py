"""Parameters become flags in the errors of the command line; fields are plain data."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field

from lichen import registry
from lichen.errors import LichenError, ParameterError
from lichen.faces.cli import options
from lichen.faces.cli.main import lichen
from lichen.faces.cli.wording import in_flags
from lichen.faces.schema import fields


@pytest.mark.parametrize(
    ("arguments", "said", "shown"),
    [
        ("synthesize a.png", "`size` 0x4 has no pixels", "--size 0x4 has no pixels"),
        ("synthesize a.png", "`layer_weights`[1] is wrong", "--layer-weights[1] is wrong"),
        ("fill a.png", "no `source`", "no --from"),
        ("fill a.png", "see `lichen methods gatys`", "see `lichen methods gatys`"),
        ("rerun a.png", "pass it as `exemplar`", "pass it as --exemplar"),
        ("mix a.png b.png", "`mix` sums to 0", "--weights sums to 0"),
        ("weights fetch vgg", "`name` is odd", "NAME is odd"),
        ("", "`size` is odd", "--size is odd"),
    ],
)
def test_parameters_are_named_as_typed(arguments: str, said: str, shown: str) -> None:
    assert in_flags(LichenError(said), lichen, arguments.split()) == shown


class Every(BaseModel):
    """A field of every kind."""

    count: Annotated[int, Field(ge=1, lt=9, description="how many")] = 3
    size: Annotated[
        float | None, Field(description="how large", json_schema_extra={"unit": "px"})
    ] = None
    kind: Annotated[Literal["a", "b"], Field(description="which")] = "a"
    names: Annotated[tuple[str, ...], Field(description="called")] = ("x", "y")
    terms: Annotated[dict[str, float], Field(description="weighed")] = {"gram": 1.0}
    on: Annotated[bool, Field(description="whether")] = True


def test_fields_are_described_completely() -> None:
    found = {field.name: field for field in fields(Every)}
    kinds = {name: field.kind for name, field in found.items()}
    assert kinds == {
        "count": "integer", "size": "number", "kind": "choice", "names": "list",
        "terms": "mapping", "on": "yes/no",
    }  # fmt: skip
    assert found["count"].bounds == {">=": 1, "<": 9}
    assert (found["size"].unit, found["size"].optional) == ("px", True)
    assert found["kind"].choices == ("a", "b")
    shown = {name: options.describe(field) for name, field in found.items()}
    assert shown["count"] == "how many  [>= 1, < 9; default 3]"
    assert shown["size"] == "how large  [in px; default automatic]"
    assert shown["terms"] == "weighed  [default gram=1]"


def test_typed_values_are_read_and_written_back() -> None:
    values = {
        "count": "4", "size": "automatic", "names": ("p,q", "r"), "terms": ("gram:0.5", "swd"),
        "on": False, "kind": None,
    }  # fmt: skip
    read = options.given(Every, values)
    assert read == {
        "count": "4", "size": None, "names": ["p", "q", "r"], "terms": {"gram": 0.5, "swd": 1.0},
        "on": False,
    }  # fmt: skip
    model = Every(**read)
    found = {field.name: field for field in fields(Every)}
    typed = {name: options.typed(name, getattr(model, name), found[name]) for name in found}
    assert typed["names"] == "--names p,q,r"
    assert typed["terms"] == "--terms gram=0.5,swd=1"
    assert typed["on"] == "--no-on"
    with pytest.raises(ParameterError, match="'much' is not a number"):
        options.given(Every, {"terms": ("gram=much",)})
    for twice in ("gram:1,gram:2", "gram:", ":1"):
        with pytest.raises(ParameterError, match=r"twice|incomplete"):
            options.given(Every, {"terms": (twice,)})


def test_every_methods_fields_are_json_and_of_a_known_kind() -> None:
    for name in registry.METHODS:
        found = fields(registry.method(name))
        assert len(json.dumps([vars(field) for field in found])) > 2 or not found
        for field in found:
            assert field.description, (name, field.name)
            assert field.kind != "text" or field.name in ("network", "weights"), (name, field.name)
