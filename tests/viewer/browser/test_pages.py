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
from spotkick.viewer.edits import EditJournal, SpotState
from spotkick.viewer.match_store import Library
from spotkick.viewer.operating_point import measure
from support.viewer_pages import (
    open_key,
    pick,
    stated_frame,
    until,
    until_attribute,
    until_count,
    until_equal,
    until_frame,
    until_ready,
    until_text,
    wait_saved,
)

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
    open_key(page, address, library.keys[number])


def journal(season: Season) -> EditJournal:
    return EditJournal(season.edits / season.first / "review.jsonl")


def states(season: Season) -> list[SpotState]:
    return list(journal(season).states().values())


def rows(page: Page) -> list[str]:
    return list(page.evaluate("[...document.querySelectorAll('.spot-row')].map((r) => r.title)"))


def window(page: Page) -> str:
    return str(page.locator("#overview").get_attribute("aria-valuetext"))


def test_start_page_opens_a_match(page: Page, address: str, season: Season) -> None:
    page.goto(address)
    until_ready(page)
    until_count(page, "#match-rows tr", 2)
    page.keyboard.press("/")
    page.keyboard.type("north east")
    until_count(page, "#match-rows tr", 1)
    until_equal(page, page.locator("#match-count").inner_text, "1 of 2 matches")
    page.locator("#match-rows a").click()
    until_equal(page, page.locator("h1").inner_text, season.first.split("/")[-1])
    until_equal(
        page, page.locator(".lane-name:not(.track)").all_inner_texts, ["Goal", "Corner", "Foul"]
    )
    until_equal(page, page.locator("#spot-count").inner_text, "9 of 10 spots")  # one is unlikely


