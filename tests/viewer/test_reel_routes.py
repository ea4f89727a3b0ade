"""Highlights over HTTP, with a maker that needs no video work."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from spotkick.viewer.library import Library

Serve = Callable[..., AbstractContextManager[str]]

CLIP = {"period": 1, "start_s": 2.0, "end_s": 6.0, "label": "Goal", "reason": "confidence 0.95"}


def test_without_a_maker_there_are_no_highlights(client: TestClient, key: str) -> None:
    assert client.get("/api/abilities").json() == {"reels": False}
    assert client.post(f"/api/matches/{key}/clips", json={"duration_s": 60}).status_code == 422


def test_clips_follow_the_review_and_reels_are_rendered(
    library: Library, serve: Callable[..., AbstractContextManager[str]]
) -> None:
    with serve(library) as address, httpx.Client(base_url=address, headers={"origin": address}, timeout=60) as http:
        match = f"/api/matches/{library.keys[0]}"
        clips = http.post(f"{match}/clips", json={"duration_s": 9, "undecided_from": 0.6}).json()["clips"]
        assert [(clip["label"], round(clip["start_s"], 3), clip["chosen"]) for clip in clips] == [
            ("Goal", 3.4, True),
            ("Goal", 4.1, False),
            ("Foul", 7.2, False),
            ("Foul", 15.5, True),
        ]
        spot = http.get(match).json()["predictions"][0]
        state: dict[str, Any] = {"source": "prediction", "label": "Goal", "period": 1, "position_ms": 5400, "confidence": 0.95}
        edit = {"revision": 0, "edits": [{"id": spot["id"], "state": {**state, "status": "rejected"}}]}
        assert http.post(f"{match}/edits", json=edit).status_code == 200
        clips = http.post(f"{match}/clips", json={"duration_s": 9, "undecided_from": 0.6}).json()["clips"]
        assert [round(clip["start_s"], 3) for clip in clips] == [4.1, 7.2, 15.5]
        job = http.post(f"{match}/reel", json={"clips": [CLIP]}).json()
        assert http.post(f"{match}/reel", json={"clips": [CLIP]}).status_code == 422  # one at a time
        while job["state"] == "running":
            time.sleep(0.05)
            job = http.get(f"/api/jobs/{job['key']}").json()
        assert [file["name"] for file in job["files"]] == ["reel.mp4", "reel.edl", "reel.otio"]
        edl = http.get(f"/api/jobs/{job['key']}/files/1")
        assert edl.text == "1 2.0 6.0 Goal"
        assert edl.headers["content-disposition"] == 'attachment; filename="reel.edl"'
        for number in (-1, 3, "x"):
            assert http.get(f"/api/jobs/{job['key']}/files/{number}").status_code in (404, 422)


@pytest.mark.parametrize(
    ("clips", "reason"),
    [
        ([], "choose at least one"),
        ([{**CLIP, "period": 4}], "no video"),
        ([{**CLIP, "start_s": 30, "end_s": 40}], "inside the video"),
        ([{**CLIP, "end_s": 1}], "end after it starts"),
        ([{**CLIP, "start_s": "x"}], "not valid"),
        ([{**CLIP, "extra": 1}], "not valid"),
    ],
)
def test_clips_that_cannot_be_cut(client: TestClient, key: str, clips: list[dict[str, Any]], reason: str) -> None:
    reply = client.post(f"/api/matches/{key}/reel", json={"clips": clips})
    assert reply.status_code == 422
    assert reason in reply.json()["error"]
