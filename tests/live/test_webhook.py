import hmac
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from spotkick.actions import Action
from spotkick.errors import ConfigError
from spotkick.live.journal import Journal
from spotkick.live.publishing import Change
from spotkick.live.webhook import SIGNATURE_HEADER, TIMESTAMP_HEADER, Webhook, check_webhook

SECRET = "0123456789abcdef"  # noqa: S105 - of a test


class Receiver:
    """A server that answers as told and keeps what it accepts."""

    def __init__(self, answers: list[int]) -> None:
        self.answers, self.accepted = answers, list[int]()
        self.headers: list[dict[str, str]] = []
        self.bodies: list[bytes] = []
        self.paths: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                code = outer.answers.pop(0) if outer.answers else 200
                outer.paths.append(self.path)
                if code == 200:
                    outer.accepted.append(json.loads(body)["sequence"])
                    outer.headers.append(dict(self.headers))
                    outer.bodies.append(body)
                self.send_response(code)
                if code == 302:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                del format, args

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/events"


@contextmanager
def receiving(*answers: int) -> Iterator[Receiver]:
    receiver = Receiver(list(answers))
    thread = threading.Thread(target=receiver.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


def write_events(path: Path, count: int) -> Journal:
    journal = Journal(path)
    for number in range(count):
        action = Action("Goal", 1, 1000 * number, confidence=0.9)
        journal.write_change(Change("publish", f"n-{number:06d}", action), "n", float(number))
    return journal


def deliver(url: str, journal: Path, secret: str | None = SECRET) -> list[str]:
    lines: list[str] = []
    webhook = Webhook(url, journal, secret, lines.append, first_pause_s=0.01)
    webhook.start()
    webhook.close(3.0)
    return lines


def test_webhook_refused_for_a_while_receives_all_in_order_once(tmp_path: Path) -> None:
    write_events(tmp_path / "events.jsonl", 4)
    with receiving(503, 429, 200, 500, 200) as receiver:
        lines = deliver(receiver.url, tmp_path / "events.jsonl")
    assert receiver.accepted == [1, 2, 3, 4]
    assert len([line for line in lines if "trying again" in line]) == 2


def test_webhook_signature_covers_time_and_body(tmp_path: Path) -> None:
    write_events(tmp_path / "events.jsonl", 1)
    with receiving() as receiver:
        deliver(receiver.url, tmp_path / "events.jsonl")
    stamp = receiver.headers[0][TIMESTAMP_HEADER]
    expected = hmac.new(SECRET.encode(), f"{stamp}.".encode() + receiver.bodies[0], "sha256")
    assert receiver.headers[0][SIGNATURE_HEADER] == f"sha256={expected.hexdigest()}"


def test_webhook_started_again_goes_on_behind_what_was_delivered(tmp_path: Path) -> None:
    journal = write_events(tmp_path / "events.jsonl", 2)
    with receiving() as receiver:
        deliver(receiver.url, tmp_path / "events.jsonl")
        journal.write_note("status", 9.0, {"state": "signal"})
        deliver(receiver.url, tmp_path / "events.jsonl")
    assert receiver.accepted == [1, 2, 3]


def test_webhook_final_refusal_leaves_one_event_out(tmp_path: Path) -> None:
    write_events(tmp_path / "events.jsonl", 3)
    with receiving(200, 400) as receiver:
        lines = deliver(receiver.url, tmp_path / "events.jsonl")
    assert receiver.accepted == [1, 3]
    assert "event 2 was refused (400)" in lines[0]


def test_webhook_redirection_is_not_followed(tmp_path: Path) -> None:
    write_events(tmp_path / "events.jsonl", 1)
    with receiving(302) as receiver:
        deliver(receiver.url, tmp_path / "events.jsonl")
    assert receiver.paths == ["/events"]


def test_webhook_dead_receiver_delays_nobody(tmp_path: Path) -> None:
    journal = write_events(tmp_path / "events.jsonl", 1)
    webhook = Webhook("http://127.0.0.1:9/", tmp_path / "events.jsonl", None, lambda _: None)
    webhook.start()
    began_s = time.monotonic()
    for number in range(100):
        webhook.tell(journal.write_note("status", float(number), {"state": "x"}))
    assert time.monotonic() - began_s < 2.0
    assert not webhook.close(0.2)


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "localhost:80", "http://"])
def test_check_webhook_other_address_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="http://"):
        check_webhook(url, None)


def test_check_webhook_short_secret_is_refused() -> None:
    with pytest.raises(ConfigError, match="16 characters"):
        check_webhook("https://example.org/", "short")
