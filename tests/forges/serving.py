"""A real HTTP server on this machine that answers as a forge would, and fails as one does."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import parse_qsl, urlsplit

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request as it arrived; the path is not unquoted."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What is sent back; bytes are sent as they are, None as no content. `drop` ends the connection instead."""

    status: int = 200
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    drop: bool = False


class FakeForge(Protocol):
    """What answers."""

    def answer(self, asked: Asked) -> Answer:
        """Return the answer to a request."""


class Plain:
    """Answers everything with the same."""

    def __init__(self, answer: Answer | None = None) -> None:
        self._answer = answer or Answer(document={"fine": True})

    def answer(self, _asked: Asked) -> Answer:
        """Answer."""
        return self._answer


@dataclass(kw_only=True)
class Served:
    """A server that runs: its address, what it was asked, and answers that it gives before the forge is asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)
    first: list[Answer] = field(default_factory=list)

    def calls(self) -> list[str]:
        """Return method and path of each request."""
        return [f"{one.method} {one.path}" for one in self.asked]


def refused(status: int, message: str, **more: object) -> Answer:
    """Return an error as GitHub and GitLab word it."""
    return Answer(status=status, document={"message": message, **more})


def page(asked: Asked, items: list[Any], url: str, *, size_name: str = "per_page", size: int = 30) -> Answer:
    """Return a page of a listing, with a `Link` header as GitHub, GitLab and Gitea send it."""
    number, count = int(asked.query.get("page", "1")), min(int(asked.query.get(size_name, str(size))), size)
    headers = {}
    if number * count < len(items):
        query = "&".join(f"{name}={value}" for name, value in asked.query.items() if name != "page")
        target = f"{url}{asked.path}?{query}&page="
        headers["Link"] = f'<{target}{number + 1}>; rel="next", <{target}99>; rel="last"'
    return Answer(document=items[(number - 1) * count : number * count], headers=headers)


class _Server(ThreadingHTTPServer):
    """Listens on a free port, answers as a forge and notes what it was asked."""

    def __init__(self, forge: FakeForge, context: ssl.SSLContext | None) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)
        self.forge = forge
        self.served = Served(url=f"{'https' if context else 'http'}://127.0.0.1:{self.server_address[1]}")


class _Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body in one packet: the client would else wait for a delayed acknowledgement

    def handle_any(self) -> None:
        """Note a request and answer it."""
        asked, served = self.read(), self.server.served
        served.asked.append(asked)
        self.send(served.first.pop(0) if served.first else self.server.forge.answer(asked))

    def read(self) -> Asked:
        """Read a request."""
        parts = urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("content-length", "0")))
        if content:
            assert self.headers["content-type"] == "application/json"
        return Asked(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=json.loads(content) if content else None,
        )

    def send(self, answer: Answer) -> None:
        """Send an answer, or end the connection without one."""
        if answer.drop:
            self.close_connection = True
            return
        document = answer.document
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        content = b"" if document is None else content
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = handle_any  # noqa: N815 - the names that http.server asks for

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(forge: FakeForge, context: ssl.SSLContext | None = None) -> Iterator[Served]:
    """Run a server for a forge until the context ends."""
    server = _Server(forge, context)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
