"""Requests that a hostile page, a hostile file or a careless proxy could send."""

import asyncio
import json
import socket
import threading
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import uvicorn
from fastapi.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from spotkick.actions import Action, MatchActions
from spotkick.errors import ConfigError
from spotkick.formats.label_tree import write_label_tree
from spotkick.viewer import server
from spotkick.viewer.app import create_app
from spotkick.viewer.match_store import Library
from spotkick.viewer.security import MAX_BODY_BYTES, AccessRules
from spotkick.viewer.server import checked_token

ORIGIN = "http://127.0.0.1:8765"
CHANGE = {"revision": 0, "edits": []}
TOKEN = "-".join(["letters"] * 3)
PORT = 8765


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8765",
        "127.0.0.1",
        "127.0.0.1:80",
        "127.0.0.1:8765.evil.example",
        "",
        "localhost:8766",
        "10.0.0.1:8765",
    ],
)
def test_security_foreign_host_is_refused(library: Library, host: str) -> None:
    # A page on a rebound name reads without an Origin: to the browser it is the page's own site.
    with TestClient(create_app(library, AccessRules(8765)), base_url=ORIGIN) as rebound:
        for path in ("/", "/api/matches", "/static/match.js"):
            assert rebound.get(path, headers={"host": host}).status_code == 403
        own = {"host": host, "origin": f"http://{host}", "sec-fetch-site": "same-origin"}
        assert (
            rebound.post(
                f"/api/matches/{library.keys[0]}/edits", json=CHANGE, headers=own
            ).status_code
            == 403
        )


@pytest.mark.parametrize(
    "host", ["127.0.0.1:8765", "localhost:8765", "[::1]:8765", "LOCALHOST:8765"]
)
def test_security_own_addresses_are_answered(client: TestClient, host: str) -> None:
    assert (
        client.get("/api/matches", headers={"host": host, "origin": f"http://{host}"}).status_code
        == 200
    )


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "https://127.0.0.1:8765", "file://"],
)
def test_security_foreign_origin_is_refused(client: TestClient, key: str, origin: str) -> None:
    assert client.get("/api/matches", headers={"origin": origin}).status_code == 403
    assert (
        client.post(
            f"/api/matches/{key}/edits", json=CHANGE, headers={"origin": origin}
        ).status_code
        == 403
    )


def test_security_change_without_own_header_is_refused(library: Library, key: str) -> None:
    with TestClient(create_app(library, AccessRules(8765)), base_url=ORIGIN) as bare:
        url = f"/api/matches/{key}/edits"
        assert bare.post(url, json=CHANGE).status_code == 403
        assert (
            bare.post(url, json=CHANGE, headers={"sec-fetch-site": "cross-site"}).status_code == 403
        )
        assert (
            bare.post(url, json=CHANGE, headers={"sec-fetch-site": "same-site"}).status_code == 403
        )
        assert (
            bare.post(url, json=CHANGE, headers={"sec-fetch-site": "same-origin"}).status_code
            == 200
        )


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_security_form_content_is_refused(client: TestClient, key: str, media_type: str) -> None:
    url = f"/api/matches/{key}/edits"
    assert (
        client.post(
            url, content=json.dumps(CHANGE), headers={"content-type": media_type}
        ).status_code
        == 415
    )


def test_security_other_sites_may_link_but_not_embed(client: TestClient, key: str) -> None:
    embedded = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}
    assert client.get(f"/api/matches/{key}/video/1", headers=embedded).status_code == 403
    assert (
        client.get(
            "/", headers={"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
        ).status_code
        == 200
    )


@pytest.mark.parametrize(
    "path", ["/", "/match", "/static/match.js", "/api/matches", "/api/nothing"]
)
def test_security_headers_are_in_every_response(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/..%252fapp.py",
        "/static/%2e%2e%5capp.py",
        "/static//etc/passwd",
        "/static/%00match.js",
        "/api/matches/..%2f..%2f..%2fetc%2fpasswd",
        "/api/matches/../../etc/passwd/video/1",
        "/api/jobs/..%2f..%2fetc/files/0",
    ],
)
def test_security_addresses_do_not_lead_out(library: Library, path: str) -> None:
    # Clients tidy addresses up before they send them, so this one goes to the application as it is.
    app = create_app(library, AccessRules(8765))
    sent: list[dict[str, Any]] = []
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": b"",
        "headers": [(b"host", b"127.0.0.1:8765")],
    }

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    assert sent[0]["status"] == 404


