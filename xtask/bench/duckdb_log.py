"""The touchpoint log by DuckDB: `duckdb_log.py version|query|people|funnel|totals FILE`; prints one JSON object of numbers.

`query` prints the two queries that are measured.
"""

import json
import sys

import duckdb

from questions import STAGES, funnel_answer, people_answer, totals_answer

question, file = sys.argv[1:]
if question == "version":
    print(duckdb.__version__)
    sys.exit()

engine = duckdb.connect()
engine.execute("SET threads = 2")
COLUMNS = (
    "{'event_id': 'BIGINT', 'contact_id': 'VARCHAR', 'product': 'VARCHAR', 'stage': 'VARCHAR', 'occurred_at': 'TIMESTAMP',"
    " 'channel': 'VARCHAR', 'revenue': 'DECIMAL(12,2)', 'country': 'VARCHAR', 'utm_campaign': 'VARCHAR', 'notes': 'VARCHAR'}"
)
LOG = f"read_csv('{file}', header = true, columns = {COLUMNS})"


def people_query() -> str:
    """Distinct people and the sum of revenue by product, stage and month."""
    month = "strftime(date_trunc('month', occurred_at), '%Y-%m') AS month"
    return f"SELECT product, stage, {month}, count(DISTINCT contact_id), sum(revenue) FROM {LOG} GROUP BY ALL"


def funnel_query() -> str:
    """People per stage who came through all stages before it in order, and the median days between."""
    times = ", ".join(f"list(occurred_at) FILTER (stage = '{stage}') AS l{k}" for k, stage in enumerate(STAGES))
    query = f"WITH touched AS (SELECT product, {times} FROM {LOG} GROUP BY product, contact_id)"
    query += ", s0 AS (SELECT *, list_min(l0) AS t0 FROM touched)"
    for k in range(1, len(STAGES)):
        after = f"list_min(list_filter(l{k}, lambda x: x >= t{k - 1}))"
        query += f", s{k} AS (SELECT *, {after} AS t{k} FROM s{k - 1})"
    days = ", ".join(f"median(epoch(t{k} - t{k - 1}) / 86400)" for k in range(1, len(STAGES)))
    counts = ", ".join(f"count(t{k})" for k in range(len(STAGES)))
    return f"{query} SELECT product, {counts}, {days} FROM s{len(STAGES) - 1} GROUP BY product"


def people() -> dict[str, float]:
    """The answer to `people_query`."""
    return people_answer(engine.execute(people_query()).fetchall())


def funnel() -> dict[str, float]:
    """The answer to `funnel_query`."""
    return funnel_answer(engine.execute(funnel_query()).fetchall())


def totals() -> dict[str, float]:
    """What cvj's report says, too."""
    revenue = f"SELECT product, stage, strftime(occurred_at, '%Y-%m') AS month, sum(revenue) AS value FROM {LOG} GROUP BY ALL"
    reached = f"SELECT product, stage, count(DISTINCT contact_id) FROM {LOG} GROUP BY ALL"
    overall = f"SELECT 'all', stage, count(DISTINCT contact_id) FROM {LOG} GROUP BY ALL"
    rows = engine.execute(f"WITH r AS ({revenue}) FROM r UNION ALL SELECT 'all', stage, month, sum(value) FROM r GROUP BY ALL").fetchall()
    return totals_answer(rows, engine.execute(f"{reached} UNION ALL {overall}").fetchall())


if question == "query":
    print(f"people: {people_query()}\n\nfunnel: {funnel_query()}")
    sys.exit()

print(json.dumps({"people": people, "funnel": funnel, "totals": totals}[question]()))
