"""SQLAlchemy dialect through which Great Expectations sees a live DuckDB connection.

Belongs here: what SQLAlchemy and Great Expectations ask of a database, and nothing they do not ask. Does not belong
here: any expectation or judgement. Only `validation` imports this; to be deleted when Great Expectations brings DuckDB.

Three facts decide its shape:
- Great Expectations fetches after its connection has closed, and closing discards DuckDB's pending result, so that a
  cursor here holds all rows from the moment it executes.
- It picks the regex operator by looking whether `dialect.dialect` derives from PostgreSQL's. DuckDB's own `~` matches
  the whole text, PostgreSQL's any part of it, so that `~` is written as `regexp_matches`.
- It pastes `repr(value)` over placeholders when it writes the query that finds failing rows. Without placeholders it
  takes SQLAlchemy's own literals, which are quoted well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import duckdb
from sqlalchemy import pool, types
from sqlalchemy.dialects import postgresql, registry
from sqlalchemy.dialects.postgresql.base import PGCompiler, PGDialect, PGIdentifierPreparer
from sqlalchemy.engine import default

_SHARED: dict[str, duckdb.DuckDBPyConnection] = {}


@contextmanager
def shared(con: duckdb.DuckDBPyConnection) -> Iterator[str]:
    """Yields the address under which SQLAlchemy reaches this very connection's database."""
    handle = uuid4().hex
    _SHARED[handle] = con
    try:
        yield f"sdgduck:///?handle={handle}"
    finally:
        del _SHARED[handle]


class Cursor:
    """A DBAPI cursor that has read everything by the time `execute` returns."""

    arraysize = 1
    rowcount = -1

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con
        self._rows: list[tuple[Any, ...]] = []
        self.description: Any = None

    def execute(self, sql: str, parameters: Sequence[Any] | None = None) -> Cursor:
        done = self._con.execute(sql, parameters) if parameters else self._con.execute(sql)
        self.description = done.description
        self._rows = done.fetchall() if done.description else []
        self._rows.reverse()
        return self

    def executemany(self, sql: str, many: Iterable[Sequence[Any]]) -> None:
        for parameters in many:
            self.execute(sql, parameters)

    def fetchone(self) -> tuple[Any, ...] | None:
        return self._rows.pop() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[tuple[Any, ...]]:
        return [self._rows.pop() for _ in range(min(size or self.arraysize, len(self._rows)))]

    def fetchall(self) -> list[tuple[Any, ...]]:
        rows, self._rows = self._rows[::-1], []
        return rows

    def setinputsizes(self, *_: Any) -> None: ...

    def setoutputsize(self, *_: Any) -> None: ...

    def close(self) -> None: ...


class Connection:
    """A DBAPI connection: one more cursor on the database that judges; it only reads, so that commit means nothing."""

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self._con = con

    def cursor(self) -> Cursor:
        return Cursor(self._con)

    def commit(self) -> None: ...

    def rollback(self) -> None: ...

    def close(self) -> None:
        self._con.close()


class Driver:
    """What SQLAlchemy expects of a DBAPI module."""

    paramstyle, apilevel, threadsafety = "qmark", "2.0", 1
    Error = DatabaseError = InterfaceError = OperationalError = duckdb.Error
    ProgrammingError = IntegrityError = NotSupportedError = InternalError = DataError = duckdb.Error
    Binary = bytes

    @staticmethod
    def connect(handle: str) -> Connection:
        return Connection(_SHARED[handle].cursor())


class Compiler(PGCompiler):
    """Writes every value as a literal, and `~` as DuckDB's partial match."""

    def visit_bindparam(self, bindparam: Any, **kw: Any) -> str:  # type: ignore[override]
        kw["literal_binds"] = kw.get("literal_binds", False) or not bindparam.required
        return super().visit_bindparam(bindparam, **kw)  # type: ignore[no-untyped-call, no-any-return]

    def visit_custom_op_binary(self, element: Any, operator: Any, **kw: Any) -> str:
        sign = getattr(operator, "opstring", "")
        if sign in ("~", "!~"):
            found = f"regexp_matches({self.process(element.left, **kw)}, {self.process(element.right, **kw)})"
            return found if sign == "~" else f"not {found}"
        return super().visit_custom_op_binary(element, operator, **kw)  # type: ignore[no-untyped-call, no-any-return]


