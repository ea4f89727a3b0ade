"""The viewer in a real browser: Debian's Chromium, real clicks and keys."""

import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.formats.soccernet import parse_labels
from spotkick.viewer.edits import EditJournal
from spotkick.viewer.match_store import Library
from spotkick.viewer.operating_point import measure

SLIDE = "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }"

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Season = Any
Serve = Callable[..., AbstractContextManager[str]]


@pytest.fixture
def address(library: Library, serve: Serve) -> Iterator[str]:
    with serve(library) as address:
        yield address


def open_match(page: Page, address: str, library: Library, number: int = 0) -> None:
    page.goto(f"{address}/match?id={library.keys[number]}")
    page.wait_for_selector("body[data-ready]")


def journal(season: Season) -> EditJournal:
    return EditJournal(season.edits / season.first / "review.jsonl")


def until(page: Page, condition: str) -> None:
    """Wait for a condition; Playwright's own way would need 'unsafe-eval' in our policy."""
    for _ in range(600):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(50)
    pytest.fail(f"never became true: {condition}")


def wait_saved(page: Page) -> None:
    page.wait_for_selector("#save-state[data-state=saved]")


def rows(page: Page) -> list[str]:
    return [row.get_attribute("title") for row in page.query_selector_all(".spot-row")]


def pick(page: Page, text: str) -> None:
    page.locator(".spot-row", has_text=text).first.click()


def test_start_page_opens_a_match(page: Page, address: str, season: Season) -> None:
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    assert page.locator("#match-rows tr").count() == 2
    page.keyboard.press("/")
    page.keyboard.type("north east")
    assert page.locator("#match-rows tr").count() == 1
    assert page.locator("#match-count").inner_text() == "1 of 2 matches"
    page.locator("#match-rows a").click()
    page.wait_for_selector("body[data-ready]")
    assert page.locator("h1").inner_text() == season.first.split("/")[-1]
    assert page.locator(".lane-name:not(.track)").all_inner_texts() == ["Goal", "Corner", "Foul"]
    assert page.locator("#spot-count").inner_text() == "9 of 10 spots"  # one is unlikely


