"""A forge's API over HTTP. The only importer of httpx, which comes with `gitaudit[forges]`.

A token is shown to nobody: it is sent in one header, over TLS or to this machine, to the address that the user or the
program itself named, never after a redirect; it is taken out of every text that an answer gives for an error. Requests
that may be repeated are: after 429, 5xx and a lost connection, with random pauses that grow, or as long as the forge
says. A change that may have arrived already is not sent twice.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote, urljoin, urlsplit

from gitaudit import __version__
from gitaudit.errors import InputError, RemoteError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    import httpx

ATTEMPTS = 5
LONGEST_WAIT_SECONDS = 60.0
"""In all, for one command: a forge that wants longer is asked again by the user."""
TIMEOUT_SECONDS = 20.0
MAX_ANSWER_BYTES = 4 * 1024 * 1024
MAX_PAGES = 50

_AGAIN = frozenset({429, 500, 502, 503, 504})
_NOT_SENT_TWICE = frozenset({500, 502, 504})
"""After these a POST may have been carried out."""
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel="?next"?', re.IGNORECASE)
_MAX_TOLD = 300
_MIN_SECRET = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How to be let in.

    Attributes:
        base: address of the API, without a slash at its end.
        header: name of the header that carries the token.
        value: of that header; never shown.
        variable: environment variable that the token came from.
        scope: what the token must be allowed, for hints.
        headers: further headers.
        secrets: texts that no message may hold.
    """

    base: str
    header: str
    value: str = field(repr=False)
    variable: str
    scope: str
    headers: Mapping[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)


def checked_token(token: str | None, variable: str, scope: str) -> str:
    """Return a token that is fit for a header. Raises `InputError`; the token is not quoted."""
    hint = f"put one into the variable {variable}: {scope}"
    if token is None:
        raise InputError("expected a token for the forge, found none", hint=hint)
    text = token.strip()
    if not text or not text.isascii() or not text.isprintable() or " " in text:
        raise InputError(f"expected {variable} to hold a token, found another text", hint=hint)
    return text