class DuckDialect(PGDialect):
    """PostgreSQL's dialect with DuckDB's own reflection and no transactions."""

    name = "sdgduck"
    driver = "duckdb"
    statement_compiler = Compiler
    preparer = PGIdentifierPreparer
    default_paramstyle = "qmark"
    supports_statement_cache = False
    supports_server_side_cursors = False
    supports_sane_rowcount = False
    supports_native_decimal = True
    colspecs: dict[Any, Any] = {}  # noqa: RUF012

    def __init__(self, **kw: Any) -> None:
        default.DefaultDialect.__init__(self, **kw)
        # On the instance: as a class attribute it would mislead SQLAlchemy's own loader of dialects.
        self.dialect = postgresql.dialect
        self._native_inet_types = self._json_serializer = self._json_deserializer = None

    @classmethod
    def import_dbapi(cls) -> Any:
        return Driver

    @classmethod
    def get_pool_class(cls, url: Any) -> type[pool.Pool]:
        return pool.StaticPool

    def create_connect_args(self, url: Any) -> Any:
        return (), {"handle": dict(url.query)["handle"]}

    def initialize(self, connection: Any) -> None:
        self.server_version_info = (16, 0)
        self.default_schema_name = "main"
        self._backslash_escapes = False
        self.default_isolation_level = None

    def on_connect(self) -> None:
        return None

    def do_begin(self, *_: Any) -> None: ...

    def do_rollback(self, *_: Any) -> None: ...

    def do_commit(self, *_: Any) -> None: ...

    def do_ping(self, *_: Any) -> bool:
        return True

    def get_isolation_level(self, *_: Any) -> Any:
        return None

    def get_schema_names(self, connection: Any, **kw: Any) -> list[str]:
        return [name for (name,) in _ask(connection, "select distinct schema_name from duckdb_schemas()")]

    def get_table_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        question = (
            "select table_name from information_schema.tables where table_schema = ? and table_type = 'BASE TABLE'"
        )
        return [name for (name,) in _ask(connection, question, schema or "main")]

    def get_view_names(self, connection: Any, schema: str | None = None, **kw: Any) -> list[str]:
        question = "select table_name from information_schema.tables where table_schema = ? and table_type = 'VIEW'"
        return [name for (name,) in _ask(connection, question, schema or "main")]

    def get_temp_table_names(self, *_: Any, **kw: Any) -> list[str]:
        return []

    def has_table(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        question = "select 1 from information_schema.tables where table_schema = ? and table_name = ?"
        return bool(_ask(connection, question, schema or "main", table_name))

    def get_columns(self, connection: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        place = ".".join(f'"{part}"' for part in (schema or "main", table_name))
        return [
            {"name": name, "type": _type(text), "nullable": nullable == "YES", "default": None, "comment": None}
            for name, text, nullable, *_ in _ask(connection, f"describe {place}")
        ]

    def get_multi_columns(self, connection: Any, **kw: Any) -> Any:  # type: ignore[override]
        schema, filter_names = kw.get("schema"), kw.get("filter_names")
        names = filter_names or self.get_table_names(connection, schema)
        return {(schema, name): self.get_columns(connection, name, schema) for name in names}.items()

    def get_pk_constraint(self, *_: Any, **kw: Any) -> Any:
        return {"constrained_columns": [], "name": None}

    def get_foreign_keys(self, *_: Any, **kw: Any) -> Any:
        return []

    def get_indexes(self, *_: Any, **kw: Any) -> Any:
        return []

    def get_unique_constraints(self, *_: Any, **kw: Any) -> Any:
        return []

    def get_check_constraints(self, *_: Any, **kw: Any) -> Any:
        return []

    def get_table_comment(self, *_: Any, **kw: Any) -> Any:
        return {"text": None}


def _ask(connection: Any, question: str, *values: str) -> list[Any]:
    return list(connection.exec_driver_sql(question, values).fetchall())


_TYPES: dict[str, type[types.TypeEngine[Any]]] = {
    "BIGINT": types.BIGINT,
    "INTEGER": types.INTEGER,
    "BOOLEAN": types.BOOLEAN,
    "DATE": types.DATE,
    "DOUBLE": types.DOUBLE,
}


def _type(text: str) -> types.TypeEngine[Any]:
    if text.startswith("DECIMAL("):
        precision, scale = text[8:-1].split(",")
        return types.DECIMAL(int(precision), int(scale))
    return _TYPES.get(text, types.VARCHAR)()


registry.register("sdgduck", __name__, "DuckDialect")
