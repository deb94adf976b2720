"""The same change events through DuckDB: ten of the columns, at the same moments. See bench/README.md."""

import json
import sys
import time
from pathlib import Path

import duckdb
import numpy

sys.path.append(str(Path(__file__).parents[2] / "scripts"))
from peak_memory import peak_megabytes

folder = sys.argv[1]
connection = duckdb.connect()
connection.execute("SET threads = 2")
pool = numpy.fromfile(f"{folder}/pool.u32", numpy.uint32)
at = numpy.fromfile(f"{folder}/atMs.f64", numpy.float64).astype(numpy.int64)
price = numpy.fromfile(f"{folder}/pricePerHour.f64", numpy.float64)
moment = numpy.fromfile(f"{folder}/moments.f64", numpy.float64).astype(numpy.int64)
frame = {"pool": pool, "at": at, "price": price}
connection.execute("CREATE TABLE events AS SELECT * FROM frame")
# 28 moments, seven days, before the first: what the windows of the first rows look back on.
step = 6 * 3_600_000
before = moment[0] - step * numpy.arange(28, 0, -1)
grid = {"at": numpy.concatenate([before, moment])}
connection.execute("CREATE TABLE moments AS SELECT * FROM grid")
started = time.monotonic()
connection.execute(
    """
    CREATE TABLE features AS
    WITH pools AS (SELECT DISTINCT pool FROM events),
    asked AS (SELECT pools.pool, moments."at" FROM pools, moments),
    prices AS (
        SELECT asked.pool, asked."at", ln(events.price) AS level
        FROM asked ASOF JOIN events ON asked.pool = events.pool AND asked."at" >= events."at"
    ),
    steps AS (
        SELECT *, level - lag(level) OVER w AS move, level - lag(level, 4) OVER w AS day,
            level - lag(level, 2) OVER w AS half_day, level - lag(level, 8) OVER w AS two_days,
            level - lag(level, 28) OVER w AS week
        FROM prices WINDOW w AS (PARTITION BY pool ORDER BY "at")
    )
    SELECT pool, "at", move, half_day, day, two_days, week,
        (level - min(level) OVER w) / nullif(max(level) OVER w - min(level) OVER w, 0) AS position,
        sqrt(sum(move * move) OVER d) AS volatility_day, sqrt(sum(move * move) OVER w) AS volatility_week,
        sum(CASE WHEN move <> 0 THEN 1 ELSE 0 END) OVER w AS changes_week, max(move) OVER w AS max_move_week
    FROM steps
    WINDOW w AS (PARTITION BY pool ORDER BY "at" ROWS 28 PRECEDING), d AS (PARTITION BY pool ORDER BY "at" ROWS 3 PRECEDING)
    """
)
seconds = time.monotonic() - started
rows, check = connection.execute(
    'SELECT count(*), avg(abs(day)) FROM features WHERE "at" >= $1', [int(moment[0])]
).fetchone()
with open(f"{folder}/duckdb.json", "w", encoding="utf8") as file:
    json.dump({"seconds": seconds, "peakMb": peak_megabytes(), "rows": rows, "check": check}, file)
