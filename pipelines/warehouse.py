"""The SQL of the house: one file is one model, a comment and one SELECT, and this is what reads, orders and runs them.

A model's header says in English and French what the table holds, then its `grain:` and, where it is a published
figure, its `metric:`. Its inputs are read out of the SQL. Its column meanings are the comments beside the columns:

    -- Money committed per quarter. | Sommes engagées par trimestre.
    --
    -- grain: quarter
    -- metric: M01
    select
        quarter,  -- Calendar quarter | Trimestre civil
        cast(sum(amount_eur) as decimal(18, 2)) as committed_eur  -- Committed [EUR] | Engagé
    from core.transaction
    group by quarter

Belongs here: models, their order, their types, running one. Does not belong here: any figure; the folder `sql/` has them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines import parquet, shapes
from pipelines.contract import Words, field_metadata
from pipelines.errors import ProjectError
from pipelines.paths import SQL, DataRoot

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

#: Layers whose models are built; `checks` returns the rows that break a claim and is never kept.
BUILT = ("core", "metrics")


@dataclass(frozen=True)
class Column:
    """One output column; its meaning stands beside it in the SQL."""

    name: str
    type: str
    meaning: str
    meaning_fr: str
    unit: str | None


@dataclass(frozen=True)
class Model:
    """One SQL file: `core.transaction` is `sql/core/transaction.sql`; inputs stand in the order in which they are built."""

    name: str
    path: Path
    doc: str
    doc_fr: str
    grain: tuple[str, ...]
    metric: str | None
    inputs: tuple[str, ...]
    columns: tuple[Column, ...]
    sql: str

    @property
    def layer(self) -> str:
        """The schema and folder of the table."""
        return self.name.split(".")[0]

    @property
    def table(self) -> str:
        """The name of the table in its schema."""
        return self.name.split(".")[1]


@cache
def models() -> tuple[Model, ...]:
    """Reads `sql/core` and `sql/metrics`, type-checks them on empty tables, and gives them in the order of building."""
    return describe_all(in_order([read_model(path) for layer in BUILT for path in sorted((SQL / layer).glob("*.sql"))]))


@cache
def checks() -> tuple[Model, ...]:
    """Reads `sql/checks`: each gives the rows that break its claim."""
    claims = [read_model(path) for path in sorted((SQL / "checks").glob("*.sql"))]
    rank = {model.name: place for place, model in enumerate(models())}
    return describe_all([_ranked(claim, rank) for claim in claims], beside=models())


def model(name: str) -> Model:
    """Gives the model or check of a name such as `core.transaction` or `checks.flags_never_sum`."""
    for known in checks() if name.startswith("checks.") else models():
        if known.name == name:
            return known
    raise ProjectError(f"There is no model {name}.", f"Models are the files of {SQL.name}/; check the spelling.")


def run(of: Model, root: DataRoot) -> int:
    """Builds one table from the files of its inputs and of nothing else; gives its number of rows."""
    con = _connect(root)
    try:
        for name in of.inputs:
            _attach(con, name, root)
        order = ", ".join(f'"{column}"' for column in of.grain)
        rows = con.sql(f"select * from (\n{of.sql}\n) order by {order}")
        reader = rows.to_arrow_reader(parquet.ROW_GROUP)
        return parquet.write(reader, arrow_schema(of), of.grain, root.table(of.layer, of.table))
    finally:
        con.close()


def violations(of: Model, root: DataRoot, most: int = 20) -> tuple[int, list[dict[str, Any]]]:
    """Gives how many rows break a claim, and the first of them."""
    con = _connect(root)
    try:
        for name in of.inputs:
            _attach(con, name, root)
        con.execute(f"create temp table broken as {of.sql}")
        (count,) = con.execute("select count(*) from broken").fetchall()[0]
        return count, con.sql(f"select * from broken limit {most}").to_arrow_table().to_pylist()
    finally:
        con.close()


def execute(of: Model, con: duckdb.DuckDBPyConnection) -> pa.Table:
    """Runs a model on a connection that holds its inputs, and gives its rows in the order of its grain."""
    order = f"order by {', '.join(of.grain)}" if of.grain else ""
    return con.sql(f"select * from (\n{of.sql}\n) {order}").to_arrow_table().cast(arrow_schema(of))


def describe_all(unchecked: list[Model], beside: tuple[Model, ...] = ()) -> tuple[Model, ...]:
    """Runs every model on empty inputs, in their order, and gives them with the types of their columns."""
    import duckdb

    con = duckdb.connect()
    described: list[Model] = []
    create_inputs(con, (name for m in (*beside, *unchecked) for name in m.inputs))
    for known in beside:
        columns = ", ".join(f'"{c.name}" {c.type}' for c in known.columns)
        con.execute(f"create schema if not exists {known.layer}; create table {known.name} ({columns})")
    for unchecked_model in unchecked:
        try:
            con.execute(f"create schema if not exists {unchecked_model.layer}")
            con.execute(f"create table {unchecked_model.name} as\n{unchecked_model.sql}")
        except duckdb.Error as problem:
            raise ProjectError(f"{unchecked_model.path.name}: {problem}", "Mend the SQL.") from None
        found = dict(con.execute(f"select column_name, column_type from (describe {unchecked_model.name})").fetchall())
        described.append(
            replace(unchecked_model, columns=tuple(replace(c, type=found[c.name]) for c in unchecked_model.columns))
        )
    con.close()
    return tuple(described)


def create_inputs(con: duckdb.DuckDBPyConnection, names: Any) -> None:
    """Creates the empty tables that come from contracts: those among `names` that no model makes."""
    for name in sorted({n for n in names if n.split(".")[0] not in BUILT}):
        columns = ", ".join(f'"{column}" {kind}' for column, kind in shapes.of(name).items())
        con.execute(f"create schema if not exists {name.split('.')[0]}; create table {name} ({columns})")


def arrow_schema(of: Model) -> pa.Schema:
    """Gives the Arrow schema of a model's table: types, meanings and units of the columns, the table's own meaning."""
    import pyarrow as pa

    fields = [
        pa.field(c.name, arrow_type(c.type), metadata=field_metadata(Words(en=c.meaning, fr=c.meaning_fr), c.unit))
        for c in of.columns
    ]
    table = {"table": of.name, "meaning": of.doc, "meaning_fr": of.doc_fr, "grain": ", ".join(of.grain)}
    return pa.schema(fields, metadata=table | ({"metric": of.metric} if of.metric else {}))


def arrow_type(kind: str) -> pa.DataType:
    """Gives the Arrow type of a DuckDB type that a published column may have."""
    import pyarrow as pa

    if found := re.fullmatch(r"DECIMAL\((\d+),(\d+)\)", kind):
        return pa.decimal128(int(found[1]), int(found[2]))
    simple = {
        "VARCHAR": pa.string(),
        "BIGINT": pa.int64(),
        "INTEGER": pa.int32(),
        "DATE": pa.date32(),
        "BOOLEAN": pa.bool_(),
    }
    if kind not in simple:
        raise ProjectError(f"No published column has type {kind}.", f"Cast it to one of {', '.join(simple)}, DECIMAL.")
    return simple[kind]


def _connect(root: DataRoot) -> duckdb.DuckDBPyConnection:
    import duckdb

    aside = root.build / ".spill"
    return duckdb.connect(config={"temp_directory": str(aside), "autoinstall_known_extensions": "false"})


def _attach(con: duckdb.DuckDBPyConnection, name: str, root: DataRoot) -> None:
    path = shapes.place(root, name)
    if not path.is_file():
        raise ProjectError(f"{name} is not built yet: {path} is missing.", "Run the stages before it: sdg17 run.")
    file = str(path).replace("'", "''")
    con.execute(f"create schema if not exists {name.split('.')[0]}; create view {name} as from read_parquet('{file}')")


def read_model(path: Path) -> Model:
    """Reads one file: header, inputs and column comments."""
    import sqlglot
    from sqlglot import exp

    text = path.read_text(encoding="utf-8")
    name = f"{path.parent.name}.{path.stem}"
    try:
        select = sqlglot.parse_one(text, dialect="duckdb")
    except sqlglot.errors.SqlglotError as problem:
        raise ProjectError(f"{name}: {problem}", "Mend the SQL.") from None
    if not isinstance(select, exp.Select):
        raise ProjectError(f"{name} is not one SELECT.", "Put unions into a CTE and end with one SELECT.")
    doc, keys = _header(name, text)
    local = {cte.alias for cte in select.find_all(exp.CTE)}
    inputs = set()
    for table in select.find_all(exp.Table):
        if table.db:
            inputs.add(f"{table.db}.{table.name}")
        elif table.name and table.name not in local:
            raise ProjectError(f"{name} reads {table.name} without a schema.", "Name it core.x, metrics.x, accepted.x.")
    return Model(
        name=name,
        path=path,
        doc=doc.en,
        doc_fr=doc.fr,
        grain=tuple(part.strip() for part in keys["grain"].split(",")) if "grain" in keys else (),
        metric=keys.get("metric"),
        inputs=tuple(sorted(inputs)),
        columns=tuple(_column(name, expression) for expression in select.expressions),
        sql=text,
    )


def _header(name: str, text: str) -> tuple[Words, dict[str, str]]:
    lines = []
    for line in text.splitlines():
        if not line.startswith("--"):
            break
        lines.append(line[2:].strip())
    keys = {k: v.strip() for k, _, v in (line.partition(":") for line in lines) if k in ("grain", "metric")}
    doc = " ".join(line for line in lines if line and line.partition(":")[0] not in ("grain", "metric"))
    return _bilingual(name, doc), keys


def _column(name: str, expression: Any) -> Column:
    from sqlglot import exp

    column = expression.alias_or_name
    comment = " ".join(" ".join(expression.comments or ()).split())
    if not isinstance(expression.unalias(), exp.Column | exp.Cast) or column == "*":
        raise ProjectError(f"{name}.{column}: an output column is a column or a cast.", "Cast it to its type.")
    words = _bilingual(f"{name}.{column}", comment)
    unit = re.search(r" \[([^\]]+)\]$", words.en)
    meaning = words.en[: unit.start()] if unit else words.en
    return Column(column, "", meaning, words.fr, unit[1] if unit else None)


def _bilingual(name: str, text: str) -> Words:
    english, bar, french = (part.strip() for part in text.partition(" | "))
    if not (english and bar and french):
        raise ProjectError(f"{name}: no comment in both languages.", "Write `-- English [unit] | français`.")
    return Words(en=english, fr=french)


def in_order(unordered: list[Model]) -> list[Model]:
    by_name = {m.name: m for m in unordered}
    for m in unordered:
        if missing := [n for n in m.inputs if n.split(".")[0] in BUILT and n not in by_name]:
            raise ProjectError(f"{m.name} reads {missing[0]}, which no SQL file makes.", "Check the spelling.")
    graph = TopologicalSorter({m.name: {n for n in m.inputs if n in by_name} for m in unordered})
    order: list[str] = []
    try:
        graph.prepare()
    except CycleError as problem:
        raise ProjectError(f"SQL files read one another in a circle: {problem.args[1]}", "Break the circle.") from None
    while graph.is_active():
        ready = sorted(graph.get_ready())
        order += ready
        graph.done(*ready)
    rank = {name: place for place, name in enumerate(order)}
    return [_ranked(by_name[name], rank) for name in order]


def _ranked(of: Model, rank: dict[str, int]) -> Model:
    return replace(of, inputs=tuple(sorted(of.inputs, key=lambda name: (rank.get(name, -1), name))))