def test_match_page_leads_to_the_next_match(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    page.wait_for_selector("#menu-arrow:visible")
    page.click("#match-menu summary")
    assert page.locator("#previous-match").is_hidden()
    page.wait_for_selector("#menu-list small:has-text('0 of')")
    page.keyboard.type("west")
    assert page.locator("#menu-list a").count() == 1
    page.click("#next-match")
    page.wait_for_selector("body[data-ready] h1:has-text('Westmoor')")
    page.wait_for_selector("#menu-arrow:visible")
    page.click("#match-menu summary")
    assert page.locator("#next-match").is_hidden()
    page.keyboard.press("Escape")
    page.wait_for_selector(".menu-box", state="hidden")
    page.keyboard.press("Shift+PageUp")
    page.wait_for_selector("body[data-ready] h1:has-text('Northport')")


def test_start_page_table_sorts_by_each_column(page: Page, address: str, season: Season) -> None:
    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    page.click("[data-column=labels]")
    assert page.locator("#match-rows a").first.inner_text() == season.first.split("/")[-1]
    page.click("[data-column=labels]")
    assert page.locator("#match-rows a").last.inner_text() == season.first.split("/")[-1]
    assert page.locator("th[data-sort=labels]").get_attribute("aria-sort") == "ascending"


def test_timeline_click_steps_and_playback_seek(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    box = page.locator("#lanes").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + 8)  # 10 s of 40
    until(page, "/^frame (99|100|101)$/.test(document.getElementById('frame-number').textContent)")
    page.keyboard.press("l")
    page.keyboard.press("j")
    frame = int(page.locator("#frame-number").inner_text().split()[1])
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press(",")
    until(page, f"document.getElementById('frame-number').textContent === 'frame {frame + 1}'")
    assert page.evaluate("document.getElementById('video').currentTime") == pytest.approx(
        (frame + 1.5) / 10, abs=0.01
    )
    page.keyboard.press("l")  # 5 s
    assert page.locator("#frame-number").inner_text() == f"frame {frame + 51}"
    page.keyboard.press("l")  # over the end of the half
    until(page, "document.getElementById('clock-period').textContent === 'second half'")
    until(page, "document.getElementById('video').readyState >= 2")
    assert page.evaluate("document.getElementById('video').src").endswith("/video/2")
    before = page.locator("#clock").inner_text()
    page.keyboard.press(" ")
    until(page, f"document.getElementById('clock').textContent !== '{before}'")
    page.keyboard.press(" ")
    page.keyboard.press("]")
    assert page.locator("#speed").inner_text().startswith("1.5")


def test_video_seek_shows_the_frame_of_the_time(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    read = """async () => {
      const video = document.getElementById('video');
      while (video.seeking || video.readyState < 2)
        await new Promise((done) => setTimeout(done, 20));
      await new Promise((done) => setTimeout(done, 120));
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = 4;
      canvas.getContext('2d').drawImage(video, 0, 0, 4, 4);
      return canvas.getContext('2d').getImageData(1, 1, 1, 1).data[0];
    }"""
    page.keyboard.press("l")
    for frame in (51, 52, 53):
        page.keyboard.press(".")
        until(page, f"document.getElementById('frame-number').textContent === 'frame {frame}'")
        assert page.evaluate(read) == pytest.approx((3 * frame) % 200 + 20, abs=2.5)


def test_timeline_zoom_and_pan_move_the_window(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    shown = page.locator("#overview")
    assert shown.get_attribute("aria-valuetext") == "1 · 00:00 to 2 · 00:20"
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert shown.get_attribute("aria-valuetext") == "1 · 00:00 to 1 · 00:10"
    box = page.locator("#lanes").bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(middle - box["width"] / 2, box["y"] + 40, steps=5)
    page.mouse.up()
    assert shown.get_attribute("aria-valuenow") == "5"
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.wheel(0, -200)
    until(page, "Number(document.getElementById('overview').getAttribute('aria-valuenow')) >= 6")
    shown.focus()
    page.keyboard.press("End")
    assert shown.get_attribute("aria-valuetext").endswith("2 · 00:20")
    page.keyboard.press("0")
    assert shown.get_attribute("aria-valuetext") == "1 · 00:00 to 2 · 00:20"


def test_error_list_names_and_filters_errors(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    page.select_option("#order", "time")
    page.select_option("#kind-filter", "also below threshold")
    until(page, "document.querySelectorAll('.spot-row').length === 10")
    kinds = {
        re.sub(r"^(\S+ · \S+ \S+).*prediction, ", r"\1: ", row)
        for row in rows(page)
        if "prediction" in row
    }
    assert kinds == {
        "1 · 00:05.4 Goal: correct",
        "1 · 00:06.1 Goal: duplicate",
        "1 · 00:09.2 Foul: wrong class",
        "1 · 00:17.5 Foul: late",
        "2 · 00:15.0 Corner: false",
        "2 · 00:06.1 Goal: below threshold",
    }
    page.select_option("#kind-filter", "missed")
    until(page, "document.querySelectorAll('.spot-row').length === 3")
    assert all("missed" in row for row in rows(page))
    page.select_option("#period-filter", "2")
    until(page, "document.querySelectorAll('.spot-row').length === 1")
    page.select_option("#kind-filter", "also below threshold")
    page.click("#tab-classes")
    page.uncheck("[aria-label='Show Goal']")
    page.click("#tab-spots")
    until(page, "document.querySelectorAll('.spot-row').length === 1")
    assert page.locator(".lane-name:not(.track)").all_inner_texts() == ["Corner", "Foul"]


def test_thresholds_count_as_python_does(page: Page, tmp_path: Path, serve: Serve) -> None:
    chance = random.Random(4)
    labels = tuple(
        Action(chance.choice("AB"), chance.choice((1, 2)), chance.randrange(600_000))
        for _ in range(120)
    )
    predictions = tuple(
        Action(
            action.label,
            action.period,
            max(0, action.position_ms + chance.randrange(-4000, 4000)),
            chance.randrange(101) / 100,
        )
        for action in labels
        for _ in range(chance.randrange(3))
    )
    write_label_tree(tmp_path / "labels", [MatchActions("match", labels)])
    write_results(tmp_path / "out", [MatchActions("match", predictions)])
    library = Library([tmp_path / "labels", tmp_path / "out"], edits=tmp_path / "edits")
    with serve(library) as address:
        open_match(page, address, library)
        page.click("#tab-classes")
        slider = page.locator("[aria-label='Threshold of all classes']")
        for threshold in (0.5, 0.2, 0.81):
            slider.evaluate(
                "(slider, value) => "
                "{ slider.value = value; slider.dispatchEvent(new Event('input')); }",
                str(threshold),
            )
            for tolerance_ms in (1000, 2500):
                page.select_option("#tolerance", str(tolerance_ms))
                point = measure(predictions, labels, threshold, tolerance_ms)
                expected = [
                    f"{100 * value:.0f}" for value in (point.precision, point.recall, point.f1)
                ]
                cells = (
                    "[...document.querySelectorAll('.total-row td.number')]"
                    ".slice(1).map((cell) => cell.textContent)"
                )
                until(page, f"{cells}.join() === '{','.join(expected)}'")


def test_spot_moved_by_frames_is_undone_redone_and_kept(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_match(page, address, library)
    pick(page, "0.95")
    for _ in range(3):
        page.keyboard.press("Alt+ArrowRight")
    wait_saved(page)
    (state,) = journal(season).states().values()
    assert (state.label, state.position_ms, state.status) == ("Goal", 5700, "accepted")
    until(page, "document.getElementById('frame-number').textContent === 'frame 57'")
    page.keyboard.press("Control+z")
    wait_saved(page)
    assert journal(season).states() == {}
    page.keyboard.press("Control+Shift+Z")
    wait_saved(page)
    page.reload()
    page.wait_for_selector("body[data-ready]")
    pick(page, "0.95")
    assert "1 · 00:05.7" in page.locator("#selection").inner_text()
    assert "accepted" in page.locator("#selection").inner_text()


def test_review_needs_the_keyboard_alone(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_match(page, address, library)
    page.select_option("#kind-filter", "also below threshold")
    page.keyboard.press("u")  # 0.55 is nearest to the threshold
    assert "0.55" in page.locator("#selection").inner_text()
    page.keyboard.press("x")
    assert "0.30" in page.locator("#selection").inner_text()  # went on down the list
    page.keyboard.press("a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    page.keyboard.type("corn")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Penalty shout")
    page.keyboard.press("Enter")
    wait_saved(page)
    states = journal(season).states().values()
    assert sorted((state.source, state.label, state.status.value) for state in states) == [
        ("added", "Penalty shout", "accepted"),
        ("prediction", "Corner", "accepted"),
        ("prediction", "Corner", "rejected"),
        ("prediction", "Goal", "accepted"),
    ]
    assert "Penalty shout" in page.locator(".lane-name").all_inner_texts()
    assert page.locator("#review-progress").inner_text() == "3 of 6 decided"


def test_export_saves_corrected_labels(
    page: Page, address: str, library: Library, season: Season, tmp_path: Path
) -> None:
    open_match(page, address, library)
    pick(page, "0.55")
    page.keyboard.press("a")
    wait_saved(page)
    page.click("#export-button")
    with page.expect_download() as download:
        page.click("#export-save")
    assert download.value.suggested_filename == "Labels-v2.json"
    download.value.save_as(tmp_path / "Labels-v2.json")
    actions = parse_labels(
        json.loads((tmp_path / "Labels-v2.json").read_text()), "download"
    ).actions
    assert len(actions) == len(season.actions) + 1
    assert actions[-1] == Action("Corner", 2, 15000)
    page.select_option("#export-format", "soccernet-v1")
    with page.expect_download():
        page.click("#export-save")
    until(
        page,
        "document.getElementById('export-message').textContent.includes('visibility: left out')",
    )


def test_reel_is_chosen_rendered_and_saved(
    page: Page, address: str, library: Library, tmp_path: Path
) -> None:
    open_match(page, address, library)
    page.click("#tab-reel")
    page.wait_for_selector("#clip-list li")
    assert page.locator("#clip-list li").count() == 5
    page.locator("#reel-budget").evaluate(SLIDE, "10")
    until(page, "document.getElementById('reel-total').textContent.startsWith('3 of 5 clips')")
    page.locator("#clip-list input:not(:checked)").first.click()
    assert page.locator("#reel-total").inner_text() == "4 of 5 clips, 0:12"
    page.click("#reel-preview")
    until(page, "document.querySelectorAll('#clip-list .playing').length === 1")
    page.click("#reel-preview")
    page.click("#reel-render")
    until(page, "document.getElementById('reel-progress').value > 0")
    page.wait_for_selector("#reel-files a")
    assert page.locator("#reel-files a").all_inner_texts() == ["Reel (MP4)", "EDL", "OTIO"]
    with page.expect_download() as download:
        page.locator("#reel-files a").first.click()
    download.value.save_as(tmp_path / "reel.mp4")
    assert (tmp_path / "reel.mp4").read_bytes() == b"a reel of 4"
    page.locator("#reel-budget").evaluate(SLIDE, "40")
    until(page, "document.getElementById('reel-total').textContent.startsWith('5 of 5 clips')")
    assert page.locator("#reel-files a").count() == 0  # they were of another choice
    page.click("#reel-render")
    page.click("#reel-cancel")
    until(page, "document.getElementById('reel-status').textContent.includes('cancelled')")


def test_clips_are_trimmed_named_ordered_and_added(
    page: Page, address: str, library: Library, tmp_path: Path
) -> None:
    open_match(page, address, library)
    page.click("#tab-reel")
    page.wait_for_selector("#clip-list li")
    page.locator(".clip-length").first.click()
    page.fill("[aria-label='Name of the clip']", "The opener")
    page.keyboard.press("Enter")
    page.fill("[aria-label^='to of the clip']", "6.5")
    page.keyboard.press("Enter")
    assert page.locator("#clip-list li").first.inner_text().split("\n")[:2] == [
        "1 · 00:03",
        "The opener",
    ]
    page.click("[aria-label='Later in the reel']")
    until(page, "document.querySelectorAll('#clip-list li')[1].innerText.includes('The opener')")
    assert page.is_checked("#reel-manual")
    page.evaluate("document.querySelectorAll('#clip-list .clip-time')[0].focus()")
    for _ in range(9):
        page.keyboard.press("l")  # to the end of the match
    page.click("#clip-add")
    until(page, "document.querySelectorAll('#clip-list li').length === 6")
    with page.expect_response("**/reel") as reply:
        page.click("#reel-lists")
    sent = json.loads(reply.value.request.post_data)
    assert sent["keep_order"] is True
    assert sent["clips"][1]["name"] == "The opener"
    assert (sent["clips"][1]["end_s"], sent["clips"][1]["exact"]) == (6.5, True)
    page.wait_for_selector("#reel-files a")
    with page.expect_download() as download:
        page.locator("#reel-files a").first.click()
    download.value.save_as(tmp_path / "reel.edl")
    assert (tmp_path / "reel.edl").read_text().splitlines()[1].endswith(" 6.5 The opener")


def test_two_tabs_merge_changes_and_ask_about_collisions(
    page: Page, address: str, library: Library, season: Season
) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        open_match(tab, address, library)
    pick(page, "0.95")
    page.keyboard.press("Alt+ArrowRight")
    wait_saved(page)
    pick(other, "0.55")  # another spot, based on an old revision: both stay
    other.keyboard.press("x")
    wait_saved(other)
    assert len(journal(season).states()) == 2
    other.wait_for_selector(
        '.spot-row[title*="05.5"][title*="0.95"]', state="attached"
    )  # the first tab's correction arrives
    # Now both change the same spot, while the first tab has no connection.
    page.route("**/edits*", lambda route: route.abort())
    pick(page, "0.80")
    page.keyboard.press("x")
    page.wait_for_selector("#save-state[data-state=problem]")
    pick(other, "0.80")
    other.keyboard.press("Alt+ArrowLeft")
    wait_saved(other)
    page.unroute("**/edits*")
    page.wait_for_selector("#conflict-dialog[open]")
    shown = page.locator("#conflict-rows td").all_inner_texts()
    assert ["rejected" in shown[0], "00:17.4 Foul: accepted" in shown[1]] == [True, True]
    page.keyboard.press("Escape")  # decides nothing
    page.wait_for_selector("#conflict-dialog[open]")
    states = {state.confidence: state for state in journal(season).states().values()}
    assert states[0.8].status == "accepted"  # nothing was overwritten
    page.click("#conflict-mine")
    wait_saved(page)
    states = {state.confidence: state for state in journal(season).states().values()}
    assert states[0.8].status == "rejected"
    other.close()


def test_unsent_changes_are_sent_after_reload(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_match(page, address, library)
    page.route(
        "**/edits*",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    pick(page, "0.95")
    page.keyboard.press("x")
    page.wait_for_selector("#save-state[data-state=problem]")
    assert journal(season).revision == 0
    page.unroute("**/edits*")
    page.reload()
    page.wait_for_selector("body[data-ready]")
    until(
        page,
        "localStorage.length >= 0 && !Object.keys(localStorage).some((key) => "
        "key.includes('pending'))",
    )
    (state,) = journal(season).states().values()
    assert state.status == "rejected"


def test_names_with_markup_are_shown_as_text(page: Page, tmp_path: Path, serve: Serve) -> None:
    evil = "<img src=x onerror=window.broken=1>"
    script = "</script><script>window.broken=1</script>"
    labels = (Action(script, 1, 1000, team='"><svg onload=window.broken=1>'), Action(evil, 1, 2000))
    write_label_tree(tmp_path / "data", [MatchActions(evil, labels)])
    write_results(tmp_path / "data", [MatchActions(evil, (Action(script, 1, 1500, 0.9),))])
    library = Library([tmp_path / "data"], edits=tmp_path / "edits")
    with serve(library) as address:
        page.goto(address)
        page.wait_for_selector("body[data-ready]")
        assert page.locator("#match-rows a").inner_text() == evil
        page.locator("#match-rows a").click()
        page.wait_for_selector("body[data-ready]")
        assert page.locator("h1").inner_text() == evil
        pick(page, script)
        box = page.locator("#lanes").bounding_box()
        page.mouse.move(box["x"] + 5, box["y"] + 30)
        page.keyboard.press("c")
        page.keyboard.type("<b>new")
        page.keyboard.press("Enter")
        wait_saved(page)
        assert evil in page.locator(".lane-name").all_inner_texts()
        assert page.evaluate("window.broken") is None
        assert (
            page.evaluate("document.querySelectorAll('svg[onload], img[onerror], b').length") == 0
        )


def test_match_without_video_or_predictions_works(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library, 1)
    assert "no video" in page.locator("#video-message").inner_text()
    pick(page, "Corner")
    assert page.locator("#clock").inner_text() == "00:09.000"
    page.keyboard.press("Alt+ArrowRight")
    wait_saved(page)
    assert page.locator("#clock").inner_text() == "00:09.040"  # the frame of 25 a second
    page.keyboard.press(" ")
    until(page, "document.getElementById('clock').textContent > '00:09.2'")
    assert page.locator("#tab-reel").is_hidden()
    page.click("#tab-classes")  # labels are counted, and there is nothing to set a threshold for
    assert page.locator(".total-row td.number").all_inner_texts() == ["2"]
    assert page.locator("#panel-classes input[type=range]").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), (820, 1180)], ids=["desk", "tablet"])
def test_axe_finds_no_serious_violation(
    browser: Any, address: str, library: Library, axe: str, scheme: str, size: tuple[int, int]
) -> None:
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=scheme
    )
    page = context.new_page()

    def check(where: str) -> None:
        page.evaluate(axe)
        result = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        serious = [
            (
                where,
                fault["id"],
                [(node["target"], node["failureSummary"]) for node in fault["nodes"]][:5],
            )
            for fault in result["violations"]
            if fault["impact"] in ("serious", "critical")
        ]
        assert serious == []

    page.goto(address)
    page.wait_for_selector("body[data-ready]")
    check("start page")
    page.keyboard.press("/")
    page.keyboard.type("no such match")
    check("empty start page")
    open_match(page, address, library)
    pick(page, "0.95")
    page.keyboard.press("a")
    check("spots")
    page.select_option("#status-filter", "rejected")
    page.wait_for_selector("#spot-empty:visible")
    check("no spots")
    page.select_option("#status-filter", "")
    page.click("#tab-classes")
    check("classes")
    page.click("#tab-reel")
    page.wait_for_selector("#clip-list li")
    page.locator("#clip-list input").first.click()
    check("highlights")
    page.click("#reel-render")
    page.wait_for_selector("#reel-progress:visible")
    check("rendering")
    page.wait_for_selector("#reel-files a")
    check("a finished reel")
    for button, name in (("#help-button", "help"), ("#export-button", "export")):
        page.click(button)
        page.wait_for_timeout(100)
        check(name)
        page.keyboard.press("Escape")
    page.keyboard.press("n")
    check("class dialog")
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('conflict-dialog').showModal()")
    check("conflict dialog")
    open_match(page, address, library, 1)
    check("a match without a video")
    page.goto(f"{address}/match?id=none")
    page.wait_for_selector("#failure:visible")
    check("a match that is not there")
    context.close()


def test_focus_follows_the_reading_order(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    visited = []
    for _ in range(50):
        page.keyboard.press("Tab")
        visited.append(
            page.evaluate("document.activeElement.id || document.activeElement.className")
        )
    wanted = [
        "brand",
        "export-button",
        "theme-button",
        "help-button",
        "play",
        "frame-back",
        "motion",
        "speed",
        "large-button",
        "add",
        "side-bar",
        "tab-spots",
    ]
    wanted += [
        "text-filter",
        "order",
        "kind-filter",
        "spot-list",
        "advance",
        "next-uncertain",
        "zoom-out",
        "overview",
    ]
    places = [visited.index(name) for name in wanted]
    assert places == sorted(places)


def test_page_fits_a_tablet(browser: Any, address: str, library: Library) -> None:
    context = browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = context.new_page()
    open_match(page, address, library)
    assert page.evaluate("document.documentElement.scrollWidth") <= 820
    box = page.locator("#lanes").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] * 0.25, box["y"] + 30)
    until(page, "document.getElementById('frame-number').textContent.startsWith('frame 10')")
    context.close()


def test_hovering_shows_frame_and_score_of_the_time(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library)
    box = page.locator("#lanes").bounding_box()
    lane = page.locator(".lane-name", has_text="Goal").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.3, lane["y"] + lane["height"] / 2)  # 12 s of 40
    assert page.locator("#tooltip-text").inner_text().splitlines() == [
        "1 · 00:12.0",
        "Goal: score 0.00",
    ]
    until(page, "document.getElementById('tooltip-image').naturalWidth > 0")
    assert page.locator("#tooltip-image").get_attribute("src").endswith("thumbnail/1?t_ms=12000")
    page.mouse.move(box["x"] + box["width"] * (5.4 / 40), lane["y"] + lane["height"] / 2)
    assert page.locator("#tooltip-text").inner_text().splitlines()[1:] == [
        "Goal 0.95",
        "prediction, correct",
    ]
    page.mouse.move(box["x"] + 5, box["y"] - 100)
    assert page.locator("#tooltip").is_hidden()


def test_spot_list_sorts_and_filters_by_review(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)

    def shown(*confidences: str) -> None:
        texts = "[...document.querySelectorAll('.spot-confidence')].map((cell) => cell.textContent)"
        until(
            page, f"{texts}.filter((text) => text !== 'label').join() === '{','.join(confidences)}'"
        )

    shown("0.95", "0.80", "0.70", "0.66", "0.55")
    page.select_option("#kind-filter", "also below threshold")
    shown("0.95", "0.80", "0.70", "0.66", "0.55", "0.30")
    page.select_option("#order", "uncertain")  # by the distance to the threshold of 0.5
    shown("0.55", "0.66", "0.70", "0.30", "0.80", "0.95")
    page.select_option("#order", "time")
    shown("0.95", "0.70", "0.66", "0.80", "0.30", "0.55")
    pick(page, "0.66")
    page.keyboard.press("x")
    page.select_option("#status-filter", "rejected")
    shown("0.66")
    page.select_option("#status-filter", "accepted")
    page.wait_for_selector("#spot-empty:visible")
    assert page.locator("#spot-empty").inner_text() == "No spot passes the filters."


def test_reel_and_shot_changes_have_own_tracks(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    assert page.locator(".lane-name.track").all_inner_texts() == ["Sound"]
    page.click("#find-shots")
    page.wait_for_selector(".track-shots")
    assert page.locator("#find-shots").is_hidden()
    page.click("#tab-reel")
    page.wait_for_selector(".track-reel")
    read = """() => {
      const canvas = document.querySelector('#lanes canvas');
      const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, 48).data;
      const seen = new Set();
      for (let i = 0; i < pixels.length; i += 4)
        if (pixels[i + 3] === 255) seen.add(pixels.slice(i, i + 3).join());
      return [...seen];
    }"""
    colours = page.evaluate(read)
    assert "122,90,214" in colours  # clips
    assert "152,163,174" in colours  # shot changes
    page.reload()
    page.wait_for_selector(".track-shots")  # remembered


def test_theme_choice_is_kept(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    assert page.evaluate("document.documentElement.dataset.theme") == "light"
    page.click("#theme-button")
    page.goto(address)
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_overview_frame_moves_and_resizes_the_window(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library)
    strip = page.locator("#overview")
    box = strip.bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 2, y)  # the right edge, to the middle
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.up()
    assert strip.get_attribute("aria-valuetext") == "1 · 00:00 to 2 · 00:00"
    page.mouse.move(box["x"] + box["width"] * 0.25, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.up()
    assert strip.get_attribute("aria-valuetext") == "1 · 00:10 to 2 · 00:10"
