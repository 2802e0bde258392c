"""Which of several rows that tell the same thing holds."""

from __future__ import annotations

from typing import Any

from made import source, table
from pipelines.judging import judge_sources
from test_staging import paid, staged


def states(*sources: Any, kind: str = "transactions", **of: Any) -> list[str]:
    return [row["row_state"][0] for row in staged(*sources, kind=kind, **of)]


def rows(*amounts: str, **cells: Any) -> Any:
    return table("transactions", [paid(amount=a, **cells) for a in amounts])


def test_the_same_bytes_again_are_duplicates_wherever_they_lie() -> None:
    first = source(rows("1", "2"), sha="same")
    again = source(rows("1", "2"), sha="same", order=2, file="coop/2026-Q2/again.csv", period="2026-Q2")
    assert states(first, again) == ["c", "c", "d", "d"]


def test_a_later_report_of_partner_and_quarter_holds() -> None:
    first = source(rows("1", "2"))
    later = source(rows("2", "3"), order=2, file="coop/2026-Q1/v2.csv")
    assert states(first, later) == ["s", "d", "c", "c"]


def test_the_order_of_receipt_decides_not_the_order_of_files() -> None:
    first = source(rows("1"), order=5)
    later = source(rows("2"), order=9, file="a.csv")
    assert states(first, later) == ["s", "c"]
    assert states(later, first) == ["s", "c"]


def test_other_quarters_partners_and_kinds_are_left_alone() -> None:
    assert states(
        source(rows("1")), source(rows("2"), order=2, period="2026-Q2"), source(rows("3"), order=3, partner="asso")
    ) == ["c", "c", "c"]  # fmt: skip


def test_files_that_say_neither_who_nor_when_hold_over_each_other_only_by_name() -> None:
    unsaid = {"partner": None, "period": None}
    a, b = source(rows("1"), file="a.csv", **unsaid), source(rows("2"), order=2, file="b.csv", **unsaid)
    assert states(a, b) == ["c", "c"]
    assert states(a, source(rows("2"), order=2, file="later/a.csv", **unsaid)) == ["s", "c"]


def test_a_publication_holds_over_its_earlier_edition_by_name() -> None:
    def edition(order: int, file: str, amount: str) -> Any:
        return source(rows(amount, partner_id="732829320"), order=order, file=file, layout="scdl", partner=None)

    assert states(edition(1, "2025/list.csv", "1"), edition(2, "2026/list.csv", "2")) == ["s", "c"]
    assert states(edition(1, "2025/list.csv", "1"), edition(2, "2026/other.csv", "2")) == ["c", "c"]


def test_a_list_by_another_publisher_under_the_same_name_is_another_list() -> None:
    mine = source(rows("1", partner_id="732829320"), file="a/list.csv", layout="scdl", partner=None)
    theirs = source(rows("1", partner_id="W751064167"), file="b/list.csv", order=2, layout="scdl", partner=None)
    assert states(mine, theirs) == ["c", "c"]


def iati(order: int, file: str, *activities: tuple[str, str]) -> Any:
    made = table("transactions", [paid(project_id=p, amount=a) for p, a in activities])
    return source(made, order=order, file=file, layout="iati", partner=None, sender=("FR-3", "AFD"))


def test_of_an_activity_in_two_files_of_a_publisher_the_later_file_holds() -> None:
    assert states(iati(1, "a.xml", ("X", "1"), ("Y", "2")), iati(2, "b.xml", ("X", "1"), ("X", "3"))) == [
        "d",
        "c",
        "c",
        "c",
    ]
    assert states(iati(1, "a.xml", ("X", "9")), iati(2, "b.xml", ("X", "1"))) == ["s", "c"]


def test_an_activity_that_left_a_publication_stays_in_the_other() -> None:
    first, moved, second = iati(1, "a.xml", ("X", "1")), iati(2, "b.xml", ("X", "2")), iati(3, "a.xml", ("Y", "3"))
    assert states(first, moved, second) == ["s", "c", "c"]


def test_an_activity_is_settled_for_all_kinds_together() -> None:
    projects = table("projects", [{"project_id": "X", "title": "old"}, {"project_id": "Y", "title": "kept"}])
    first = source(projects, layout="iati", partner=None, sender=("FR-3", None), file="a.xml")
    accepted = judge_sources([first, iati(2, "b.xml", ("X", "2"))], {}).accepted
    assert accepted["projects"].column("title").to_pylist() == ["kept"]
    assert accepted["transactions"].num_rows == 1


def test_a_publication_that_no_longer_has_a_kind_has_no_rows_of_it() -> None:
    projects = table("projects", [{"project_id": "X", "title": "old"}])
    first = source(projects, layout="iati", partner=None, sender=("FR-3", None), file="a.xml")
    assert judge_sources([first, iati(2, "a.xml", ("Y", "2"))], {}).accepted["projects"].num_rows == 0


def test_rows_of_one_publication_never_hold_over_each_other() -> None:
    assert states(iati(1, "a.xml", ("X", "1"), ("X", "1"))) == ["c", "c"]
    keyed = source(rows("1", "2", transaction_id="T"), layout="iati", sender=("FR-3", None), partner=None)
    assert states(keyed) == ["c", "c"]


def test_of_rows_with_one_complete_key_from_one_partner_the_later_holds() -> None:
    def report(order: int, quarter: str, amount: str, **of: Any) -> Any:
        return source(rows(amount, transaction_id="T-1"), order=order, period=quarter, **of)

    assert states(report(1, "2026-Q1", "1"), report(2, "2026-Q2", "1")) == ["d", "c"]
    assert states(report(1, "2026-Q1", "1"), report(2, "2026-Q2", "2")) == ["s", "c"]
    assert states(report(1, "2026-Q1", "1"), report(2, "2026-Q2", "2", partner="asso")) == ["c", "c"]
    assert states(source(rows("1", "2", "2", transaction_id="T-1"))) == ["s", "d", "c"]


def test_without_a_complete_key_equal_rows_are_two_rows() -> None:
    assert states(source(rows("1", "1"))) == ["c", "c"]


def test_names_are_unique_among_rows_that_hold_and_stay_with_a_report_sent_again() -> None:
    first, later = source(rows("1", "2")), source(rows("1", "1", "2"), order=2, file="v2.csv")
    [alone, _] = [row["row_id"] for row in staged(first)]
    both = staged(first, later)
    current = [row["row_id"] for row in both if row["row_state"] == "current"]
    assert current[0] == alone
    assert len(set(current)) == 3