class ForgeHttp:
    """Fits the port `ForgeApi`; one connection, kept open for the command."""

    def __init__(
        self,
        access: Access,
        *,
        now: Callable[[], datetime],
        pause: Callable[[int], None],
        wait: Callable[[float], None],
    ) -> None:
        """Prepare; nothing is sent yet.

        Args:
            access: address and token.
            now: the time, for a forge that says until when to wait.
            pause: waits a random time that grows with the attempt (1, 2, 3, …).
            wait: waits so many seconds.

        Raises:
            SetupError: httpx is not installed.
        """
        try:
            import httpx
        except ImportError as error:
            raise SetupError(
                "expected the package httpx to talk to a forge, found none", hint="pip install 'gitaudit[forges]'"
            ) from error
        self._httpx = httpx
        self._access = access
        self._now, self._pause, self._wait = now, pause, wait
        self._patience = LONGEST_WAIT_SECONDS
        headers = {
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # what is packed could unpack to more than memory holds
            "User-Agent": f"gitaudit/{__version__}",
            **access.headers,
            access.header: access.value,
        }
        # A proxy would see a token that goes to this machine without TLS.
        trust = access.base.startswith("https://")
        self._client = httpx.Client(headers=headers, timeout=TIMEOUT_SECONDS, follow_redirects=False, trust_env=trust)

    def get(self, path: str) -> object:
        """Return an answer, None where there is no such thing."""
        answer = self._ask("GET", self._access.base + path, None)
        return None if answer is None else answer.document

    def pages(self, path: str) -> Sequence[Mapping[str, object]] | None:
        """Return the objects of a listing: a list with `Link` headers, or an object with `values`."""
        found: list[Mapping[str, object]] = []
        url: str | None = self._access.base + path
        for number in range(MAX_PAGES):
            answer = self._ask("GET", str(url), None)
            if answer is None:
                if number:
                    break
                return None
            page = answer.document
            values = page.get("values") if isinstance(page, dict) else page
            if not isinstance(values, list):
                raise self._unexpected("a list")
            found += [cast("Mapping[str, object]", one) for one in values if isinstance(one, dict)]
            url = self._following(str(url), answer)
            if url is None:
                return found
        raise RemoteError(
            f"expected a listing of at most {MAX_PAGES} pages, found it to go on",
            hint="is --api the address of the API?",
        )

    def send(self, method: str, path: str, body: Mapping[str, object] | None) -> object:
        """Change something, and return the answer, None where there is none."""
        answer = self._ask(method, self._access.base + path, body)
        if answer is None:
            raise RemoteError(
                f"the forge does not know {path} (404)", hint=f"the token may lack rights: {self._access.scope}"
            )
        return answer.document

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def _ask(self, method: str, url: str, body: Mapping[str, object] | None) -> _Answer | None:
        """Return the answer, None for 404. Raises `RemoteError` for every other failure."""
        for attempt in range(1, ATTEMPTS + 1):
            last = attempt == ATTEMPTS
            try:
                answer = self._once(method, url, body)
            except self._httpx.TransportError as error:
                sent = not isinstance(error, self._httpx.ConnectError | self._httpx.ConnectTimeout)
                if last or _is_tls(error) or (sent and method == "POST"):
                    raise self._unreachable(error) from error
                self._pause(attempt)
                continue
            if not self._comes_again(method, answer) or last:
                return self._judged(answer)
            self._rest(attempt, answer)
        raise AssertionError(method)

    def _once(self, method: str, url: str, body: Mapping[str, object] | None) -> _Answer:
        with self._client.stream(method, url, json=None if body is None else dict(body)) as response:
            if response.headers.get("content-encoding", "identity") != "identity":
                raise self._unexpected("text that is not compressed")
            content = bytearray()
            for part in response.iter_raw(chunk_size=65_536):
                content += part
                if len(content) > MAX_ANSWER_BYTES:
                    raise self._unexpected(f"at most {MAX_ANSWER_BYTES} bytes")
            return _Answer(status=response.status_code, headers=response.headers, content=bytes(content))

    def _comes_again(self, method: str, answer: _Answer) -> bool:
        if answer.is_limited:
            return True
        return answer.status in _AGAIN and not (method == "POST" and answer.status in _NOT_SENT_TWICE)

    def _rest(self, attempt: int, answer: _Answer) -> None:
        """Wait as the forge asks, else a random time. Raises `RemoteError` where it asks for too long."""
        seconds = answer.wanted_pause(self._now())
        if seconds is None:
            self._pause(attempt)
            return
        self._patience -= seconds
        if self._patience < 0:
            raise RemoteError(
                f"the forge allows no more requests for {seconds:.0f} seconds", hint="run it again after that time"
            )
        self._wait(seconds)

    def _judged(self, answer: _Answer) -> _Answer | None:
        status, scope = answer.status, self._access.scope
        told = self._told(answer)
        if 200 <= status < 300:  # noqa: PLR2004 - success, as HTTP counts
            answer.check()
            return answer
        if status == 404:  # noqa: PLR2004 - the one status that is an answer
            return None
        if 300 <= status < 400:  # noqa: PLR2004 - redirects, as HTTP counts
            raise RemoteError(
                f"the forge answers that this is elsewhere ({status}), and a token is not sent after it",
                hint="the repository may have a new name: give it with --repo; or the API another address: --api",
            )
        if status == 401:  # noqa: PLR2004 - not let in
            raise RemoteError(
                f"the forge refuses the token (401){told}", hint=f"put another into {self._access.variable}: {scope}"
            )
        if answer.is_limited:
            raise RemoteError(f"the forge allows no more requests for now ({status}){told}", hint="run it again later")
        if status == 403:  # noqa: PLR2004 - let in, and not allowed
            raise RemoteError(f"the forge does not allow it (403){told}", hint=f"what the token needs: {scope}")
        if status >= 500:  # noqa: PLR2004 - the forge's own fault
            raise RemoteError(f"the forge fails ({status}){told}", hint="run it again later; it goes on where it was")
        raise RemoteError(
            f"the forge refuses the request ({status}){told}", hint="correct what it names, and try again"
        )

    def _told(self, answer: _Answer) -> str:
        """Return what the forge says for people, without secrets and control characters."""
        text = self._clean("; ".join(_messages(answer.document_or_none())))[:_MAX_TOLD]
        return f": {text}" if text else ""

    def _clean(self, text: str) -> str:
        for secret in self._access.secrets:
            if len(secret) >= _MIN_SECRET:
                for form in {secret, quote(secret, safe="")}:
                    text = text.replace(form, "***")
        return "".join(char if char.isprintable() else " " for char in text)

    def _unreachable(self, error: Exception) -> RemoteError:
        host = urlsplit(self._access.base).hostname
        if _is_tls(error):
            return RemoteError(
                f"the certificate of {host} is not one to trust: {self._clean(str(error))[:_MAX_TOLD]}",
                hint="for a certificate authority of your own, name its file in SSL_CERT_FILE",
            )
        return RemoteError(
            f"cannot reach {host}: {self._clean(str(error))[:_MAX_TOLD] or type(error).__name__}",
            hint="check the network and --api, then run it again; it goes on where it was",
        )

    def _unexpected(self, expected: str) -> RemoteError:
        return RemoteError(
            f"expected the forge to answer {expected}, found something else",
            hint="is --api the address of its API, and not of its pages?",
        )

    def _following(self, url: str, answer: _Answer) -> str | None:
        """Return the address of the next page, None after the last; one outside the API is refused."""
        page = answer.document
        link = _NEXT.search(answer.headers.get("link", ""))
        if isinstance(page, dict) and page.get("isLastPage") is False:
            first, _, query = url.partition("?")
            kept = [one for one in query.split("&") if one and not one.startswith("start=")]
            start = quote(str(page.get("nextPageStart")))
            return f"{first}?{'&'.join([*kept, f'start={start}'])}"
        found = link[1] if link else page.get("next") if isinstance(page, dict) else None
        if not isinstance(found, str):
            return None
        following = urljoin(url, found)
        if not following.startswith(f"{self._access.base}/"):
            raise RemoteError(
                "the forge names a next page outside its API, and a token is not sent there",
                hint="give --api as the forge itself writes its address, the scheme and port too",
            )
        return following


