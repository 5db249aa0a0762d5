"""The human test: what its page holds, and how results are named."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from lichen import synthesize
from lichen.image import read_image, write_image
from lichen.quality.trial import method_names

Write = Callable[..., str]


def test_page_depends_on_its_arguments_only(write: Write) -> None:
    assert write("a.html") == write("b.html")
    assert len({write(seed=1), write(seed=2), write(exposure=0), write(n_trials=2)}) == 4


def test_page_holds_each_picture_once_and_no_name(write: Write) -> None:
    page = write()
    files = re.findall(r"data:image/png;base64,([^\"]+)", page)
    names = ["photo.png", "secret.png", "comma, name.png"]
    for data, name in zip(files, names, strict=True):
        with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
            stored = np.asarray(picture).reshape(picture.height, picture.width, -1)
        assert np.array_equal(stored, np.round(read_image(name).pixels * 255))
    for word in ("secret", "comma, name", "photo.png", "http:", "https:"):
        assert word not in page


def test_results_are_named_by_their_record(place: Path) -> None:
    for seed in (1, 2):
        synthesize("photo.png", seed=seed, iterations=1).save(f"own{seed}.png")
    assert method_names([Path("own1.png"), Path("secret.png")]) == ["patchmatch/own1", "secret"]
    record = json.loads(Image.open("own1.png").text["lichen"])  # type: ignore[attr-defined]
    from lichen import registry

    for preset in ("default", "paper"):
        configured = registry.method("gatys").configure(None if preset == "default" else preset)
        record["job"]["method"] = "gatys"
        record["job"]["parameters"] = configured.model_dump(mode="json")
        for seed in (1, 2):
            write_image(
                f"{preset}{seed}.png", np.zeros((64, 64, 3)), text={"lichen": json.dumps(record)}
            )
        files = [Path(f"{preset}1.png"), Path(f"{preset}2.png")]
        assert method_names(files) == [f"gatys/{preset}"] * 2
    record["job"]["method"] = "of-another-package"
    write_image("theirs.png", np.zeros((64, 64, 3)), text={"lichen": json.dumps(record)})
    assert method_names([Path("theirs.png")]) == ["of-another-package/theirs"]
