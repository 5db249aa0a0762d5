"""Downloads against a server of our own that behaves well, badly, or dies half-way."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from lichen.errors import WeightsError
from lichen.weights.catalogue import Source
from lichen.weights.fetch import fetch

PAYLOAD = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(PAYLOAD).hexdigest()


@dataclass
class Server:
    """Addresses that each misbehave in their own way, and the requests that came."""

    address: str
    requests: list[tuple[str, str | None]] = field(default_factory=list)

    def source(self, path: str, sha256: str = SHA256, file: str = "net.pth") -> Source:
        return Source(f"{self.address}/{path}", file, sha256, len(PAYLOAD))


def _handler(server: Server) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            asked = self.headers.get("Range")
            server.requests.append((self.path, asked))
            if self.path == "/missing":
                self._answer(404, b"not here")
            elif self.path == "/moved":
                self.send_response(302)
                self.send_header("Location", "/good")
                self.send_header("Content-Length", "0")
                self.end_headers()
            elif self.path == "/other":
                self._answer(200, b"<html>please log in</html>")
            elif self.path == "/no-ranges":
                self._answer(200, PAYLOAD)
            elif self.path == "/from-the-start":
                everything = f"bytes 0-{len(PAYLOAD) - 1}/{len(PAYLOAD)}"
                self._answer(206, PAYLOAD, {"Content-Range": everything})
            elif self.path == "/dies":
                self._answer(200, PAYLOAD, sent=0)
            else:
                start = int(asked.removeprefix("bytes=").rstrip("-")) if asked else 0
                if start >= len(PAYLOAD):
                    self._answer(416, b"", {"Content-Range": f"bytes */{len(PAYLOAD)}"})
                    return
                rest = PAYLOAD[start:]
                where = f"bytes {start}-{len(PAYLOAD) - 1}/{len(PAYLOAD)}"
                sent = len(rest) if self.path == "/good" else max(1, len(rest) // 2)
                if self.path == "/cut" and len(rest) < 1000:
                    sent = len(rest)
                self._answer(206 if asked else 200, rest, {"Content-Range": where}, sent)

        def _answer(
            self,
            status: int,
            body: bytes,
            headers: dict[str, str] | None = None,
            sent: int | None = None,
        ) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body if sent is None else body[:sent])
            if sent is not None and sent < len(body):
                self.close_connection = True

    return Handler


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    for proxy in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(proxy, raising=False)
    state = Server("")
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(state))
    state.address = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield state
    listener.shutdown()
    thread.join()
    listener.server_close()


def part(folder: Path) -> Path:
    return folder / "net.pth.part"


@pytest.mark.parametrize("path", ["good", "moved", "no-ranges", "cut"])
def test_gives_the_whole_file(server: Server, tmp_path: Path, path: str) -> None:
    file = fetch("net", [server.source(path)], tmp_path / "new" / "folder")
    assert file.read_bytes() == PAYLOAD
    assert not file.with_name("net.pth.part").exists()


def test_a_published_prefix_of_the_checksum_is_enough(server: Server, tmp_path: Path) -> None:
    assert fetch("net", [server.source("good", SHA256[:8])], tmp_path).read_bytes() == PAYLOAD


def test_tells_how_far_it_is(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    fetch("net", [server.source("good")], tmp_path, lambda *step: told.append(step))
    names, done, totals = zip(*told, strict=True)
    assert set(names) == {"net"}
    assert set(totals) == {len(PAYLOAD)}
    assert list(done) == sorted(done)
    assert done[-1] == len(PAYLOAD)


def test_goes_on_from_the_part_that_is_there(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(PAYLOAD[:300_000])
    file = fetch("net", [server.source("good")], tmp_path)
    assert file.read_bytes() == PAYLOAD
    assert server.requests == [("/good", "bytes=300000-")]


@pytest.mark.parametrize("path", ["no-ranges", "from-the-start"])
def test_starts_again_where_the_server_ignores_the_range(
    server: Server, tmp_path: Path, path: str
) -> None:
    part(tmp_path).write_bytes(b"x" * 1000)
    assert fetch("net", [server.source(path)], tmp_path).read_bytes() == PAYLOAD
    assert len(server.requests) == 1


@pytest.mark.parametrize("length", [1000, len(PAYLOAD), len(PAYLOAD) + 5])
def test_a_rotten_part_is_thrown_away(server: Server, tmp_path: Path, length: int) -> None:
    part(tmp_path).write_bytes(b"x" * length)
    assert fetch("net", [server.source("good")], tmp_path).read_bytes() == PAYLOAD


def test_a_complete_part_is_not_fetched_again(server: Server, tmp_path: Path) -> None:
    part(tmp_path).write_bytes(PAYLOAD)
    assert fetch("net", [server.source("good")], tmp_path).read_bytes() == PAYLOAD
    assert len(server.requests) == 1


@pytest.mark.parametrize("bad", ["missing", "other", "dies"])
def test_the_next_address_is_tried(server: Server, tmp_path: Path, bad: str) -> None:
    file = fetch("net", [server.source(bad), server.source("good")], tmp_path)
    assert file.read_bytes() == PAYLOAD


def test_an_address_may_give_another_file(server: Server, tmp_path: Path) -> None:
    mirror = server.source("good", file="net.safetensors")
    assert fetch("net", [server.source("missing"), mirror], tmp_path).name == "net.safetensors"


def test_when_all_fail_every_attempt_is_named(server: Server, tmp_path: Path) -> None:
    nobody = Source("http://127.0.0.1:1/net.pth", "net.pth", SHA256)
    sources = [server.source("missing"), server.source("other"), server.source("dies"), nobody]
    with pytest.raises(WeightsError) as caught:
        fetch("net", sources, tmp_path)
    line = str(caught.value)
    for source in sources:
        assert source.url in line
    assert "404" in line
    assert "wrong SHA-256" in line
    assert "lichen weights add FILE net" in line
    assert "\n" not in line
    assert not (tmp_path / "net.pth").exists()
    assert not part(tmp_path).exists() or part(tmp_path).stat().st_size == 0


def test_an_interrupt_keeps_what_came(server: Server, tmp_path: Path) -> None:
    def interrupt(name: str, done: int, total: int | None) -> None:
        if done > 100_000:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("net", [server.source("good")], tmp_path, interrupt)
    kept = part(tmp_path).read_bytes()
    assert len(kept) > 100_000
    assert PAYLOAD.startswith(kept)
    assert not (tmp_path / "net.pth").exists()
    assert fetch("net", [server.source("good")], tmp_path).read_bytes() == PAYLOAD
    assert server.requests[-1] == ("/good", f"bytes={len(kept)}-")


def test_two_at_once_fetch_it_once(server: Server, tmp_path: Path) -> None:
    files: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: files.append(fetch("net", [server.source("good")], tmp_path))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [file.read_bytes() == PAYLOAD for file in files] == [True, True, True]
    assert len(server.requests) == 1


def test_a_file_that_is_there_and_whole_is_left(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(PAYLOAD)
    fetch("net", [server.source("good")], tmp_path)
    assert server.requests == []


def test_a_damaged_file_is_replaced(server: Server, tmp_path: Path) -> None:
    (tmp_path / "net.pth").write_bytes(PAYLOAD[:-1] + b"?")
    assert fetch("net", [server.source("good")], tmp_path).read_bytes() == PAYLOAD


def test_a_folder_that_cannot_be_made_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WeightsError, match="LICHEN_CACHE"):
        fetch("net", [Source("http://127.0.0.1:1/x", "x", SHA256)], tmp_path / "file")
