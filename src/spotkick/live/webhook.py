"""Events posted to one address that the user named, each in order, as often as it takes.

The journal is the outbox: a small file beside it holds the number of the last event that was
delivered. A receiver that is down delays nothing but its own events. Receivers tell repetitions
apart by the sequence number, and the signature proves who has sent them.
"""

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, ProxyHandler, Request, build_opener

from spotkick.errors import ConfigError, InputError
from spotkick.files import parse_json, read_json, write_json
from spotkick.live.events import LiveEvent

CURSOR_FILE: Final = "webhook.json"
SIGNATURE_HEADER: Final = "X-Spotkick-Signature"
TIMESTAMP_HEADER: Final = "X-Spotkick-Timestamp"
SEQUENCE_HEADER: Final = "X-Spotkick-Sequence"

TIMEOUT_S: Final = 10.0
FIRST_PAUSE_S: Final = 0.5
LONGEST_PAUSE_S: Final = 60.0

SHORTEST_SECRET: Final = 16
"""Characters of a secret; a shorter one could be guessed."""

_WAIT_S: Final = 0.5
_TRY_AGAIN: Final = frozenset({408, 425, 429})
"""Codes below 500 that are no final refusal."""


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """The signature of a message: HMAC-SHA256 of the time, a full stop and the body.

    Args:
        secret: that sender and receiver share.
        timestamp: value of `TIMESTAMP_HEADER`.
        body: of the request.

    Returns:
        ``sha256=`` and 64 hexadecimal digits.

    Example:
        >>> sign("0123456789abcdef", "1700000000", b"{}")[:19]
        'sha256=e4f8e2ecae22'
    """
    message = timestamp.encode() + b"." + body
    return f"sha256={hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()}"


def check_webhook(url: str, secret: str | None) -> None:
    """Check what the user gave.

    Raises:
        ConfigError: if the address is none of HTTP, or the secret is short.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ConfigError(f"--webhook {url}: an address with http:// or https:// is needed")
    if secret is not None and len(secret) < SHORTEST_SECRET:
        raise ConfigError(f"the secret of --webhook needs at least {SHORTEST_SECRET} characters")


class _NoRedirect(HTTPRedirectHandler):
    """The user named one address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Refuse every redirection."""


def _make_opener() -> OpenerDirector:
    return build_opener(_NoRedirect, ProxyHandler({}))


@dataclass(slots=True)
class Webhook:
    """Posts the events of a journal.

    Attributes:
        url: of the receiver.
        journal: file of the events.
        secret: for signatures; None sends none.
        report: called with a line when delivery fails, and when it works again.
        pause_s: waits, and says whether the run stops; replaced in tests.
    """

    url: str
    journal: Path
    secret: str | None
    report: Callable[[str], None]
    first_pause_s: float = FIRST_PAUSE_S
    delivered: int = 0
    _opener: OpenerDirector = field(default_factory=_make_opener)
    _news: threading.Event = field(default_factory=threading.Event)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _offset: int = 0
    _has_failed: bool = False

    def start(self) -> None:
        """Begin with the events that were not delivered by an earlier run.

        Raises:
            InputError: if the record of an earlier run is damaged.
        """
        cursor = self.journal.parent / CURSOR_FILE
        if cursor.is_file():
            try:
                self.delivered = int(read_json(cursor)["delivered"])
            except (KeyError, TypeError, ValueError) as error:
                raise InputError(f"{cursor}: no record of a webhook; delete it") from error
        self._thread = threading.Thread(
            target=self._deliver_events, name="live-webhook", daemon=True
        )
        self._thread.start()

    def tell(self, event: LiveEvent) -> None:
        """An event is in the journal; returns at once."""
        del event
        self._news.set()

    def close(self, timeout_s: float) -> bool:
        """Deliver what waits, as far as there is time; whether all was delivered."""
        self._news.set()
        deadline_s = time.monotonic() + timeout_s
        while time.monotonic() < deadline_s and self._has_waiting():
            time.sleep(0.02)
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout_s)
        return not self._has_waiting()

    def _has_waiting(self) -> bool:
        return self._offset < self.journal.stat().st_size

    def _deliver_events(self) -> None:
        while not self._stop.is_set():
            self._news.wait(_WAIT_S)
            self._news.clear()
            with self.journal.open("rb") as file:
                file.seek(self._offset)
                for line in file:
                    if not line.endswith(b"\n") or not self._deliver_event(line):
                        break
                    self._offset += len(line)

    def _deliver_event(self, line: bytes) -> bool:
        """Post one event until the receiver has it or has refused it; False when stopping."""
        document = parse_json(line, str(self.journal))
        sequence = int(document["sequence"])
        if sequence <= self.delivered:
            return True
        body = json.dumps(document, ensure_ascii=False).encode()
        pause_s = self.first_pause_s
        while not self._post_body(body, sequence):
            if self._stop.wait(pause_s):
                return False
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        self.delivered = sequence
        write_json(self.journal.parent / CURSOR_FILE, {"delivered": sequence})
        return True

    def _post_body(self, body: bytes, sequence: int) -> bool:
        """Whether the receiver needs no further attempt."""
        timestamp = str(int(time.time()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "spotkick",
            TIMESTAMP_HEADER: timestamp,
            SEQUENCE_HEADER: str(sequence),
        }
        if self.secret is not None:
            headers[SIGNATURE_HEADER] = sign(self.secret, timestamp, body)

        # What the receiver refuses for good is left out, all else is tried again.
        request = Request(self.url, body, headers, method="POST")  # noqa: S310 - checked before
        try:
            with self._opener.open(request, timeout=TIMEOUT_S):
                pass
        except HTTPError as error:
            error.close()
            if error.code >= 500 or error.code in _TRY_AGAIN:
                return self._report_failure(f"answered {error.code}")
            self.report(f"webhook: event {sequence} was refused ({error.code}); it is left out")
        except (URLError, OSError, http.client.HTTPException) as error:
            return self._report_failure(str(getattr(error, "reason", None) or error))
        if self._has_failed:
            self._has_failed = False
            self.report("webhook: the receiver answers again")
        return True

    def _report_failure(self, reason: str) -> bool:
        if not self._has_failed:
            self._has_failed = True
            self.report(f"webhook: {self.url} {reason}; trying again")
        return False
