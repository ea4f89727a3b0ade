"""The journal of corrections: durable, and never overwritten unseen."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spotkick.errors import InputError, StorageError
from spotkick.viewer.edits import EditJournal, RevisionConflictError, SpotEdit, SpotState, Status


def edit(number: int, position_ms: int | None = 0) -> SpotEdit:
    state = None
    if position_ms is not None:
        state = SpotState(
            source="added", label="Goal", period=1, position_ms=position_ms, status=Status.ACCEPTED
        )
    return SpotEdit(id=f"a-{number:012x}", state=state)


def test_append_last_change_of_a_spot_counts(tmp_path: Path) -> None:
    journal = EditJournal(tmp_path / "sub" / "review.jsonl")
    assert journal.revision == 0
    assert journal.append([edit(1, 10), edit(2, 20)], based_on=0) == 2
    assert journal.append([edit(1, 11), edit(2, None)], based_on=2) == 4
    again = EditJournal(journal.path)
    assert again.revision == 4
    assert {identity: state.position_ms for identity, state in again.states().items()} == {
        edit(1).id: 11
    }
    assert again.since(3) == (edit(2, None),)


def test_append_on_old_revision_is_refused_whole(tmp_path: Path) -> None:
    journal = EditJournal(tmp_path / "review.jsonl")
    journal.append([edit(1, 10)], based_on=0)
    before = journal.path.read_bytes()
    with pytest.raises(RevisionConflictError) as conflict:
        journal.append([edit(2, 20), edit(3, 30)], based_on=0)
    assert conflict.value.revision == 1
    assert journal.path.read_bytes() == before


def test_journal_two_servers_see_each_other(tmp_path: Path) -> None:
    one, two = EditJournal(tmp_path / "review.jsonl"), EditJournal(tmp_path / "review.jsonl")
    one.append([edit(1, 10)], based_on=0)
    with pytest.raises(RevisionConflictError):
        two.append([edit(1, 99)], based_on=0)
    assert two.append([edit(1, 99)], based_on=1) == 2
    assert one.states()[edit(1).id].position_ms == 99


_COMPETITOR = """
import sys, time
from pathlib import Path
from spotkick.viewer.edits import SpotEdit, EditJournal, RevisionConflictError, SpotState, Status
look = EditJournal._catch_up
# so that the other process comes between looking and writing, where it can
def look_slowly(journal):
    look(journal)
    time.sleep(0.002)
EditJournal._catch_up = look_slowly
journal, worker = EditJournal(Path(sys.argv[1])), int(sys.argv[2])
for number in range(30):
    state = SpotState(
        source="added", label="Goal", period=1, position_ms=number, status=Status.ACCEPTED
    )
    while True:
        try:
            change = SpotEdit(id=f"a-{1000 * worker + number:012x}", state=state)
            journal.append([change], based_on=journal.revision)
            break
        except RevisionConflictError:
            continue
"""


def test_journal_competing_processes_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    commands = [[sys.executable, "-c", _COMPETITOR, str(path), str(worker)] for worker in (1, 2)]
    workers = [subprocess.Popen(command) for command in commands]
    assert [worker.wait(60) for worker in workers] == [0, 0]
    journal = EditJournal(path)
    assert journal.revision == 60
    assert len(journal.states()) == 60


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 400))
def test_journal_torn_last_line_is_written_over(
    tmp_path_factory: pytest.TempPathFactory, cut: int
) -> None:
    path = tmp_path_factory.mktemp("torn") / "review.jsonl"
    EditJournal(path).append([edit(number, number) for number in range(3)], based_on=0)
    data = path.read_bytes()
    path.write_bytes(data[: max(0, len(data) - cut)])
    complete = path.read_bytes().count(b"\n")
    journal = EditJournal(path)
    assert journal.revision == complete
    journal.append([edit(9, 9)], based_on=complete)
    assert EditJournal(path).since(0) == (
        *(edit(number, number) for number in range(complete)),
        edit(9, 9),
    )


@pytest.mark.parametrize(
    "line",
    [b"{}\n", b"nonsense\n", b'{"id": "a-000000000001"}\n', b"[" * 100_000 + b"\n", b"\xff\n"],
)
def test_journal_of_another_kind_is_refused(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "review.jsonl"
    path.write_bytes(line)
    with pytest.raises(InputError, match=r"review\.jsonl, line 1 is not a correction"):
        EditJournal(path)


def test_append_full_disk_keeps_the_journal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = EditJournal(tmp_path / "review.jsonl")
    journal.append([edit(1, 10)], based_on=0)
    before = journal.path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(StorageError, match="not saved"):
            journal.append([edit(2, 20)], based_on=1)
    assert journal.path.read_bytes() == before
    assert journal.append([edit(2, 20)], based_on=1) == 2


_WRITER = """
import sys
from pathlib import Path
from spotkick.viewer.edits import SpotEdit, EditJournal, SpotState, Status
journal = EditJournal(Path(sys.argv[1]))
number = 0
while True:
    state = SpotState(
        source="added", label="Goal", period=1, position_ms=number, status=Status.ACCEPTED
    )
    journal.append([SpotEdit(id=f"a-{number:012x}", state=state)], based_on=number)
    number += 1
    print(number, flush=True)
"""


@pytest.mark.skipif(
    not hasattr(signal, "SIGKILL"), reason="this system cannot kill a process without warning"
)
def test_append_killed_writer_keeps_confirmed_changes(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    with subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        for _ in range(20):
            writer.stdout.readline()
        time.sleep(0.05)
        writer.send_signal(signal.SIGKILL)
        confirmed = 20 + len(writer.stdout.read().splitlines())
    journal = EditJournal(path)
    assert confirmed <= journal.revision <= confirmed + 1
    assert [state.position_ms for state in journal.states().values()] == list(
        range(journal.revision)
    )


def test_journal_bad_lines_are_left_out_and_named(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    EditJournal(path).append([edit(number, number) for number in range(3)], based_on=0)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b'{"id": "p-00", "state"\n' + b"\xff\xfe\n" + lines[1] + lines[2])
    journal = EditJournal(path)
    assert journal.since(0) == tuple(edit(number, number) for number in range(3))
    assert [problem.split(" is not")[0] for problem in journal.problems] == [
        "review.jsonl, line 2",
        "review.jsonl, line 3",
    ]
    assert journal.append([edit(9, 9)], based_on=3) == 4
    assert EditJournal(path).since(3) == (edit(9, 9),)


def test_journal_of_the_first_form_is_read(tmp_path: Path) -> None:
    path = tmp_path / "review.jsonl"
    path.write_text(
        '{"id": "p-00112233", "state": {"source": "prediction", "label": "Goal", "period": 1, '
        '"position_ms": 5, "status": "accepted", "confidence": 0.5}}\n'
        '{"id": "a-00112233", "state": null}\n'
    )
    first, second = EditJournal(path).since(0)
    assert first.state is not None
    assert (first.state.label, first.state.team, first.reviewer) == ("Goal", None, None)
    assert b"".join(each.to_line() for each in (first, second)) == path.read_bytes()
