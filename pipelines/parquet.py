"""How a finished table becomes a Parquet file: sorted, with meanings on its fields, the same bytes for the same rows.

Belongs here: writing batches under a stated schema, the proof that the sort key is unique, the hash of a table's
content that does not depend on any engine's bytes. Does not belong here: where the rows come from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipelines.errors import ProjectError
from pipelines.paths import replace_file

if TYPE_CHECKING:
    import pyarrow as pa

#: Rows of one row group: the bytes of a file must not depend on how an engine cuts its result. It is the number that
#: DuckDB deals in, so that its batches need no copying.
ROW_GROUP = 122_880


def write(batches: Iterable[pa.RecordBatch], schema: pa.Schema, key: Sequence[str], target: Path) -> int:
    """Writes batches that are sorted by `key` to one file, put in place whole, and gives the number of rows.

    The hash of the content is kept in the file's metadata under `content_sha256`.
    Raises ProjectError where two rows share a key: the file is then not written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    content, rows = ContentHash(schema), 0
    order = [pq.SortingColumn(schema.get_field_index(name)) for name in key]
    with (
        replace_file(target) as aside,
        pq.ParquetWriter(aside, schema, compression="zstd", sorting_columns=order, write_page_index=True) as writer,
        ThreadPoolExecutor(1) as beside,
    ):
        written: Future[None] | None = None
        before: pa.Table | None = None
        for group in regroup(batches, schema):
            if written:
                written.result()
            # One core compresses while the other fetches the next rows and looks at them.
            written = beside.submit(writer.write_table, group, row_group_size=ROW_GROUP)
            _assert_unique(group, before, key, target)
            content.add(group)
            before = group.select(list(key)).slice(group.num_rows - 1)
            rows += group.num_rows
        if written:
            written.result()
        else:
            writer.write_table(pa.Table.from_batches([], schema))
        writer.add_key_value_metadata({"content_sha256": content.hexdigest(), "rows": str(rows)})
    return rows


def content_hash(path: Path) -> str:
    """Gives the hash of the content that `write` left in a file."""
    import pyarrow.parquet as pq

    found: dict[bytes, bytes] = pq.read_metadata(path).metadata
    return found[b"content_sha256"].decode()


def row_count(path: Path) -> int:
    """Gives the number of rows of a file, from its footer."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


class ContentHash:
    """Hashes the values of a table, column by column: names, types, which are null, and the values themselves.

    Equal tables have equal hashes whatever wrote them and however they were cut into batches. Values are hashed as
    Arrow lays them out (little-endian, null as zero), text as its length and its UTF-8 bytes.
    """

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema
        self._columns = [hashlib.sha256(f"{field.name} {field.type}".encode()) for field in schema]

    def add(self, table: pa.Table) -> None:
        """Takes in the next rows."""
        for digest, column in zip(self._columns, table.columns, strict=True):
            for chunk in column.chunks:
                for part in _value_buffers(chunk):
                    digest.update(part)

    def hexdigest(self) -> str:
        """Gives the hash of all rows so far."""
        return hashlib.sha256(b"".join(digest.digest() for digest in self._columns)).hexdigest()


def regroup(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """Cuts a stream of batches into tables of exactly one row group, whatever the sizes in which it came."""
    waiting: list[pa.RecordBatch] = []
    held = 0
    for batch in batches:
        start = 0
        while held + batch.num_rows - start >= ROW_GROUP:
            take = ROW_GROUP - held
            waiting.append(batch.slice(start, take))
            yield _typed(waiting, schema)
            waiting, held, start = [], 0, start + take
        if start < batch.num_rows:
            waiting.append(batch.slice(start))
            held += batch.num_rows - start
    if waiting:
        yield _typed(waiting, schema)


def _typed(batches: list[pa.RecordBatch], schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_batches(batches).cast(schema).combine_chunks()


def _assert_unique(group: pa.Table, before: pa.Table | None, key: Sequence[str], target: Path) -> None:
    """Compares each row with the one before it, across groups too: in sorted rows equal keys are neighbours."""
    import pyarrow as pa
    import pyarrow.compute as pc

    keys = group.select(list(key))
    rows = pa.concat_tables([before, keys]).combine_chunks() if before is not None else keys
    same: Any = None
    for column in rows.columns if rows.num_rows > 1 else ():
        one, next_one = column.slice(0, rows.num_rows - 1), column.slice(1)
        equal = pc.or_(pc.fill_null(pc.equal(one, next_one), False), pc.and_(pc.is_null(one), pc.is_null(next_one)))
        same = equal if same is None else pc.and_(same, equal)
    if same is not None and pc.any(same).as_py():
        doubled = rows.filter(pa.concat_arrays([pa.array([False]), *pa.chunked_array(same).chunks])).slice(0, 1)
        raise ProjectError(
            f"{target.stem}: more than one row for {doubled.to_pylist()[0]}.",
            f"The grain of the table is {', '.join(key)}; its SQL must give one row for each.",
        )


def _value_buffers(array: pa.Array) -> list[bytes | memoryview]:
    import pyarrow as pa
    import pyarrow.compute as pc

    valid = pc.cast(pc.is_valid(array), pa.int8())
    kind = array.type
    if pa.types.is_string(kind):
        lengths = pc.cast(pc.fill_null(pc.binary_length(array), 0), pa.int32())
        return [_bytes(valid), _bytes(lengths), _text(array)]
    if pa.types.is_boolean(kind):
        return [_bytes(valid), _bytes(pc.cast(pc.fill_null(array, False), pa.int8()))]
    nothing = pa.scalar(
        date(1970, 1, 1) if pa.types.is_date32(kind) else Decimal(0) if pa.types.is_decimal(kind) else 0, kind
    )
    return [_bytes(valid), _bytes(pc.fill_null(array, nothing))]


def _bytes(array: pa.Array) -> memoryview:
    """Gives the values of an array of fixed width that has no null, without those outside its slice."""
    width = array.type.byte_width
    return memoryview(array.buffers()[1])[array.offset * width : (array.offset + len(array)) * width]


def _text(array: pa.Array) -> memoryview | bytes:
    """Gives the characters of all values of a text array, one after the other, without those outside its slice."""
    import pyarrow as pa

    data = array.buffers()[2]
    if data is None or not len(array):
        return b""
    offsets = memoryview(array.buffers()[1]).cast("i")
    if array.null_count:  # characters may lie under a null
        return _text(pa.concat_arrays([array.drop_null()])) if array.null_count < len(array) else b""
    return memoryview(data)[offsets[array.offset] : offsets[array.offset + len(array)]]