@dataclass(slots=True, kw_only=True)
class _Answer:
    """An answer: status, headers, and the bytes of a JSON document."""

    status: int
    headers: httpx.Headers
    content: bytes

    @property
    def document(self) -> Any:  # noqa: ANN401 - any JSON
        """The document. Raises `RemoteError` where it is none."""
        if not self.content.strip():
            return None
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError) as error:
            raise RemoteError(
                "expected the forge to answer with JSON, found something else",
                hint="is --api the address of its API, and not of its pages?",
            ) from error

    def check(self) -> None:
        """Raise `RemoteError` where the document is none."""
        _ = self.document

    def document_or_none(self) -> object:
        """Return the document, None where it is none."""
        try:
            return cast("object", self.document)
        except RemoteError:
            return None

    @property
    def is_limited(self) -> bool:
        """Whether the forge says that there were too many requests; GitHub says so with 403, too."""
        limited = "retry-after" in self.headers or self.headers.get("x-ratelimit-remaining") == "0"
        return self.status == 429 or (self.status == 403 and limited)  # noqa: PLR2004 - the two statuses for it

    def wanted_pause(self, now: datetime) -> float | None:
        """Return how many seconds the forge wants to be left alone, None where it does not say."""
        after = self.headers.get("retry-after", "").strip()
        if after.isascii() and after.isdecimal():
            return float(after[:9])
        if after:
            try:
                return max(0.0, (parsedate_to_datetime(after) - now).total_seconds())
            except (TypeError, ValueError):
                return None
        reset = self.headers.get("x-ratelimit-reset", "").strip()
        if self.is_limited and reset.isascii() and reset.isdecimal():
            return max(0.0, float(reset[:12]) - now.timestamp())
        return None


def _messages(document: object, depth: int = 3) -> Iterator[str]:
    """Yield the texts that forges put into an answer to tell what is wrong."""
    if isinstance(document, str):
        yield document
    elif isinstance(document, list) and depth:
        for one in document[:5]:
            yield from _messages(one, depth - 1)
    elif isinstance(document, dict) and depth:
        for name in ("message", "error", "errors", "error_description", "detail"):
            if name in document:
                yield from _messages(document[name], depth - 1)


def _is_tls(error: Exception) -> bool:
    """Return whether a connection failed because of a certificate, by the errors below it."""
    import ssl

    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False
