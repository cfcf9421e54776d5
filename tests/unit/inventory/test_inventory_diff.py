"""What an import would do: to its own lines alone, and nothing that a broken file could be read as saying."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from support.inventories import inventories
from truehelo.inventory.diff import Change, Conflict, Diff, FieldChange, after, diff
from truehelo.inventory.model import BY_HAND, Line, file_manager

MINE, OTHER = file_manager("mine.toml"), file_manager("other.toml")
A, B, C = (Line(target=f"192.0.2.{number}", managed_by=MINE) for number in (1, 2, 3))


def plain(line: Line) -> Line:
    return replace(line, managed_by=BY_HAND)


def test_added_removed_changed_unchanged() -> None:
    wanted = [plain(A), replace(plain(B), owner="Ann", groups=("eu",)), plain(C)]
    gone = Line(target="192.0.2.9", managed_by=MINE)
    new = replace(B, owner="Ann", groups=("eu",))
    assert diff([A, B, gone], wanted, MINE) == Diff(
        managed_by=MINE,
        added=(C,),
        removed=(gone,),
        changed=(
            Change(
                old=B,
                new=new,
                fields=(
                    FieldChange(name="groups", old=(), new=("eu",)),
                    FieldChange(name="owner", old="", new="Ann"),
                ),
            ),
        ),
        unchanged=(A,),
    )


def test_what_somebody_else_manages_is_left_alone_and_naming_it_is_a_conflict() -> None:
    hand, other = replace(A, managed_by=BY_HAND, owner="hand"), replace(B, managed_by=OTHER)
    found = diff([hand, other], [plain(A), plain(C)], MINE)
    assert found == Diff(managed_by=MINE, added=(C,), conflicts=(Conflict(line=A, kept=hand),))


def test_one_target_at_two_vantage_points_is_two_lines() -> None:
    berlin, tokyo = replace(A, vantage="berlin"), replace(A, vantage="tokyo")
    assert diff([berlin], [plain(berlin), plain(tokyo)], MINE) == Diff(managed_by=MINE, added=(tokyo,), unchanged=(berlin,))


def test_a_file_with_a_broken_line_removes_nothing() -> None:
    found = diff([A, B], [plain(A)], MINE, whole=False)
    assert (found.removed, found.withheld, found.is_empty) == ((), (B,), True)


@given(inventories(), inventories(), st.data())
def test_once_carried_out_nothing_is_left_to_do(kept: list[Line], wanted: list[Line], data: st.DataObject) -> None:
    managers = st.sampled_from([MINE, OTHER, BY_HAND])
    kept = [replace(line, managed_by=data.draw(managers)) for line in kept]
    mixed = wanted + [
        plain(line) for line in kept if data.draw(st.booleans()) and line.place not in {w.place for w in wanted}
    ]
    found = diff(kept, mixed, MINE)
    then = after(kept, found)
    assert [line for line in kept if line.managed_by != MINE] == [line for line in then if line.managed_by != MINE]
    assert len({line.place for line in then}) == len(then)
    again = diff(then, mixed, MINE)
    assert again.is_empty
    assert again.conflicts == found.conflicts
    mine = {line.place for line in then if line.managed_by == MINE}
    assert mine | {conflict.line.place for conflict in found.conflicts} == {line.place for line in mixed}
