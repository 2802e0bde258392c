"""How SQL files become tables: read, ordered, typed, run on their inputs alone, and written so that bytes repeat.

What single files compute stands in `tests/sql/`.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines import parquet, shapes, warehouse
from pipelines.contract import contracts_hash, reports
from pipelines.errors import ProjectError
from pipelines.paths import DataRoot
from tables import store

HEADER = "-- A thing. | Une chose.\n--\n-- grain: a\n"


def sql(folder: Path, name: str, text: str) -> Path:
    path = folder / "core" / f"{name}.sql"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_says_everything_about_its_table(tmp_path: Path) -> None:
    path = sql(
        tmp_path,
        "thing",
        "-- Money by day, | Argent par jour,\n--\n-- grain: a, b\n-- metric: M01\n"
        "with t as (\n    select a, b from accepted.transactions  -- not a column | pas une colonne\n)\n\n"
        "select\n    a,  -- First | Premier\n    -- Second, on\n    -- two lines [EUR] | Deuxième, sur\n    -- deux lignes\n"
        "    cast(b as date) as b_date\nfrom t inner join core.other using (a)\n",
    )
    model = warehouse.read_model(path)
    assert (model.name, model.layer, model.table) == ("core.thing", "core", "thing")
    assert (model.doc, model.doc_fr) == ("Money by day,", "Argent par jour,")
    assert (model.grain, model.metric) == (("a", "b"), "M01")
    assert model.inputs == ("accepted.transactions", "core.other")
    first, second = model.columns
    assert (first.name, first.meaning, first.meaning_fr, first.unit) == ("a", "First", "Premier", None)
    assert (second.name, second.meaning, second.unit) == ("b_date", "Second, on two lines", "EUR")
    assert second.meaning_fr == "Deuxième, sur deux lignes"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (HEADER + "select a from core.x", "both languages"),
        (HEADER + "select a from core.x  -- Only English", "both languages"),
        ("-- Only English.\nselect a  -- A | A\nfrom core.x", "both languages"),
        (HEADER + "select a + 1 as b  -- A | A\nfrom core.x", "a column or a cast"),
        (HEADER + "select *  -- A | A\nfrom core.x", "a column or a cast"),
        (HEADER + "select a  -- A | A\nfrom x", "without a schema"),
        (HEADER + "select a from core.x union all select a from core.y", "not one SELECT"),
        (HEADER + "select a from from", "core.thing"),
    ],
)
def test_a_file_that_leaves_something_unsaid_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ProjectError, match=complaint):
        warehouse.read_model(sql(tmp_path, "thing", text))


def test_models_stand_behind_their_inputs(tmp_path: Path) -> None:
    names = [m.name for m in warehouse.models()]
    for place, model in enumerate(warehouse.models()):
        built = [n for n in model.inputs if n.split(".")[0] in warehouse.BUILT]
        assert set(built) <= set(names[:place])
        assert [names.index(n) for n in built] == sorted(names.index(n) for n in built)
    one = warehouse.read_model(sql(tmp_path, "one", HEADER + "select a  -- A | A\nfrom core.two"))
    two = warehouse.read_model(sql(tmp_path, "two", HEADER + "select a  -- A | A\nfrom core.one"))
    with pytest.raises(ProjectError, match="circle"):
        warehouse.in_order([one, two])
    with pytest.raises(ProjectError, match=r"core\.one reads core\.two, which no SQL file makes"):
        warehouse.in_order([one])


def test_the_last_input_of_a_check_is_a_table_that_sql_makes() -> None:
    for check in warehouse.checks():
        assert check.inputs[-1].split(".")[0] in warehouse.BUILT, check.name


def test_all_sql_is_type_checked_without_data(tmp_path: Path) -> None:
    wrong = warehouse.read_model(sql(tmp_path, "thing", HEADER + "select nothing as a  -- A | A\nfrom accepted.time"))
    with pytest.raises(ProjectError, match=r"thing\.sql"):
        warehouse.describe_all([wrong])


def test_fixed_names_are_there() -> None:
    columns = {m.name: {c.name: c.type for c in m.columns} for m in warehouse.models()}
    assert set(columns["core.transaction"]) >= set(
        "row_id submission_id partner_id source_file source_sheet source_cell project_id transaction_type_code transaction_date "
        "value_date amount currency amount_eur rate rate_date rate_source provider_id receiver_id".split()
    )
    assert set(columns["core.contribution"]) >= set(
        "measure share_kind row_id member_id project_id partner_id provider_id territory_code quarter target_code sdg_method "
        "weight_bp amount currency amount_eur quantity unit".split()
    )
    assert columns["core.transaction"]["amount"] == "DECIMAL(28,10)"
    for table, named in columns.items():
        assert {k for n, k in named.items() if n.endswith("_eur")} <= {"DECIMAL(18,2)"}, table


def test_a_table_is_written_with_meanings_sorted_and_with_the_same_bytes(root: DataRoot) -> None:
    given = [
        {"target_code": f"{g}.{t}", "goal_code": str(g), "label_en": "x", "scope": None}
        for g in range(1, 18)
        for t in range(9)
    ]
    model = warehouse.model("core.sdg_target")
    digests = set()
    for rows in (given, given[::-1]):
        store(root, "reference.sdg_targets", rows)
        assert warehouse.run(model, root) == len(given)
        digests.add(root.table("core", "sdg_target").read_bytes())
    assert len(digests) == 1
    table = pq.read_table(root.table("core", "sdg_target"))
    codes = table["target_code"].to_pylist()
    assert codes == sorted(codes)
    meaning = table.schema.field("family").metadata
    assert meaning[b"meaning"].startswith(b"How") and meaning[b"meaning_fr"].startswith(b"Comment")
    assert table.schema.metadata[b"table"] == b"core.sdg_target"
    assert warehouse.model("core.territory").columns[-1].unit == "persons"


def test_the_grain_is_asserted_on_every_run(root: DataRoot) -> None:
    store(
        root,
        "reference.territories",
        [{"territory_code": "01004", "name": "One"}, {"territory_code": "01004", "name": "Two"}],
    )
    with pytest.raises(ProjectError, match=r"territory: more than one row for {'territory_code': '01004'}"):
        warehouse.run(warehouse.model("core.territory"), root)
    assert not root.table("core", "territory").exists()


def test_an_input_that_is_not_built_is_said(root: DataRoot) -> None:
    with pytest.raises(ProjectError, match=r"reference\.territories is not built yet"):
        warehouse.run(warehouse.model("core.territory"), root)


def test_a_broken_claim_gives_its_rows(root: DataRoot) -> None:
    check = warehouse.model("checks.weights_add_up")
    store(root, "core.sdg_link", [{"project_id": "P", "family": "how", "sdg_method": "equal", "weight_bp": 9000}])
    assert warehouse.violations(check, root) == (1, [{"project_id": "P", "family": "how", "weights_bp": 9000}])


def test_an_unknown_model_is_said() -> None:
    with pytest.raises(ProjectError, match=r"no model core\.nothing"):
        warehouse.model("core.nothing")


class TestParquet:
    schema = pa.schema(
        [
            ("key", pa.string()),
            ("number", pa.int64()),
            ("money", pa.decimal128(18, 2)),
            ("day", pa.date32()),
            ("yes", pa.bool_()),
        ]
    )

    def batches(self, size: int, rows: int = 1000) -> list[pa.RecordBatch]:
        table = pa.table(
            {
                "key": [f"k{i:07}" for i in range(rows)],
                "number": [None if i % 7 == 0 else i for i in range(rows)],
                "money": [None if i % 5 == 0 else Decimal(i) / 100 for i in range(rows)],
                "day": [None if i % 3 == 0 else date(2026, 1, 1 + i % 28) for i in range(rows)],
                "yes": [None if i % 2 == 0 else i % 3 == 0 for i in range(rows)],
            },
            self.schema,
        )
        return list(table.to_batches(max_chunksize=size))

    def test_bytes_and_content_do_not_depend_on_how_rows_come(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet, "ROW_GROUP", 256)
        for size in (1, 100, 256, 257, 1000):
            assert parquet.write(self.batches(size), self.schema, ["key"], tmp_path / f"{size}.parquet") == 1000
        assert len({path.read_bytes() for path in tmp_path.iterdir()}) == 1
        assert pq.ParquetFile(tmp_path / "1.parquet").num_row_groups == 4
        assert pq.read_table(tmp_path / "1.parquet").replace_schema_metadata() == pa.Table.from_batches(
            self.batches(1000)
        )

    def test_the_content_hash_sees_every_change(self) -> None:
        def hashed(rows: list[dict[str, Any]]) -> str:
            content = parquet.ContentHash(self.schema)
            content.add(pa.Table.from_pylist(rows, self.schema))
            return content.hexdigest()

        row = {"key": "a", "number": 0, "money": Decimal("1.00"), "day": date(2026, 1, 1), "yes": False}
        other = [
            row | {"key": None},
            row | {"key": ""},
            row | {"number": None},
            row | {"money": Decimal("1.01")},
            row | {"day": date(1970, 1, 1)},
            row | {"day": None},
            row | {"yes": None},
            row | {"yes": True},
        ]
        assert len({hashed([row]), hashed([row, row]), hashed([]), *(hashed([o]) for o in other)}) == 3 + len(other)
        assert hashed([row | {"key": "ab"}, row | {"key": "c"}]) != hashed([row | {"key": "a"}, row | {"key": "bc"}])

    def test_equal_keys_are_seen_across_row_groups_and_when_null(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(parquet, "ROW_GROUP", 2)
        rows = pa.table(
            {"key": ["a", "b", "b"], "number": [1, None, None]},
            pa.schema([("key", pa.string()), ("number", pa.int64())]),
        )
        with pytest.raises(ProjectError, match="'key': 'b', 'number': None"):
            parquet.write(rows.to_batches(), rows.schema, ["key", "number"], tmp_path / "x.parquet")
        assert not list(tmp_path.iterdir())

    def test_an_empty_table_is_a_file_too(self, tmp_path: Path) -> None:
        assert parquet.write([], self.schema, ["key"], tmp_path / "x.parquet") == 0
        assert pq.read_table(tmp_path / "x.parquet").num_rows == 0
        assert parquet.row_count(tmp_path / "x.parquet") == 0


def test_what_sql_reads_is_what_contracts_say() -> None:
    assert contracts_hash()
    for kind, contract in reports().items():
        columns = shapes.of(f"accepted.{kind}")
        assert next(iter(columns)) == "row_id"
        assert {f"{f}__text" for f in contract.fields} <= set(columns)
        assert len(shapes.arrow_schema(f"accepted.{kind}")) == len(columns)
    with pytest.raises(ProjectError, match=r"no table accepted\.nothing"):
        shapes.of("accepted.nothing")