def test_find_match_files_links_out_are_left_out(tmp_path: Path) -> None:
    secret = tmp_path / "secret" / "1_224p.mp4"
    secret.parent.mkdir()
    secret.write_bytes(b"not for you")
    root = tmp_path / "data"
    write_label_tree(root, [MatchActions("match", (Action("Goal", 1, 1000),))])
    (root / "match" / "1_224p.mp4").symlink_to(secret)
    (root / "other").symlink_to(secret.parent)
    with pytest.warns(UserWarning, match="1 files are links to places outside"):
        library = Library([root])
    (files,) = (library.files(key) for key in library.keys)
    assert files is not None
    assert files.videos == {}


def test_security_file_replaced_by_a_link_is_not_served(
    client: TestClient, key: str, tmp_path: Path
) -> None:
    assert client.get(f"/api/matches/{key}/video/1").status_code == 200
    video = next((tmp_path / "data").rglob("1_90p.mp4"))
    secret = tmp_path / "secret.mp4"
    secret.write_bytes(video.read_bytes())
    video.unlink()
    video.symlink_to(secret)
    reply = client.get(f"/api/matches/{key}/video/1")
    assert reply.status_code == 422
    assert "outside" in reply.json()["error"]
    assert client.get(f"/api/matches/{key}/thumbnail/1?t_ms=0").status_code == 404


def test_security_large_body_is_refused_before_reading(library: Library, key: str) -> None:
    sent: list[dict[str, Any]] = []
    headers = {
        "host": ORIGIN[7:],
        "origin": ORIGIN,
        "content-type": "application/json",
        "content-length": str(10**12),
    }
    scope = {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "method": "POST",
        "scheme": "http",
        "path": f"/api/matches/{key}/edits",
        "query_string": b"",
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }

    async def receive() -> dict[str, Any]:
        raise AssertionError("the body was asked for")

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(create_app(library, AccessRules(8765))(scope, receive, send))
    assert sent[0]["status"] == 413


def test_security_large_body_is_refused_whatever_its_header_says(
    client: TestClient, key: str
) -> None:
    url = f"/api/matches/{key}/edits"
    large = b'{"revision": 0, "edits": [], "x": "' + b"a" * MAX_BODY_BYTES + b'"}'
    headers = {"content-type": "application/json"}
    assert client.post(url, content=large, headers=headers).status_code == 413
    pieces = (large[i : i + 65536] for i in range(0, len(large), 65536))
    assert client.post(url, content=pieces, headers=headers).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"revision": 0}',
        b"[" * 100_000,
        b'{"revision": -1, "edits": []}',
        b'{"revision": 1e999, "edits": []}',
    ],
)
def test_review_route_malformed_body_changes_nothing(
    client: TestClient, key: str, body: bytes
) -> None:
    url = f"/api/matches/{key}/edits"
    reply = client.post(url, content=body, headers={"content-type": "application/json"})
    assert reply.status_code in (400, 422)
    assert client.get(url).json() == {"revision": 0, "edits": []}


@pytest.mark.parametrize(
    "state",
    [
        {"label": ""},
        {"label": " \t"},
        {"label": "a" * 201},
        {"label": "a\nb"},
        {"period": 0},
        {"period": "1"},
        {"position_ms": 1.5},
        {"position_ms": 10**12},
        {"status": "perhaps"},
        {"source": "nowhere"},
        {"confidence": "high"},
        {"extra": 1},
    ],
)
def test_review_route_impossible_states_are_refused(
    client: TestClient, key: str, state: dict[str, object]
) -> None:
    good = {
        "source": "added",
        "label": "Goal",
        "period": 1,
        "position_ms": 0,
        "status": "accepted",
        "confidence": None,
    }
    url = f"/api/matches/{key}/edits"
    bad = {"revision": 0, "edits": [{"id": "a-0123456789ab", "state": {**good, **state}}]}
    assert client.post(url, json=bad).status_code == 422
    assert (
        client.post(
            url, json={"revision": 0, "edits": [{"id": "../../x", "state": good}]}
        ).status_code
        == 422
    )
    assert client.get(url).json()["revision"] == 0


def test_responses_names_with_markup_stay_text(tmp_path: Path) -> None:
    name = "<img src=x onerror=alert(1)>"
    write_label_tree(
        tmp_path, [MatchActions(name, (Action("<script>alert(1)</script>", 1, 1000),))]
    )
    library = Library([tmp_path])
    with TestClient(create_app(library, AccessRules(8765)), base_url=ORIGIN) as client:
        reply = client.get(f"/api/matches/{library.keys[0]}")
        assert reply.headers["content-type"] == "application/json"
        assert reply.json()["name"] == name
        for page in ("/", f"/match?id={name}"):
            assert name not in client.get(page).text
        export = client.get(f"/api/matches/{library.keys[0]}/export?format=csv")
        assert "<" not in export.headers["content-disposition"]
        assert export.headers["content-disposition"].startswith("attachment")


