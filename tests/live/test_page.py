import asyncio
import io
import json
from pathlib import Path

import av
import pytest
from fastapi.testclient import TestClient

from spotkick.actions import Action
from spotkick.live.clips import PacketRing, Segment
from spotkick.live.events import LiveEvent
from spotkick.live.page import MAX_FOLLOWERS, EventHub, create_live_app
from spotkick.viewer.security import AccessRules
from support.streams import write_stream

PORT = 8765
OWN = {"host": f"127.0.0.1:{PORT}"}


def make_event(sequence: int) -> LiveEvent:
    action = Action("Goal", 1, 1000 * sequence, confidence=0.5)
    return LiveEvent(sequence, "publish", 1.0, "now", f"n-{sequence:06d}", action, "n")


def make_client(hub: EventHub | None = None, ring: PacketRing | None = None) -> TestClient:
    return TestClient(create_live_app(hub or EventHub(), AccessRules(port=PORT), ring))


@pytest.mark.parametrize("path", ["/", "/api/events", "/api/segments", "/static/live.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example:8765"},
        {"host": "127.0.0.1:9999"},
        {**OWN, "origin": "http://evil.example"},
        {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"},
    ],
    ids=["host", "port", "origin", "site"],
)
def test_page_requests_of_others_are_refused(path: str, headers: dict[str, str]) -> None:
    answer = make_client().get(path, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"host": "evil.example:8765"}, 403),
        ({**OWN, "origin": "http://evil.example"}, 403),
        (OWN, 401),
    ],
    ids=["host", "origin", "token"],
)
def test_page_refusals_name_no_other_command(headers: dict[str, str], expected: int) -> None:
    app = create_live_app(EventHub(), AccessRules(port=PORT, token="a" * 32))
    answer = TestClient(app).get("/", headers=headers)
    assert answer.status_code == expected
    assert "spotkick view" not in answer.text
    assert "viewer" not in answer.text
    assert expected == 403 or "open the address that this server printed" in answer.text


def test_page_change_from_elsewhere_is_refused_without_the_name_of_a_command() -> None:
    answer = make_client().post("/api/events", headers=OWN)
    assert (answer.status_code, answer.text) == (
        403,
        "a change must come from this server's own page",
    )


def test_page_own_requests_are_answered_with_a_strict_policy() -> None:
    client = make_client()
    for path in ("/", "/static/live.js", "/static/live.css", "/api/segments"):
        answer = client.get(path, headers=OWN)
        assert answer.status_code == 200
        assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert client.post("/api/segments", headers=OWN).status_code in (403, 405)


@pytest.mark.parametrize("name", ["..%2f..%2fpage.py", "page.py", "x"])
def test_page_other_files_are_not_served(name: str) -> None:
    assert make_client().get(f"/static/{name}", headers=OWN).status_code == 404


def test_segment_is_found_by_its_start_alone(tmp_path: Path) -> None:
    ring = PacketRing(tmp_path, lambda _: None)
    write_stream(tmp_path / "000000004000.ts", 2, sound=True)
    ring._segments.append(Segment(tmp_path / "000000004000.ts", 4000))
    client = make_client(ring=ring)
    assert client.get("/api/segments", headers=OWN).json() == {"starts_ms": [4000]}
    video = client.get("/api/segments/4000", headers=OWN)
    with av.open(io.BytesIO(video.content), "r") as container:
        assert (container.format.name[:3], len(list(container.decode(video=0)))) == ("mov", 20)
    for name in ("5000", "-1", "x", "..%2f4000"):
        assert client.get(f"/api/segments/{name}", headers=OWN).status_code in (404, 422)


def follow(hub: EventHub, sequence: int, count: int) -> list[str]:
    async def read() -> list[str]:
        found: list[str] = []
        stream = hub.follow(sequence)
        async for text in stream:
            found.append(text)
            if len(found) == count:
                break
        await stream.aclose()  # type: ignore[attr-defined]
        return found

    return asyncio.run(read())


def test_follow_gives_each_event_behind_a_number_once() -> None:
    hub = EventHub()
    for number in range(1, 6):
        hub.tell(make_event(number))
    texts = follow(hub, 2, 3)
    assert [text.partition("\n")[0] for text in texts] == ["id: 3", "id: 4", "id: 5"]
    assert json.loads(texts[0].partition("data: ")[2])["id"] == "n-000003"
    assert hub.followers == 0


def test_follow_of_a_run_that_is_over_gives_its_last_events_and_says_so() -> None:
    hub = EventHub(is_over=True)
    hub.tell(make_event(1))
    texts = follow(hub, 0, 3)
    assert [text.partition("\n")[0] for text in texts] == ["id: 1", "event: over"]


def test_events_of_too_many_pages_are_refused() -> None:
    hub = EventHub(followers=MAX_FOLLOWERS)
    assert make_client(hub).get("/api/events", headers=OWN).status_code == 503


def test_hub_keeps_the_newest_events_only() -> None:
    hub = EventHub()
    for number in range(1, 6_000):
        hub.tell(make_event(number))
    assert len(hub.after(0)) == 5_000
    assert hub.after(5_998)[0][0] == 5_999
