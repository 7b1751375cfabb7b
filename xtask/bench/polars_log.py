"""The touchpoint log by Polars' streaming engine: `polars_log.py version|people|funnel|totals FILE`; prints one JSON object of numbers."""

import json
import sys

import polars as pl

from questions import STAGES, funnel_answer, people_answer, totals_answer

question, file = sys.argv[1:]
if question == "version":
    print(pl.__version__)
    sys.exit()

LOG = pl.scan_csv(file, schema_overrides={"revenue": pl.Decimal(12, 2), "occurred_at": pl.Datetime("us"), "contact_id": pl.String})
MONTH = pl.col("occurred_at").dt.strftime("%Y-%m").alias("month")


def rows(lazy: pl.LazyFrame) -> list[tuple]:
    """All rows of a result."""
    return lazy.collect(engine="streaming").rows()


def people() -> dict[str, float]:
    """Distinct people and the sum of revenue by product, stage and month."""
    month = pl.col("occurred_at").dt.truncate("1mo").alias("month")
    found = LOG.group_by("product", "stage", month).agg(pl.col("contact_id").n_unique(), pl.col("revenue").sum())
    return people_answer([(p, s, f"{m:%Y-%m}", n, v) for p, s, m, n, v in rows(found)])


def funnel() -> dict[str, float]:
    """People per stage who came through all stages before it in order, and the median days between."""
    log = LOG.select("contact_id", "product", "stage", "occurred_at").collect(engine="streaming")
    person = ["product", "contact_id"]
    at = log.filter(pl.col("stage") == STAGES[0]).group_by(person).agg(pl.col("occurred_at").min().alias("t"))
    counts = [at.group_by("product").len()]
    medians = []
    for stage in STAGES[1:]:
        later = log.filter(pl.col("stage") == stage).join(at, on=person).filter(pl.col("occurred_at") >= pl.col("t"))
        reached = later.group_by(person).agg(pl.col("occurred_at").min().alias("u"), pl.col("t").first())
        days = ((pl.col("u") - pl.col("t")).dt.total_microseconds() / 86_400e6).median()
        medians.append(dict(reached.group_by("product").agg(days.alias("days")).rows()))
        at = reached.select(*person, pl.col("u").alias("t"))
        counts.append(at.group_by("product").len())
    tables = [dict(count.rows()) for count in counts]
    products = sorted(tables[0])
    return funnel_answer([(p, *(t.get(p, 0) for t in tables), *(m.get(p) for m in medians)) for p in products])


def totals() -> dict[str, float]:
    """What cvj's report says, too."""
    by = LOG.group_by("product", "stage", MONTH).agg(pl.col("revenue").sum())
    overall = by.group_by("stage", "month").agg(pl.col("revenue").sum())
    reached = LOG.group_by("product", "stage").agg(pl.col("contact_id").n_unique())
    anywhere = LOG.group_by("stage").agg(pl.col("contact_id").n_unique())
    revenue = rows(by) + [("all", *row) for row in rows(overall)]
    return totals_answer(revenue, rows(reached) + [("all", *row) for row in rows(anywhere)])


print(json.dumps({"people": people, "funnel": funnel, "totals": totals}[question]()))