def test_security_without_token_nothing_is_shown(library: Library) -> None:
    rules = AccessRules(8765, hosts=frozenset({"192.0.2.7"}), token=TOKEN)
    base = "http://192.0.2.7:8765"
    with TestClient(create_app(library, rules), base_url=base, follow_redirects=False) as client:
        for path in ("/", "/api/matches", "/static/match.js", "/?token=wrong", "/?token="):
            assert client.get(path).status_code == 401
        assert client.get("/", headers={"cookie": "spotkick_access=wrong"}).status_code == 401
        admitted = client.get(f"/?token={TOKEN}")
        assert admitted.status_code == 303
        assert admitted.headers["location"] == "/"
        cookie = admitted.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=Strict" in cookie
        assert client.get("/api/matches").status_code == 200  # the client has kept the cookie


def test_allows_authority_any_address_takes_numbers_alone() -> None:
    rules = AccessRules(8765, any_address=True, token=TOKEN)
    assert rules.allows_authority("192.0.2.7:8765")
    assert rules.allows_authority("[2001:db8::1]:8765")
    assert not rules.allows_authority("evil.example:8765")
    assert not rules.allows_authority("192.0.2.7.evil.example:8765")


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7", "::", "example.org"])  # noqa: S104 - that it is refused is tested
def test_serve_other_address_needs_a_token(host: str) -> None:
    with pytest.raises(ConfigError, match="--token"):
        checked_token(host, None)
    with pytest.raises(ConfigError, match="at least 16"):
        checked_token(host, "short")
    made = checked_token(host, "auto")
    assert made is not None
    assert len(made) >= 16
    assert made != checked_token(host, "auto")


def test_serve_loopback_needs_no_token() -> None:
    assert checked_token("127.0.0.1", None) is None
    assert checked_token("::1", None) is None


def test_security_websockets_are_refused(client: TestClient) -> None:
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/api/matches"):
        pass


def token_client(library: Library, port: int = PORT) -> TestClient:
    app = create_app(library, AccessRules(port, token=TOKEN))
    return TestClient(app, base_url=f"http://127.0.0.1:{port}", follow_redirects=False)


@pytest.mark.parametrize(
    "others",
    ['theme={"dark":true}', "a[b]=1", "x y=2", "=3", "ü=4", "broken", "", 'q="a;b"'],
)
def test_security_cookies_of_other_programs_do_not_lock_out(library: Library, others: str) -> None:
    cookie = f"{others}; spotkick_access_{PORT}={TOKEN}; z=1"
    headers = {"cookie": cookie.encode("latin-1").decode("latin-1")}
    client = token_client(library)
    raw = [(b"cookie", headers["cookie"].encode("latin-1"))]
    assert client.get("/api/matches", headers=raw).status_code == 200
    assert client.get("/api/matches", headers=[(b"cookie", b"a=1")]).status_code == 401


def test_security_two_viewers_have_cookies_of_their_own(library: Library) -> None:
    cookies = []
    for port in (8765, 8766):
        reply = token_client(library, port).get(f"/?token={TOKEN}")
        cookies.append(reply.headers["set-cookie"].split("=")[0])
    assert cookies[0] != cookies[1]


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/", "/"),
        ("/match?id=ab12&t=5", "/match?id=ab12&t=5"),
        ("//evil.example/x", "/evil.example/x"),
        ("/match?id=a%0d%0ab", "/match?id=a%0D%0Ab"),
    ],
)
def test_security_token_in_a_deep_link_leads_to_its_page(
    library: Library, path: str, place: str
) -> None:
    separator = "&" if "?" in path else "?"
    client = token_client(library)
    reply = client.get(f"http://127.0.0.1:{PORT}{path}{separator}token={TOKEN}")
    assert (reply.status_code, reply.headers["location"]) == (303, place)


def test_security_other_sites_may_link_to_pages_alone(library: Library) -> None:
    client = TestClient(create_app(library, AccessRules(PORT)), base_url=ORIGIN)
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=headers).status_code == 200
    for path in ("/api/export", "/api/matches"):
        assert client.get(path, headers=headers).status_code == 403


def test_serve_half_sent_requests_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LONGEST_REQUEST_S", 0.3)

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        answer, http=server.make_impatient_protocol(), lifespan="off", log_level="error"
    )
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    with socket.create_connection(listener.getsockname()) as half:
        half.sendall(b"GET / HTTP/1.1\r\nHost: 127")
        half.settimeout(20)
        assert half.recv(100) == b""
    with socket.create_connection(listener.getsockname()) as whole:
        whole.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b"204" in whole.recv(100)
    running.should_exit = True
    thread.join(10)