def test_match_page_leads_to_the_next_match(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    page.wait_for_selector("#menu-arrow:visible")
    page.click("#match-menu summary")
    page.wait_for_selector("#previous-match", state="hidden")
    page.wait_for_selector("#menu-list small:has-text('0 of')")
    page.keyboard.type("west")
    until_count(page, "#menu-list a", 1)
    page.click("#next-match")
    page.wait_for_selector("body[data-ready] h1:has-text('Westmoor')")
    page.wait_for_selector("#menu-arrow:visible")
    page.click("#match-menu summary")
    page.wait_for_selector("#next-match", state="hidden")
    page.keyboard.press("Escape")
    page.wait_for_selector(".menu-box", state="hidden")
    page.keyboard.press("Shift+PageUp")
    page.wait_for_selector("body[data-ready] h1:has-text('Northport')")


def test_review_has_the_same_progress_on_each_page(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library)
    pick(page, "0.55")
    page.keyboard.press("x")
    until_equal(page, page.locator("#review-progress").inner_text, "1 of 5 decided")
    page.click("#tab-classes")
    page.locator("[aria-label='Threshold of all classes']").evaluate(SLIDE, "0.75")
    until_equal(page, page.locator("#review-progress").inner_text, "1 of 3 decided")
    wait_saved(page)
    page.click(".brand")
    until_ready(page)
    until_equal(page, page.locator(".reviewed").first.inner_text, "1 of 3")


def test_start_page_table_sorts_by_each_column(page: Page, address: str, season: Season) -> None:
    page.goto(address)
    until_ready(page)
    name = season.first.split("/")[-1]
    page.click("[data-column=labels]")
    until_equal(page, page.locator("#match-rows a").first.inner_text, name)
    page.click("[data-column=labels]")
    until_equal(page, page.locator("#match-rows a").last.inner_text, name)
    until_attribute(page, "th[data-sort=labels]", "aria-sort", "ascending")


def test_timeline_click_steps_and_playback_seek(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    box = page.locator("#lanes").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + 8)  # 10 s of 40
    until(page, "/^frame (99|100|101)$/.test(document.getElementById('frame-number').textContent)")
    frame = stated_frame(page)
    page.keyboard.press("l")
    until_frame(page, frame + 50)
    page.keyboard.press("j")
    until_frame(page, frame)
    page.keyboard.press(".")
    page.keyboard.press(".")
    page.keyboard.press(",")
    until_frame(page, frame + 1)
    middle_s = (frame + 1.5) / 10
    until(page, f"Math.abs(document.getElementById('video').currentTime - {middle_s}) < 0.01")
    page.keyboard.press("l")  # 5 s
    until_frame(page, frame + 51)
    page.keyboard.press("l")  # over the end of the half
    until(page, "document.getElementById('clock-period').textContent === 'second half'")
    until(page, "document.getElementById('video').readyState >= 2")
    until(page, "document.getElementById('video').src.endsWith('/video/2')")
    before = page.locator("#clock").inner_text()
    page.keyboard.press(" ")
    until(page, f"document.getElementById('clock').textContent !== '{before}'")
    page.keyboard.press(" ")
    page.keyboard.press("]")
    until_text(page, "#speed", "1.5")


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
    until_equal(page, lambda: window(page), "1 · 00:00 to 2 · 00:20")
    page.keyboard.press("+")
    page.keyboard.press("+")
    until_equal(page, lambda: window(page), "1 · 00:00 to 1 · 00:10")
    box = page.locator("#lanes").bounding_box()
    middle = box["x"] + box["width"] / 2
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(middle - box["width"] / 2, box["y"] + 40, steps=5)
    page.mouse.up()
    until_attribute(page, "#overview", "aria-valuenow", "5")
    page.mouse.move(middle, box["y"] + 40)
    page.mouse.wheel(0, -200)
    until(page, "Number(document.getElementById('overview').getAttribute('aria-valuenow')) >= 6")
    page.focus("#overview")
    page.keyboard.press("End")
    until_equal(page, lambda: window(page).endswith("2 · 00:20"), True)
    page.keyboard.press("0")
    until_equal(page, lambda: window(page), "1 · 00:00 to 2 · 00:20")


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
    until_equal(page, lambda: all("missed" in row for row in rows(page)), True)
    page.select_option("#period-filter", "2")
    until(page, "document.querySelectorAll('.spot-row').length === 1")
    page.select_option("#kind-filter", "also below threshold")
    page.click("#tab-classes")
    page.uncheck("[aria-label='Show Goal']")
    page.click("#tab-spots")
    until(page, "document.querySelectorAll('.spot-row').length === 1")
    until_equal(page, page.locator(".lane-name:not(.track)").all_inner_texts, ["Corner", "Foul"])


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
    moved = [("Goal", 5700, "accepted")]

    def positions() -> list[tuple[str, int, str]]:
        return [(state.label, state.position_ms, state.status) for state in states(season)]

    until_equal(page, positions, moved)
    until_frame(page, 57)
    page.keyboard.press("Control+z")
    until_equal(page, positions, [])
    page.keyboard.press("Control+Shift+Z")
    until_equal(page, positions, moved)
    page.reload()
    until_ready(page)
    pick(page, "0.95")
    until_text(page, "#selection", "1 · 00:05.7")
    until_text(page, "#selection", "accepted")


def test_review_needs_the_keyboard_alone(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_match(page, address, library)
    page.select_option("#kind-filter", "also below threshold")
    page.keyboard.press("u")  # 0.55 is nearest to the threshold
    until_text(page, "#selection", "0.55")
    page.keyboard.press("x")
    until_text(page, "#selection", "0.30")  # went on down the list
    page.keyboard.press("a")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("c")
    page.keyboard.type("corn")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    page.keyboard.press("n")
    page.keyboard.type("Penalty shout")
    page.keyboard.press("Enter")
    until_equal(
        page,
        lambda: sorted((state.source, state.label, state.status.value) for state in states(season)),
        [
            ("added", "Penalty shout", "accepted"),
            ("prediction", "Corner", "accepted"),
            ("prediction", "Corner", "rejected"),
            ("prediction", "Goal", "accepted"),
        ],
    )
    until_count(page, ".lane-name:has-text('Penalty shout')", 1)
    until_equal(page, page.locator("#review-progress").inner_text, "3 of 6 decided")


def test_export_saves_corrected_labels(
    page: Page, address: str, library: Library, season: Season, tmp_path: Path
) -> None:
    open_match(page, address, library)
    pick(page, "0.55")
    page.keyboard.press("a")
    until_equal(page, lambda: len(states(season)), 1)
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
    until_count(page, "#clip-list li", 5)
    page.locator("#reel-budget").evaluate(SLIDE, "10")
    until(page, "document.getElementById('reel-total').textContent.startsWith('3 of 5 clips')")
    page.locator("#clip-list input:not(:checked)").first.click()
    until_equal(page, page.locator("#reel-total").inner_text, "4 of 5 clips, 0:12")
    page.click("#reel-preview")
    until(page, "document.querySelectorAll('#clip-list .playing').length === 1")
    page.click("#reel-preview")
    page.click("#reel-render")
    until(page, "document.getElementById('reel-progress').value > 0")
    page.wait_for_selector("#reel-files a")
    until_equal(page, page.locator("#reel-files a").all_inner_texts, ["Reel (MP4)", "EDL", "OTIO"])
    with page.expect_download() as download:
        page.locator("#reel-files a").first.click()
    download.value.save_as(tmp_path / "reel.mp4")
    assert (tmp_path / "reel.mp4").read_bytes() == b"a reel of 4"
    page.locator("#reel-budget").evaluate(SLIDE, "40")
    until(page, "document.getElementById('reel-total').textContent.startsWith('5 of 5 clips')")
    until_count(page, "#reel-files a", 0)  # they were of another choice
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
    until_equal(
        page,
        lambda: page.locator("#clip-list li").first.inner_text().split("\n")[:2],
        ["1 · 00:03", "The opener"],
    )
    page.click("[aria-label='Later in the reel']")
    until(page, "document.querySelectorAll('#clip-list li')[1].innerText.includes('The opener')")
    page.wait_for_selector("#reel-manual:checked")
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


def test_reel_outlives_a_reload_and_has_its_own_undo(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_match(page, address, library)
    pick(page, "0.95")
    page.keyboard.press("a")
    until_equal(page, lambda: [state.status for state in states(season)], ["accepted"])
    page.click("#tab-reel")
    page.wait_for_selector("#clip-list li")
    until(page, "document.getElementById('undo').disabled")  # nothing of the reel yet
    page.locator(".clip-length").first.click()
    page.fill("[aria-label='Name of the clip']", "The opener")
    page.keyboard.press("Enter")

    # Times are typed as they are shown; what overlaps another clip of the reel is refused.
    end = page.locator("[aria-label^='to of the clip']")
    end.fill("0:06.5")
    end.press("Enter")
    until_equal(page, end.input_value, "00:06.5")
    until_text(page, "#clock", "00:06.5")
    end.fill("0:16")
    end.press("Enter")
    until_text(page, "#notice", "overlap")
    until_equal(page, end.input_value, "00:06.5")

    # A clip that was set stays itself when the length changes, and no proposal stands beside it.
    usual = page.locator("#reel-budget").input_value()
    page.locator("#reel-budget").evaluate(SLIDE, "10")
    names = page.locator("#clip-list .clip-label > span:first-child")
    until(page, "document.getElementById('reel-total').textContent.includes(' of 5 clips')")
    until_equal(page, lambda: names.all_inner_texts().count("The opener"), 1)
    page.reload()
    until_ready(page)
    page.click("#tab-reel")
    until_equal(page, page.locator("#reel-budget").input_value, "10")
    until_equal(page, lambda: names.all_inner_texts()[:1], ["The opener"])

    # Undo takes back steps of the reel alone, those of the last page as well.
    page.locator("#clip-list input").nth(1).click()
    page.keyboard.press("Control+z")
    until_text(page, "#notice", "Undone in the reel: clip")
    page.keyboard.press("Control+z")
    until_text(page, "#notice", "Undone in the reel: length")
    until_equal(page, page.locator("#reel-budget").input_value, usual)
    for _ in range(3):
        page.keyboard.press("Control+z")
    until_text(page, "#notice", "Nothing to undo in the reel")
    assert [state.status for state in states(season)] == ["accepted"]


def test_two_tabs_merge_changes_and_ask_about_collisions(
    page: Page, address: str, library: Library, season: Season
) -> None:
    other = page.context.new_page()
    for tab in (page, other):
        open_match(tab, address, library)
    pick(page, "0.95")
    page.keyboard.press("Alt+ArrowRight")
    until_equal(page, lambda: len(states(season)), 1)
    pick(other, "0.55")  # another spot, based on an old revision: both stay
    other.keyboard.press("x")
    until_equal(other, lambda: len(states(season)), 2)
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

    def decided() -> str:
        found = {state.confidence: state.status.value for state in states(season)}
        return found.get(0.8, "undecided")

    until_equal(other, decided, "accepted")
    page.unroute("**/edits*")
    page.wait_for_selector("#conflict-dialog[open]")
    until_text(page, "#conflict-rows td:nth-child(1)", "rejected")
    until_text(page, "#conflict-rows td:nth-child(2)", "00:17.4 Foul: accepted")
    page.keyboard.press("Escape")  # decides nothing
    page.wait_for_selector("#conflict-dialog[open]")
    assert decided() == "accepted"  # nothing was overwritten
    page.click("#conflict-mine")
    until_equal(page, decided, "rejected")
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
    until_ready(page)
    until(page, "!Object.keys(localStorage).some((key) => key.includes('pending'))")
    until_equal(page, lambda: [state.status for state in states(season)], ["rejected"])


def test_names_with_markup_are_shown_as_text(page: Page, tmp_path: Path, serve: Serve) -> None:
    evil = "<img src=x onerror=window.broken=1>"
    script = "</script><script>window.broken=1</script>"
    labels = (Action(script, 1, 1000, team='"><svg onload=window.broken=1>'), Action(evil, 1, 2000))
    write_label_tree(tmp_path / "data", [MatchActions(evil, labels)])
    write_results(tmp_path / "data", [MatchActions(evil, (Action(script, 1, 1500, 0.9),))])
    library = Library([tmp_path / "data"], edits=tmp_path / "edits")
    with serve(library) as address:
        page.goto(address)
        until_ready(page)
        until_equal(page, page.locator("#match-rows a").inner_text, evil)
        page.locator("#match-rows a").click()
        until_equal(page, page.locator("h1").inner_text, evil)
        pick(page, script)
        box = page.locator("#lanes").bounding_box()
        page.mouse.move(box["x"] + 5, box["y"] + 30)
        page.keyboard.press("c")
        page.keyboard.type("<b>new")
        page.keyboard.press("Enter")
        wait_saved(page)
        until_equal(page, lambda: evil in page.locator(".lane-name").all_inner_texts(), True)
        assert page.evaluate("window.broken") is None
        assert (
            page.evaluate("document.querySelectorAll('svg[onload], img[onerror], b').length") == 0
        )


def test_match_without_video_or_predictions_works(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library, 1)
    until_text(page, "#video-message", "no video")
    pick(page, "Corner")
    until_equal(page, page.locator("#clock").inner_text, "00:09.000")
    page.keyboard.press("Alt+ArrowRight")
    until_equal(page, page.locator("#clock").inner_text, "00:09.040")  # the frame of 25 a second
    page.keyboard.press(" ")
    until(page, "document.getElementById('clock').textContent > '00:09.2'")
    page.wait_for_selector("#tab-reel", state="hidden")
    page.click("#tab-classes")  # labels are counted, and there is nothing to set a threshold for
    until_equal(page, page.locator(".total-row td.number").all_inner_texts, ["2"])
    until_count(page, "#panel-classes input[type=range]", 0)


CHECK = """async (theme) => {
  const root = document.documentElement;
  const before = root.dataset.theme;
  const found = [];
  const other = theme === "dark" ? "light" : "dark";
  for (const [name, run] of [[theme, {}], [other, {runOnly: ["color-contrast"]}]]) {
    root.dataset.theme = name;
    const { violations } = await axe.run(document, {resultTypes: ["violations"], ...run});
    for (const { id, nodes } of violations)
      found.push([name, id, nodes.slice(0, 5).map((node) => [node.target, node.failureSummary])]);
  }
  root.dataset.theme = before;
  return found;
}"""
"""All rules in one theme; in the other those that depend on the theme."""


@pytest.mark.parametrize(
    ("size", "theme"), [((1280, 900), "light"), ((820, 1180), "dark")], ids=["desk", "tablet"]
)
def test_axe_finds_no_violation(
    page: Page, address: str, library: Library, axe: str, size: tuple[int, int], theme: str
) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})

    def check(where: str) -> None:
        page.evaluate(axe)
        assert [where, *page.evaluate(CHECK, theme)] == [where]

    page.goto(address)
    until_ready(page)
    check("start page")
    page.keyboard.press("/")
    page.keyboard.type("no such match")
    page.wait_for_selector("#no-match")
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
    page.wait_for_selector("#clip-list li.left-out")
    check("highlights")
    while (left_out := page.locator("#clip-list input:not(:checked)")).count() > 0:
        left_out.first.click()
    page.click("#reel-render")  # all five take long
    page.wait_for_selector("#reel-progress:visible")
    check("rendering")
    page.click("#reel-cancel")
    page.wait_for_selector("#reel-progress", state="hidden")
    page.locator("#clip-list input").first.click()
    page.click("#reel-render")
    page.wait_for_selector("#reel-files a")
    check("a finished reel")
    for button, name in (("#help-button", "help"), ("#export-button", "export")):
        page.click(button)
        page.wait_for_selector("dialog[open]")
        if name == "export":
            until(page, "document.getElementById('export-format').options.length > 0")
        check(name)
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog[open]", state="hidden")
    page.keyboard.press("n")
    page.wait_for_selector("#class-dialog[open]")
    check("class dialog")
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('conflict-dialog').showModal()")
    check("conflict dialog")
    page.keyboard.press("Escape")

    # the reel of several matches, empty and with clips
    page.goto(f"{address}/reel")
    page.wait_for_selector("#failure:visible")
    check("a reel without clips")
    open_match(page, address, library)
    page.click("#tab-reel")
    page.click("#clip-collect")
    page.wait_for_selector("#reel-link:has-text('(')")
    page.click("#reel-link")
    until_ready(page)
    page.locator("#clip-list .clip-length").first.click()
    page.wait_for_selector(".clip-editor")
    check("a reel of several matches")
    open_match(page, address, library, 1)
    check("a match without a video")
    page.goto(f"{address}/match?id=none")
    page.wait_for_selector("#failure:visible")
    check("a match that is not there")


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
    until(page, "document.documentElement.scrollWidth <= 820")
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

    def lines() -> list[str]:
        return list(page.locator("#tooltip-text").inner_text().splitlines())

    until_equal(page, lines, ["1 · 00:12.0", "Goal: score 0.00"])
    image = "document.getElementById('tooltip-image')"
    until(page, f"{image}.src.endsWith('thumbnail/1?t_ms=12000') && {image}.naturalWidth > 0")
    page.mouse.move(box["x"] + box["width"] * (5.4 / 40), lane["y"] + lane["height"] / 2)
    until_equal(page, lambda: lines()[1:], ["Goal 0.95", "prediction, correct"])
    page.mouse.move(box["x"] + 5, box["y"] - 100)
    page.wait_for_selector("#tooltip", state="hidden")


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
    until_equal(page, page.locator("#spot-empty").inner_text, "No spot passes the filters.")


def test_reel_and_shot_changes_have_own_tracks(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    until_equal(page, page.locator(".lane-name.track").all_inner_texts, ["Sound"])
    page.click("#find-shots")
    page.wait_for_selector(".track-shots")
    page.wait_for_selector("#find-shots", state="hidden")
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
    for colour in ("122,90,214", "152,163,174"):  # clips, shot changes
        until_equal(page, lambda: colour in page.evaluate(read), True)  # noqa: B023
    page.reload()
    page.wait_for_selector(".track-shots")  # remembered


def test_theme_choice_is_kept(page: Page, address: str, library: Library) -> None:
    open_match(page, address, library)
    until_equal(page, lambda: page.evaluate("document.documentElement.dataset.theme"), "light")
    page.click("#theme-button")
    page.goto(address)
    until_equal(page, lambda: page.evaluate("document.documentElement.dataset.theme"), "dark")


def test_arrow_keys_after_a_click_on_the_overview_step_through_the_video(
    page: Page, address: str, library: Library
) -> None:
    page.set_viewport_size({"width": 1600, "height": 900})  # with room for the volume
    open_match(page, address, library)
    box = page.locator("#overview").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] / 2)
    until(
        page, "/^frame (9\\d|1[01]\\d)$/.test(document.getElementById('frame-number').textContent)"
    )
    clicked = stated_frame(page)

    # The strip, its window and the volume had kept the arrows.
    page.keyboard.press("ArrowRight")
    until_frame(page, clicked + 1)
    page.click("#volume")
    page.keyboard.press("ArrowRight")
    until_frame(page, clicked + 2)


def test_overview_frame_moves_and_resizes_the_window(
    page: Page, address: str, library: Library
) -> None:
    open_match(page, address, library)
    box = page.locator("#overview").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 2, y)  # the right edge, to the middle
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.up()
    until_equal(page, lambda: window(page), "1 · 00:00 to 2 · 00:00")
    page.mouse.move(box["x"] + box["width"] * 0.25, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.5, y, steps=4)
    page.mouse.up()
    until_equal(page, lambda: window(page), "1 · 00:10 to 2 · 00:10")
