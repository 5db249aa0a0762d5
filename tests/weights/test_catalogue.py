from __future__ import annotations

import re
import subprocess
import sys

import pytest

from lichen.errors import UnknownNameError
from lichen.weights.catalogue import ROWS, row_named, rows_of


def test_names_and_file_names_are_unique() -> None:
    names = [row.name for row in ROWS]
    files = [file for row in ROWS for file in row.files]
    assert len(set(names)) == len(names)
    assert len(set(files)) == len(files)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_says_what_its_user_must_know(row) -> None:  # type: ignore[no-untyped-def]
    assert row.licence
    assert row.paper
    assert row.summary
    assert (row.normalization is None) == bool(row.training)  # our own files say it themselves


@pytest.mark.parametrize(
    "source", [s for row in ROWS for s in row.sources], ids=lambda source: source.url
)
def test_a_source_has_a_checksum_that_agrees_with_its_file_name(source) -> None:  # type: ignore[no-untyped-def]
    assert source.url.startswith("https://")
    assert re.fullmatch(r"[0-9a-f]{8}([0-9a-f]{56})?", source.sha256)
    # Publishers put the first eight digits into the file name; so two sources agree.
    stated = re.search(r"-([0-9a-f]{8})\.", source.file)
    assert stated is not None
    assert source.sha256.startswith(stated[1])


def test_rows_of_a_network_and_a_row_by_name() -> None:
    assert [row.name for row in rows_of("vgg19")] == ["vgg19-torchvision", "vgg19-caffe"]
    assert row_named("vgg19-caffe").network == "vgg19"
    with pytest.raises(UnknownNameError, match="vgg19-caffe"):
        rows_of("vgg19-cafe")


def test_listing_imports_no_torch() -> None:
    code = (
        "import sys, lichen.features.catalogue, lichen.weights.manage as m;"
        "m.list_weights(); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
