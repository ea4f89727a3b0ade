"""Keys, corrections and their saving in a real browser: what reviewers stumbled over."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from spotkick.actions import Action, MatchActions
from spotkick.formats.label_tree import write_label_tree
from spotkick.formats.results import write_results
from spotkick.viewer.edits import EditJournal, SpotEdit, SpotState, Status
from spotkick.viewer.match_store import Library
from support.viewer_pages import (
    open_key,
    pick,
    until,
    until_attribute,
    until_count,
    until_equal,
    until_frame,
    until_playing,
    until_ready,
    until_text,
    wait_saved,
)

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

Page = Any
Season = Any
Serve = Callable[..., AbstractContextManager[str]]

PRESS = "(event) => document.body.dispatchEvent(new KeyboardEvent('keydown', event))"
ORDER_BY_TIME = (
    "const order = document.getElementById('order');"
    "order.value = 'time'; order.dispatchEvent(new Event('change'));"
)
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
TOTALS = (
    "[...document.querySelectorAll('.total-row td.number')].map((cell) => cell.textContent).join()"
)


@pytest.fixture
def address(library: Library, serve: Serve) -> Iterator[str]:
    with serve(library) as address:
        yield address


def open_first(page: Page, address: str, library: Library, query: str = "") -> None:
    open_key(page, address, library.keys[0], query)


def journal(season: Season) -> EditJournal:
    return EditJournal(season.edits / season.first / "review.jsonl")


def states(season: Season) -> list[SpotState]:
    return list(journal(season).states().values())


def statuses(season: Season) -> list[str]:
    return [state.status.value for state in states(season)]


def test_keys_belong_to_the_match_whatever_was_clicked(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    pick(page, "0.95")
    page.focus("#kind-filter")
    page.keyboard.press("x")
    until_equal(page, lambda: statuses(season), ["rejected"])
    until_equal(page, page.locator("#kind-filter").input_value, "likely spots and labels")
    page.keyboard.press("Escape")
    until(page, "document.activeElement === document.body")

    # After a click on a tab, a button or a box, Space and the arrows are the video's.
    page.click("#tab-classes")
    page.click("#tab-spots")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    until_attribute(page, "#tab-spots", "aria-selected", "true")
    page.click("#accept")
    until_equal(page, lambda: statuses(season), ["accepted"])
    for target in ("#accept", "#advance"):
        if target == "#advance":
            page.click(target)
        page.keyboard.press(" ")
        until_playing(page)
        page.keyboard.press(" ")
        until_playing(page, playing=False)
        wait_saved(page)
        assert len(states(season)) == 1
    page.click("#advance")

    # A key that is held decides once.
    page.keyboard.press("u")
    for _ in range(6):
        page.keyboard.down("a")
    page.keyboard.up("a")
    until_equal(page, lambda: len(states(season)), 2)
    wait_saved(page)
    assert len(states(season)) == 2


def test_keys_of_other_layouts_and_input_methods(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    pick(page, "0.95")
    alt_gr = {"ctrlKey": True, "altKey": True, "modifierAltGraph": True, "bubbles": True}
    page.evaluate(PRESS, {"key": "]", "code": "Digit9", **alt_gr})
    until_text(page, "#speed", "1.5")
    page.evaluate(PRESS, {"key": "ф", "code": "KeyA", "bubbles": True})
    until_equal(page, lambda: statuses(season), ["accepted"])
    page.keyboard.press("n")
    confirm = {"key": "Enter", "isComposing": True, "bubbles": True, "cancelable": True}
    page.evaluate(
        "(event) => document.getElementById('class-input')"
        ".dispatchEvent(new KeyboardEvent('keydown', event))",
        confirm,
    )
    page.wait_for_selector("#class-dialog")


def test_arrows_step_the_video_and_alt_moves_the_spot(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    pick(page, "0.95")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    until_frame(page, 65)
    wait_saved(page)
    assert states(season) == []
    page.keyboard.press("Alt+ArrowLeft")
    moved = [(5300, "accepted")]
    until_equal(page, lambda: [(each.position_ms, each.status) for each in states(season)], moved)

    # The playhead can be dragged, and a click on the video plays it.
    grip = page.locator(".playhead-grip").bounding_box()
    lanes = page.locator("#lanes").bounding_box()
    page.mouse.move(grip["x"] + 6, grip["y"] + 6)
    page.mouse.down()
    page.mouse.move(lanes["x"] + lanes["width"] * 0.3, grip["y"] + 6, steps=4)
    page.mouse.up()
    until(page, "document.getElementById('clock').textContent.startsWith('00:12')")
    page.click("#video")
    until_playing(page)
    page.click("#video")
    until_playing(page, False)


def test_review_in_motion_plays_around_each_spot_until_it_is_decided(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    pick(page, "0.95")  # at 5.4 s
    page.keyboard.press("r")
    until(page, "video.currentTime > 2.3 && video.currentTime < 3.5 && !video.paused")
    page.evaluate("video.currentTime = 7.2")
    until(page, "video.currentTime > 2.3 && video.currentTime < 4")  # from the start again
    page.keyboard.press("a")
    until(page, "document.getElementById('selection').textContent.includes('0.80')")
    until_playing(page)
    until(page, "video.currentTime > 14.4 && video.currentTime < 16")
    page.keyboard.press("r")
    until_playing(page, False)
    until_equal(page, lambda: statuses(season), ["accepted"])


def test_facts_of_a_spot_are_saved_and_numbers_give_classes(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    pick(page, "0.95")
    page.fill("#detail-team", "away")
    page.fill("#detail-player", "7")
    page.fill("#detail-note", "low shot")
    page.keyboard.press("Enter")
    page.select_option("#detail-visibility", "not shown")
    page.keyboard.press("a")
    facts = ("away", "not shown", "7", "low shot", "accepted")

    def described() -> list[tuple[str | None, ...]]:
        return [(s.team, s.visibility, s.player, s.note, s.status.value) for s in states(season)]

    until_equal(page, described, [facts])

    # Numbers: the class of the selected spot; without one, a new spot while the video plays.
    pick(page, "0.80")
    page.keyboard.press("2")
    page.keyboard.press("Escape")
    page.keyboard.press(" ")
    page.keyboard.press("3")
    until_playing(page)
    page.keyboard.press(" ")
    until_equal(
        page,
        lambda: [(state.source, state.label) for state in states(season)[1:]],
        [("prediction", "Corner"), ("added", "Foul")],
    )
    page.keyboard.press("/")
    page.keyboard.type("low")
    until(page, "document.querySelectorAll('.spot-row').length === 1")


def test_many_spots_are_changed_in_one_step(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    page.click("#bulk-button")
    page.evaluate("document.getElementById('bulk-least').value = 0.6")
    page.dispatch_event("#bulk-least", "input")
    until_equal(page, page.locator("#bulk-count").inner_text, "1 undecided spot")  # that agrees
    page.uncheck("#bulk-agree")
    until_equal(page, page.locator("#bulk-count").inner_text, "4 undecided spots")
    page.click("#bulk-save")
    until_equal(page, lambda: len(states(season)), 4)
    page.keyboard.press("Control+z")
    until_equal(page, lambda: states(season), [])

    # All labels of a half, two seconds later.
    page.click("#shift-button")
    page.fill("#shift-seconds", "2")
    page.click("#shift-save")
    shifted = [7000, 11000, 16000]
    until_equal(page, lambda: sorted(state.position_ms for state in states(season)), shifted)
    page.keyboard.press("Control+z")
    until_equal(page, lambda: states(season), [])

    # Rows chosen with Shift are decided together.
    page.select_option("#order", "confidence")
    pick(page, "0.95")
    page.locator(".spot-row", has_text="0.66").click(modifiers=["Shift"])
    until_text(page, "#selection", "4 spots chosen")
    page.keyboard.press("x")
    until_equal(page, lambda: statuses(season), ["rejected"] * 4)
    page.click("#history-button")
    until(page, "document.querySelectorAll('#history-list li').length >= 4")


def test_hands_that_are_quicker_than_the_page_mean_what_it_will_show(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    until_text(page, ".spot-row", "0.95")

    # A new order, and a key before its first frame: the first row of the new order.
    page.evaluate(f"() => {{ {ORDER_BY_TIME} ({PRESS})({{ key: 'ArrowDown', bubbles: true }}); }}")
    until_text(page, "#selection", "00:05.0")

    # A row stays under the pointer while it is pressed, whatever happens to the order.
    row = page.locator(".spot-row", has_text="0.66").bounding_box()
    page.mouse.move(row["x"] + 30, row["y"] + 8)
    page.mouse.down()
    page.select_option("#order", "confidence")
    page.evaluate(TWO_FRAMES)
    page.mouse.up()
    until_text(page, "#selection", "0.66")
    until_text(page, ".spot-row:nth-child(1)", "0.95")

    # The decided spot goes on to the next one of an order that no frame has shown.
    decide = f"({PRESS})({{ key: 'x', bubbles: true }}); ({PRESS})({{ key: 'a', bubbles: true }});"
    page.evaluate(f"() => {{ {ORDER_BY_TIME} {decide} }}")
    until_equal(page, lambda: statuses(season), ["rejected", "accepted"])
    until_equal(page, lambda: [state.confidence for state in states(season)], [0.66, 0.8])


def test_undo_outlives_a_reload_and_overwrites_nobody(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    pick(page, "0.95")
    page.keyboard.press("x")
    until_equal(page, lambda: statuses(season), ["rejected"])
    page.reload()
    until_ready(page)
    page.keyboard.press("Control+z")
    until_equal(page, lambda: states(season), [])
    pick(page, "0.95")
    page.keyboard.press("a")
    until_equal(page, lambda: statuses(season), ["accepted"])
    wait_saved(page)

    # Another person decides otherwise; the page hears of it, and Undo leaves it alone.
    kept = journal(season)
    ((identity, state),) = kept.states().items()
    other = SpotEdit(id=identity, state=state.model_copy(update={"status": Status.REJECTED}))
    kept.append([other], based_on=kept.revision)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    until(page, "document.querySelectorAll('.status-rejected').length === 1")
    page.keyboard.press("Control+z")
    page.wait_for_selector("#notice.problem")
    assert [state.status for state in states(season)] == ["rejected"]


def test_undo_outlives_a_reload_while_a_change_is_not_saved_yet(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library)
    page.route(
        "**/edits",
        lambda route: route.abort() if route.request.method == "POST" else route.continue_(),
    )
    pick(page, "0.95")
    page.keyboard.press("x")
    until_attribute(page, "#save-state", "data-state", "problem")
    page.on("dialog", lambda dialog: dialog.accept())
    page.unroute("**/edits")
    page.reload()
    until_ready(page)
    until_equal(page, lambda: statuses(season), ["rejected"])
    page.keyboard.press("Control+z")
    until_equal(page, lambda: states(season), [])


def test_unsent_changes_stay_in_their_project_and_tab(
    page: Page, library: Library, season: Season, serve: Serve, tmp_path: Path
) -> None:
    other = page.context.new_page()
    with serve(library) as address:
        port = int(address.rpartition(":")[2])
        for tab in (page, other):
            open_first(tab, address, library)
    for tab, text in ((page, "0.95"), (other, "0.55")):
        tab.bring_to_front()  # a tab in the background draws no rows
        pick(tab, text)
        tab.keyboard.press("x")
        tab.wait_for_selector("#save-state[data-state=problem]")
    for tab in (page, other):
        tab.close(run_before_unload=False)

    # Another project on the same port, with a match of the same name, is left alone.
    third = page.context.new_page()
    foreign = Library(season.paths, edits=tmp_path / "foreign")
    with serve(foreign, port) as address:
        open_first(third, address, foreign)
        wait_saved(third)
        until_count(third, ".spot-row", 9)
        assert third.locator(".status-rejected").count() == 0
    assert not (tmp_path / "foreign").exists()
    with serve(library, port) as address:
        open_first(third, address, library)
        until(third, "!Object.keys(localStorage).some((key) => key.includes('pending'))")
        until_equal(third, lambda: statuses(season), ["rejected"] * 2)


def test_what_fails_to_load_later_takes_nothing_of_the_page_away(
    page: Page, address: str, library: Library
) -> None:
    page.route("**/api/abilities", lambda route: route.abort())
    open_first(page, address, library)
    until_text(page, "#notice", "Not everything could be loaded")
    pick(page, "0.95")
    page.keyboard.press("x")
    until_count(page, ".status-rejected", 1)


def test_export_pressed_before_the_formats_are_there_waits_for_them(
    page: Page, address: str, library: Library
) -> None:
    held: list[Any] = []
    page.route("**/api/formats", lambda route: held.append(route))
    open_first(page, address, library)
    page.click("#export-button")
    page.click("#export-form [type=submit]")
    until_text(page, "#export-message", "Writing the file")
    until_equal(page, lambda: len(held), 1)
    with page.expect_download() as download:
        held[0].continue_()
    until_text(page, "#export-message", "Saved")
    assert download.value.suggested_filename.endswith(".json")


def test_figures_measure_the_model_against_the_reviewed_labels(
    page: Page, address: str, library: Library
) -> None:
    open_first(page, address, library)
    page.click("#tab-classes")
    until(page, f"{TOTALS} === '5/4,20,25,22'")
    page.click("#tab-spots")

    # A label that was missed is added: the model's precision stays, its recall falls.
    page.keyboard.press("n")
    page.keyboard.press("Enter")
    page.click("#tab-classes")
    until(page, f"{TOTALS} === '5/5,20,20,20'")
    page.click("#tab-spots")

    # A false spot that is rejected was predicted all the same; one that is accepted was right.
    pick(page, "0.80")
    page.keyboard.press("x")
    pick(page, "0.55")
    page.keyboard.press("a")
    page.click("#tab-classes")
    until(page, f"{TOTALS} === '5/6,40,33,36'")
    page.click("#tab-spots")
    until_count(page, "#panel-spots .status-accepted:has-text('0.55'):not(:has-text('false'))", 1)


def test_best_f1_leaves_out_classes_without_labels(
    page: Page, tmp_path: Path, serve: Serve
) -> None:
    write_label_tree(tmp_path / "data", [MatchActions("m", (Action("Goal", 1, 5000),))])
    noise = tuple(Action("Corner", 1, 1000 * n, 0.2) for n in range(1, 30))
    write_results(tmp_path / "out", [MatchActions("m", (Action("Goal", 1, 5100, 0.4), *noise))])
    library = Library([tmp_path / "data", tmp_path / "out"], edits=tmp_path / "e")
    with serve(library) as address:
        open_first(page, address, library)
        page.click("#tab-classes")
        page.click("#best-thresholds")
        until(page, f"{TOTALS} === '1/1,100,100,100'")
        until_text(page, "#notice", "1 class without any label got 1.00")


def test_pinch_goes_on_with_one_finger_and_tooltip_leaves(
    page: Page, address: str, library: Library
) -> None:
    open_first(page, address, library)
    box = page.locator("#lanes").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 30)
    page.wait_for_selector("#tooltip:visible")
    page.keyboard.press("+")
    page.wait_for_selector("#tooltip", state="hidden")
    page.keyboard.press("0")
    shown = page.evaluate(
        """() => {
          const lanes = document.getElementById('lanes');
          const box = lanes.getBoundingClientRect();
          lanes.setPointerCapture = () => undefined;
          const send = (type, id, x) => lanes.dispatchEvent(new PointerEvent(type, {
            pointerId: id, clientX: box.left + x, clientY: box.top + 40, button: 0,
            bubbles: true, pointerType: 'touch'}));
          const window = () => document.getElementById('overview').getAttribute('aria-valuetext');
          send('pointerdown', 1, 400);
          send('pointerdown', 2, 500);
          send('pointermove', 1, 200);
          send('pointermove', 2, 700);
          const pinched = window();
          send('pointerup', 2, 700);
          send('pointermove', 1, 201);
          return [pinched, window()];
        }"""
    )
    assert shown[0] == shown[1] != "1 · 00:00 to 2 · 00:20"


def test_wheel_scrolls_a_page_that_is_longer_than_the_window(
    page: Page, tmp_path: Path, serve: Serve
) -> None:
    from playwright.sync_api import expect

    labels = tuple(Action(f"Class {n:02}", 1, 1000 * n) for n in range(60))
    write_label_tree(tmp_path / "data", [MatchActions("m", labels)])
    library = Library([tmp_path / "data"], edits=tmp_path / "e")
    with serve(library) as address:
        open_first(page, address, library)
        box = page.locator("#lanes").bounding_box()
        page.mouse.move(box["x"] + 100, box["y"] + 60)
        before = page.locator("#overview").get_attribute("aria-valuetext")
        page.mouse.wheel(0, 200)
        until(page, "window.scrollY > 100")
        until_attribute(page, "#overview", "aria-valuetext", before)
        page.keyboard.down("Control")
        page.mouse.wheel(0, -200)
        until(
            page,
            f"document.getElementById('overview').getAttribute('aria-valuetext') !== '{before}'",
        )
        page.keyboard.up("Control")
        page.click(".lane-name:has-text('Class 07')")
        expect(page.locator(".lane-name")).to_have_text(["Class 07"])


def test_page_fits_the_screen_with_every_command(
    browser: Any, page: Page, address: str, library: Library
) -> None:
    phone = browser.new_context(has_touch=True).new_page()
    for each, size in (
        (phone, (320, 640)),
        (phone, (360, 740)),
        (phone, (390, 844)),
        (page, (1024, 768)),
    ):
        each.set_viewport_size({"width": size[0], "height": size[1]})
        for place in ("/", f"/match?id={library.keys[0]}"):
            each.goto(f"{address}{place}")
            until_ready(each)
            until(each, f"document.documentElement.scrollWidth <= {size[0]}")
        until_text(each, "#match-name", "Northport")

        # phones have no keys, and so no help about them
        names = ["theme-button", "export-button", "reset", "move-here", "zoom-all"]
        for name in [*names, *(["help-button"] if each is page else [])]:
            box = each.locator(f"#{name}").bounding_box()
            assert 0 <= box["x"] <= box["x"] + box["width"] <= size[0]
            assert box["height"] >= (32 if each is page else 38)
    phone.context.close()


def test_filters_are_named_and_cleared(page: Page, address: str, library: Library) -> None:
    open_first(page, address, library)
    page.fill("#text-filter", "foul")
    until_text(page, "#clear-filters", "“foul”")
    page.press("#text-filter", "Escape")
    page.wait_for_selector("#clear-filters", state="hidden")
    assert page.input_value("#text-filter") == ""
    page.select_option("#class-filter", "Foul")
    until_equal(page, page.locator(".lane-name:not(.track)").all_inner_texts, ["Foul"])
    page.click("#tab-classes")
    page.click("#clear-filters:has-text('Foul')")
    until_count(page, ".lane-name:not(.track)", 3)
    until_equal(page, page.locator("#class-filter").input_value, "")


def test_spot_added_beside_an_undecided_prediction_accepts_it(
    page: Page, address: str, library: Library, season: Season
) -> None:
    open_first(page, address, library, "&t=1:6.5")
    until_frame(page, 65)
    page.keyboard.press("1")  # Goal; one is predicted at 6.1 s
    until_text(page, "#notice", "was predicted already")
    found = [("prediction", "Goal", 6500, "accepted")]
    until_equal(
        page, lambda: [(s.source, s.label, s.position_ms, s.status) for s in states(season)], found
    )


def test_links_lead_to_a_moment_or_a_spot(page: Page, address: str, library: Library) -> None:
    open_first(page, address, library, "&t=2:6.1")
    until(page, "document.getElementById('clock').textContent === '00:06.100'")
    until_equal(page, page.locator("#clock-period").inner_text, "second half")
    pick(page, "0.80")
    page.wait_for_selector(".spot-row[aria-selected=true]:has-text('0.80')")
    identity = page.locator(".spot-row[aria-selected=true]").get_attribute("id")
    open_first(page, address, library, f"&spot={identity.removeprefix('row-')}")
    until(page, "document.getElementById('selection').textContent.includes('0.80')")


def test_two_systems_are_compared_over_one_truth(page: Page, season: Season, serve: Serve) -> None:
    other = season.predictions.with_name("other")
    spots = (Action("Goal", 1, 5400, 0.9), Action("Corner", 1, 9100, 0.9))
    write_results(other, [MatchActions(season.first, spots)])
    library = Library([season.predictions, other, season.labels], edits=season.edits)
    with serve(library) as address:
        open_first(page, address, library)
        page.click("#tab-systems")
        until_equal(page, page.locator("#system-a, #system-b").all_inner_texts, ["out", "other"])
        cells = page.locator("#system-rows tr").first.locator("td")
        until_equal(page, cells.all_inner_texts, ["20", "25", "22", "100", "50", "67"])
        differences = page.locator("#system-differences li")
        until_equal(page, differences.all_inner_texts, ["1 · 00:09 Corner\nonly other"])
        page.click("#system-differences button")
        until(page, "document.getElementById('clock').textContent === '00:09.000'")


def test_crowded_window_is_drawn_as_ticks_and_a_part_of_it_as_marks(
    page: Page, tmp_path: Path, serve: Serve
) -> None:
    spots = tuple(Action("Goal", 1, 500 * n, 1.0) for n in range(3200))
    write_results(tmp_path / "out", [MatchActions("m", spots)])
    library = Library([tmp_path / "out"], edits=tmp_path / "e")
    count = """() => {
      const canvas = document.querySelector('#lanes canvas');
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let found = 0;
      for (let i = 0; i < data.length; i += 4)
        found += data[i] === 10 && data[i + 1] === 108 && data[i + 2] === 184;
      return found;
    }"""
    with serve(library) as address:
        open_first(page, address, library)
        until(page, f"({count})() > 3000")  # a band over the whole lane
        crowded = page.evaluate(count)
        page.locator(".spot-row").first.click()
        for _ in range(8):
            page.keyboard.press("+")
        until(page, f"({count})() > 50 && ({count})() < {crowded // 3}")
