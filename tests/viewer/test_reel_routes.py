"""Highlights over HTTP, with a maker that needs no video work."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient

from spotkick.viewer.match_files import MatchFiles
from spotkick.viewer.match_store import Library

Serve = Callable[..., AbstractContextManager[str]]

MOMENT = {"label": "Goal", "position_s": 5.0, "score": 0.95, "spotted": True}
CLIP = {
    "period": 1,
    "start_s": 2.0,
    "end_s": 6.0,
    "label": "Goal",
    "rank": 0.95,
    "moments": [MOMENT],
}


def test_reel_routes_without_maker_refuse(client: TestClient, key: str) -> None:
    abilities = client.get("/api/abilities").json()
    assert [abilities[name] for name in ("reels", "shots", "captions")] == [False] * 3
    assert client.post("/api/reel", json={"clips": [{**CLIP, "match": key}]}).status_code == 422
    assert client.post(f"/api/matches/{key}/shots", json={}).status_code == 422
    assert client.post(f"/api/matches/{key}/clips", json={"duration_s": 60}).status_code == 422


def test_reel_routes_clips_follow_review_and_reel_is_rendered(
    library: Library, serve: Callable[..., AbstractContextManager[str]]
) -> None:
    with (
        serve(library) as address,
        httpx.Client(base_url=address, headers={"origin": address}, timeout=60) as http,
    ):
        match = f"/api/matches/{library.keys[0]}"
        clips = http.post(f"{match}/clips", json={"duration_s": 9, "undecided_from": 0.6}).json()[
            "clips"
        ]
        assert [(clip["label"], round(clip["start_s"], 3), clip["chosen"]) for clip in clips] == [
            ("Goal", 3.4, True),
            ("Goal", 7.4, True),
            ("Foul", 8.1, False),
            ("Foul", 15.5, True),
        ]
        spot = http.get(match).json()["predictions"][0]
        state: dict[str, Any] = {
            "source": "prediction",
            "label": "Goal",
            "period": 1,
            "position_ms": 5400,
            "confidence": 0.95,
        }
        edit = {
            "revision": 0,
            "edits": [{"id": spot["id"], "state": {**state, "status": "rejected"}}],
        }
        assert http.post(f"{match}/edits", json=edit).status_code == 200
        clips = http.post(f"{match}/clips", json={"duration_s": 9, "undecided_from": 0.6}).json()[
            "clips"
        ]
        assert [round(clip["start_s"], 3) for clip in clips] == [4.1, 8.1, 15.5]
        by_class = {"duration_s": 9, "undecided_from": 0.6, "thresholds": {"Foul": 0.7}}
        clips = http.post(f"{match}/clips", json=by_class).json()["clips"]
        assert [round(clip["start_s"], 3) for clip in clips] == [4.1, 15.5]
        job = http.post(f"{match}/reel", json={"clips": [CLIP]}).json()
        assert (
            http.post(f"{match}/reel", json={"clips": [CLIP]}).status_code == 422
        )  # one at a time
        while job["state"] == "running":
            time.sleep(0.05)
            job = http.get(f"/api/jobs/{job['key']}").json()
        assert [file["name"] for file in job["files"]] == ["reel.mp4", "reel.edl", "reel.otio"]
        assert [other["key"] for other in http.get(f"{match}/jobs").json()["jobs"]] == [job["key"]]
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
        ([CLIP, {**CLIP, "start_s": 5.0, "end_s": 9.0}], "must not overlap"),
        ([{**CLIP, "moments": [{**MOMENT, "score": 7}]}], "not valid"),
        ([{**CLIP, "moments": [MOMENT] * 201}], "not valid"),
    ],
)
def test_checked_clips_invalid_request_is_refused(
    client: TestClient, key: str, clips: list[dict[str, Any]], reason: str
) -> None:
    reply = client.post(f"/api/matches/{key}/reel", json={"clips": clips})
    assert reply.status_code == 422
    assert reason in reply.json()["error"]


def test_several_reel_routes_clips_keep_their_order_and_matches(
    library: Library, serve: Serve, season: Any, halves: tuple[Path, Path]
) -> None:
    second = season.labels / library.files(library.keys[1]).name
    (second / halves[0].name).write_bytes(halves[0].read_bytes())
    library = Library(season.paths, edits=season.edits)
    one, two = library.keys
    clips = [
        {**CLIP, "match": two, "name": "Opening"},
        {**CLIP, "match": one, "start_s": 8.0, "end_s": 9.0, "moments": []},
    ]
    with (
        serve(library) as address,
        httpx.Client(base_url=address, headers={"origin": address}, timeout=60) as http,
    ):
        planned = http.post("/api/reel/plan", json={"clips": clips}).json()["clips"]
        assert [(clip["match"], clip["start_s"]) for clip in planned] == [(two, 2.0), (one, 8.0)]
        body = {"clips": clips, "captions": ["title", "match"], "video": False}
        job = http.post("/api/reel", json=body).json()
        while job["state"] == "running":
            time.sleep(0.05)
            job = http.get(f"/api/jobs/{job['key']}").json()
        edl = http.get(f"/api/jobs/{job['key']}/files/0").text
        assert edl.splitlines() == ["1 2.0 6.0 Opening", "1 8.0 9.0 Goal"]
        assert [found["key"] for found in http.get("/api/reel/jobs").json()["jobs"]] == [job["key"]]

        # The same times in two matches do not overlap; in one match they do.
        twice = [{**CLIP, "match": one}, {**CLIP, "match": one}]
        refused = http.post("/api/reel", json={"clips": twice})
        assert refused.status_code == 422
        assert refused.json()["error"].startswith("league/")
        assert http.post("/api/reel", json={"clips": []}).status_code == 422
        elsewhere = http.post("/api/reel", json={"clips": [{**CLIP, "match": "0" * 16}]})
        assert elsewhere.status_code == 404
        odd = http.post("/api/reel", json={"clips": clips, "captions": ["weather"]})
        assert odd.status_code == 422


def test_shot_routes_changes_are_found_once_and_kept(
    library: Library, serve: Serve, tmp_path: Path
) -> None:
    with (
        serve(library) as address,
        httpx.Client(base_url=address, headers={"origin": address}, timeout=60) as http,
    ):
        match = f"/api/matches/{library.keys[0]}"
        assert http.get(match).json()["shots"] == {}
        job = http.post(f"{match}/shots", json={}).json()
        assert job["kind"] == "shots"
        assert (
            "shot changes are being looked for"
            in http.post(f"{match}/reel", json={"clips": [CLIP]}).json()["error"]
        )
        shares = []
        while job["state"] == "running":
            shares.append(job["progress"])
            time.sleep(0.02)
            job = http.get(f"/api/jobs/{job['key']}").json()
        assert job["state"] == "done", job["message"]
        assert shares == sorted(shares)
        assert any(
            0.5 <= share < 1 for share in shares
        )  # the second half is the second half of the work
        expected = {"1": [5.0, 10.0], "2": [5.0, 10.0]}
        assert http.get(f"{match}/shots").json()["shots"] == expected
        assert http.get(match).json()["shots"] == expected
    video = next((tmp_path / "data").rglob("1_90p.mp4"))
    video.write_bytes(
        video.read_bytes() + bytes(8)
    )  # another video now: its shot changes are not known
    assert list(library.shots(_files(library))) == [2]


def test_read_shots_damaged_file_counts_as_none(library: Library, season: Any) -> None:
    path = season.edits / season.first / "shots.json"
    path.parent.mkdir(parents=True)
    for text in (
        "{",
        "[]",
        '{"shots": 3}',
        '{"shots": {"1": {"size_bytes": "x"}}}',
        '{"shots": {"1": [1]}}',
    ):
        path.write_text(text)
        assert library.shots(_files(library)) == {}


def _files(library: Library) -> MatchFiles:
    files = library.files(library.keys[0])
    assert files is not None
    return files
