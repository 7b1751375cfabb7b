"""The sample client's monthly report as an analyst would script it: `sample_report.py version|report CLIENT OUT`.

pandas reads the exports, matplotlib draws as many charts of the same kinds as cvj does (SVG and PNG at twice the size), openpyxl fills a
workbook per product, and one page holds the charts. Prints one JSON object of numbers that cvj's report has, too.
"""

import fnmatch
import json
import sys
from pathlib import Path

import matplotlib
import numpy as np
import openpyxl
import pandas as pd
from openpyxl.chart import LineChart, Reference
from openpyxl.styles import Font, PatternFill

from questions import STAGES, totals_answer

matplotlib.use("agg")
import matplotlib.pyplot as plt

ZONE = "America/Chicago"
MONTHS = pd.period_range("2025-10", "2026-10", freq="M")
NOW = MONTHS[-1]
PRODUCTS = {
    "Local move": ["local", "local-move", "local moving*", "local move*", "/local-move*"],
    "Long distance": ["long-distance*", "long distance*", "long haul*", "/long-distance*"],
    "Storage": ["storage*", "self storage*", "/storage*"],
}
WINDOWS = dict(zip(STAGES, [None, 7, 10, 14, 14, 21, 21, 21]))
WORDS = {"awareness": "aware", "engagement": "engage"}
TARGETS = {"Cost per click": 1.3, "Engagement rate": 0.55, "Opt-in rate": 0.08, "On-time moves": 0.9, "Review score": 4.2, "NPS": 40, "Referrals": 20}


def product(text: str) -> str | None:
    """The product that an export means."""
    text = str(text).strip().casefold()
    return next((name for name, forms in PRODUCTS.items() if any(fnmatch.fnmatch(text, form) for form in forms)), None)


def products(column: pd.Series) -> pd.Series:
    """The product of each row; none where no product claims it."""
    return column.map({text: product(text) for text in column.dropna().unique()})


def local(column: pd.Series, form: str | None = None) -> pd.Series:
    """Local times; nothing where there is none to read."""
    if form is None:
        return pd.to_datetime(column, utc=True, errors="coerce", format="ISO8601").dt.tz_convert(ZONE).dt.tz_localize(None)
    return pd.to_datetime(column, errors="coerce", format=form)


def number(column: pd.Series) -> pd.Series:
    return pd.to_numeric(column.astype(str).str.replace(",", "."), errors="coerce")


def read(client: Path) -> dict[str, pd.DataFrame]:
    """The exports, each with `at` and `product`."""
    exports = client / "exports"
    text = {"dtype": str, "keep_default_na": False}
    tables = {
        "web": pd.concat(pd.read_csv(file, **text) for file in sorted(exports.glob("ga4-landing-pages-*.csv"))),
        "ads": pd.read_csv(exports / "meta-ads.csv", encoding="utf-8-sig", **text),
        "events": pd.read_csv(exports / "events.csv", **text),
        "newsletter": pd.read_csv(exports / "newsletter.csv", sep=";", **text),
        "shop": pd.read_csv(exports / "shop-orders.csv", **text),
        "onboarding": pd.read_csv(exports / "onboarding.csv", **text),
        "referrals": pd.read_csv(exports / "referrals.csv", **text),
        **pd.read_excel(exports / "feedback.xlsx", sheet_name=None, dtype=object),
    }
    tables = {name.casefold(): table.rename(columns=lambda name: name.strip().casefold()) for name, table in tables.items()}
    shapes = {
        "web": ("date", "%Y-%m-%d", "landing page"),
        "ads": ("day", "%Y-%m-%d", "campaign name"),
        "events": ("occurred_at", None, "product"),
        "newsletter": ("signed up", "%d.%m.%Y %H:%M", "interest"),
        "shop": ("created at", None, "lineitem name"),
        "onboarding": ("completed at", "%m/%d/%Y %H:%M", "service"),
        "referrals": ("referred on", "%Y-%m-%d %H:%M", "service"),
        "reviews": ("date", "%Y-%m-%d", "product"),
        "nps": ("answered", "%Y-%m-%d", "service"),
    }
    for name, (at, form, named) in shapes.items():
        table = tables[name]
        whole = table[at].map(lambda cell: isinstance(cell, str))
        table["at"] = local(table[at].where(whole), form)
        table.loc[~whole, "at"] = pd.to_datetime(table[at].where(~whole), errors="coerce")
        table["product"] = products(table[named])
    return tables


def touchpoints(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """person, stage, product, at, value."""
    shop = tables["shop"].copy()
    shop["value"] = number(shop["lineitem price"])
    shop = shop[(shop["financial status"] != "refunded") & shop["value"].notna() & shop["at"].notna()]
    shop["person"] = shop["email"].str.strip().str.casefold()
    shop = shop[shop["person"] != ""]
    orders = shop.drop_duplicates(["person", "product", "name"]).sort_values("at", kind="stable")
    first = orders.groupby(["person", orders["product"].fillna("")])["name"].first().rename("first")
    shop = shop.join(first, on=["person", shop["product"].fillna("")])
    shop["stage"] = np.where(shop["name"] == shop["first"], "convert", "ascend")
    reviews, nps = tables["reviews"], tables["nps"]
    of = lambda table, stage, person: table.assign(person=table[person], stage=stage, value=np.nan)
    logs = [
        of(tables["events"], tables["events"]["stage"].str.strip().str.casefold().replace(WORDS), "contact_email"),
        of(tables["referrals"], "aware", "referred email"),
        of(tables["newsletter"], "subscribe", "e-mail"),
        shop,
        of(tables["onboarding"], "excite", "customer email"),
        of(reviews[number(reviews["stars"]) >= 4], "advocate", "reviewer email"),
        of(nps[number(nps["score"]) >= 9], "advocate", "email"),
        of(tables["referrals"], "promote", "referrer email"),
    ]
    log = pd.concat([log[["person", "stage", "product", "at", "value"]] for log in logs])
    log["person"] = log["person"].fillna("").astype(str).str.strip().str.casefold()
    log = log[(log["person"] != "") & log["stage"].isin(STAGES) & log["at"].notna()]
    log = log[log["at"] < (NOW + 1).start_time]
    return log.assign(month=log["at"].dt.to_period("M"), place=log["stage"].map(STAGES.index))


def metrics(tables: dict[str, pd.DataFrame], log: pd.DataFrame, scope: str | None) -> list[tuple[str, str, pd.Series]]:
    """Stage, name and months of each headline."""
    def of(name: str, *columns: str) -> pd.DataFrame:
        table = tables[name]
        table = table if scope is None else table[table["product"] == scope]
        table = table.assign(month=table["at"].dt.to_period("M"))
        return table.assign(**{column: number(table[column]) for column in columns})

    by = lambda table, column: table.groupby("month")[column].sum().reindex(MONTHS)
    web = of("web", "sessions", "engaged sessions", "key events", "total users")
    web = web[web["session medium"] != "internal"]
    ads = of("ads", "link clicks", "amount spent (usd)")
    shop = of("shop", "lineitem price")
    shop = shop[shop["financial status"] != "refunded"]
    reviews, nps = of("reviews", "stars"), of("nps", "score").dropna(subset="score")
    score = nps.assign(net=np.select([nps["score"] >= 9, nps["score"] <= 6], [100.0, -100.0], 0.0))
    people = lambda stage: log[log["stage"] == stage].groupby("month")["person"].nunique().reindex(MONTHS)
    revenue = log[log["stage"] == "ascend"].groupby("month")["value"].sum().reindex(MONTHS)
    found = [
        ("aware", "Sessions", by(web, "sessions")),
        ("aware", "Cost per click", by(ads, "amount spent (usd)") / by(ads, "link clicks")),
        ("engage", "Engagement rate", by(web, "engaged sessions") / by(web, "sessions")),
        ("subscribe", "Opt-in rate", by(web, "key events") / by(web, "total users")),
        ("convert", "Average order value", by(shop, "lineitem price") / shop.groupby("month")["name"].nunique().reindex(MONTHS)),
        ("ascend", "People", people("ascend")),
        ("ascend", "Step rate", people("advocate") / people("ascend")),
        ("ascend", "Revenue", revenue),
        ("advocate", "Review score", reviews.groupby("month")["stars"].mean().reindex(MONTHS)),
        ("advocate", "NPS", score.groupby("month")["net"].mean().reindex(MONTHS)),
    ]
    if scope is None:
        moves = of("onboarding")
        on_time = moves.assign(net=(moves["arrival"] == "on time").astype(float)).groupby("month")["net"].mean()
        found += [("excite", "On-time moves", on_time.reindex(MONTHS)), ("promote", "Referrals", people("promote"))]
    elif scope != "Storage":
        found += [("excite", "People", people("excite")), ("excite", "Step rate", people("ascend") / people("excite")), ("promote", "People", people("promote"))]
    return found


def journey(log: pd.DataFrame) -> dict[str, pd.Series]:
    """Per stage the first time of each person who came to no later stage before."""
    firsts = {stage: log[log["stage"] == stage].groupby("person")["at"].min() for stage in STAGES}
    reached, later = {}, pd.Series(dtype="datetime64[ns]")
    for stage in reversed(STAGES):
        times = firsts[stage]
        before = later.reindex(times.index)
        reached[stage] = times[~(before < times)]
        later = pd.concat([later, times]).groupby(level=0).min()
    return reached


def steps(reached: dict[str, pd.Series]) -> list[dict]:
    """Of each step: counts and rates by month of entry, and the days that it took."""
    found = []
    measured = [stage for stage in STAGES if len(reached[stage])]
    for stage, to in zip(measured, measured[1:]):
        window = WINDOWS[to]
        entered = reached[stage]
        days = (reached[to].reindex(entered.index) - entered).dt.total_seconds() / 86_400
        cohorts = pd.DataFrame({"month": entered.dt.to_period("M"), "went": (days >= 0) & (days <= window), "days": days})
        by = cohorts.groupby("month")["went"].agg(["sum", "count"]).reindex(MONTHS).fillna(0)
        n, p = by["count"].clip(lower=1), by["sum"] / by["count"].clip(lower=1)
        z = 1.959963984540054
        middle = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        found.append({"from": stage, "to": to, "by": by, "rate": p, "low": middle - half, "high": middle + half, "days": days.dropna(), "entered": entered, "window": window})
    return found


class Charts:
    """Figures of one scope as files, and as SVG for the page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.svgs: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def draw(self, name: str, size: tuple[float, float], paint) -> None:
        figure, axes = plt.subplots(figsize=(size[0] / 100, size[1] / 100), dpi=100)
        paint(axes)
        for edge in ("top", "right"):
            axes.spines[edge].set_visible(False)
        figure.tight_layout()
        figure.savefig(self.folder / f"{name}.svg")
        figure.savefig(self.folder / f"{name}.png", dpi=200)
        plt.close(figure)
        self.svgs.append((self.folder / f"{name}.svg").read_text())


SMALL, WIDE = (440, 256), (960, 444)
LABELS = [str(month) for month in MONTHS]


def charts_of(folder: Path, reached: dict, found: list[dict], headlines: list, by_product: dict | None) -> Charts:
    """All charts of one scope."""
    charts = Charts(folder)

    def bars(axes):
        counts = [len(reached[stage]) for stage in STAGES]
        axes.bar(STAGES, counts)
        for place, count in enumerate(counts):
            axes.text(place, count, f"{count:,}", ha="center", va="bottom")

    def heat(axes):
        grid = np.array([step["rate"].to_numpy() for step in found]).T
        axes.imshow(grid, aspect="auto", cmap="Blues")
        axes.set_yticks(range(len(MONTHS)), LABELS)
        axes.set_xticks(range(len(found)), [f"{step['from']} → {step['to']}" for step in found])
        for row in range(grid.shape[0]):
            for column, step in enumerate(found):
                went, count = step["by"].iloc[row]
                axes.text(column, row, f"{grid[row, column]:.1%}\n{went:.0f} of {count:.0f}", ha="center", va="center", fontsize=6)

    def bullets(axes):
        rows = [(name, series.iloc[-1], TARGETS[name]) for _, name, series in headlines if name in TARGETS]
        for place, (name, actual, target) in enumerate(rows):
            axes.barh(place, actual / target)
            axes.plot([1, 1], [place - 0.4, place + 0.4])
            axes.text(0, place + 0.4, f"{name}: {actual:.2f}, target {target}")

    charts.draw("journey", WIDE, bars)
    charts.draw("cohorts", (960, 660), heat)
    charts.draw("targets", (440, 480), bullets)
    for step in found:

        def rates(axes):
            errors = [step["rate"] - step["low"], step["high"] - step["rate"]]
            axes.errorbar(LABELS, step["rate"], yerr=np.abs(errors), fmt="o")
            axes.set_ylim(0)
            axes.set_xticks(LABELS[::4])

        def waiting(axes):
            now = step["entered"][step["entered"].dt.to_period("M") == NOW]
            took = np.sort(step["days"].reindex(now.index).dropna())
            left = 1 - np.arange(1, len(took) + 1) / max(len(now), 1)
            axes.step([0, *took], [1, *left], where="post")
            axes.set_xlim(0, step["window"])
            axes.set_ylim(0, 1)

        charts.draw(f"rates-{step['from']}", SMALL, rates)
        charts.draw(f"waiting-{step['from']}", SMALL, waiting)
    for stage, name, series in headlines:

        def trend(axes):
            usual = 2.66 * series.iloc[:-1].diff().abs().mean()
            mean = series.iloc[:-1].mean()
            axes.plot(LABELS, series)
            axes.axhspan(mean - usual, mean + usual, alpha=0.15)
            if name in TARGETS:
                axes.axhline(TARGETS[name], linestyle="--")
            axes.set_xticks(LABELS[::4])

        charts.draw(f"trend-{stage}-{name}", SMALL, trend)
    if by_product is not None:

        def beside(axes):
            for place, (name, rates) in enumerate(by_product.items()):
                axes.plot(range(len(rates)), rates, "o", label=name)
            axes.legend()

        charts.draw("products", (960, 300), beside)
        charts.draw("ladder", SMALL, lambda axes: axes.barh(list(by_product), [len(rates) for rates in by_product.values()]))
    return charts


def workbook(path: Path, reached: dict, found: list[dict], headlines: list, tables: dict[str, pd.DataFrame]) -> None:
    """The worksheet of one product: nine sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    bold, band = Font(bold=True), PatternFill("solid", fgColor="DDE6F0")

    def sheet(title: str, header: list, rows: list[list]):
        page = book.create_sheet(title)
        for row in [header, *rows]:
            page.append(row)
        for cell in page[1]:
            cell.font, cell.fill = bold, band
        page.freeze_panes = "A2"
        return page

    by_stage = [[stage, len(reached[stage])] for stage in STAGES]
    sheet("Journey", ["Stage", "People"], by_stage + [[s["from"], s["to"], float(s["rate"].iloc[-1]), s["days"].median()] for s in found])
    sheet("Scorecard", ["Stage", "Metric", "Actual", "Target", "Previous"], [[stage, name, float(series.iloc[-1]), TARGETS.get(name), float(series.iloc[-2])] for stage, name, series in headlines])
    sheet("Growth audit", ["Stage", "Metric", "Change"], [[stage, name, float(series.diff().iloc[-1])] for stage, name, series in headlines for _ in range(3)])
    trends = sheet("Trends", ["Metric", *LABELS], [[name, *map(float, series)] for _, name, series in headlines])
    for place in range(len(headlines)):
        chart = LineChart()
        chart.add_data(Reference(trends, min_col=1, max_col=1 + len(MONTHS), min_row=2 + place), titles_from_data=True, from_rows=True)
        trends.add_chart(chart, f"A{20 + 16 * place}")
    cohorts = [[s["from"], s["to"], str(month), *map(float, s["by"].loc[month]), float(s["rate"][month]), float(s["low"][month]), float(s["high"][month])] for s in found for month in MONTHS]
    sheet("Cohorts", ["From", "To", "Month", "Went", "Entered", "Rate", "Low", "High"], cohorts)
    sheet("Breakdowns", ["Stage", "People"], by_stage * 4)
    sheet("Value", ["What", "Value"], [[name, float(series.sum())] for _, name, series in headlines] * 3)
    sheet("Definitions", ["Name", "Meaning"], [[name, stage] for stage, name, _ in headlines] * 5)
    sheet("Data quality", ["Table", "Rows", "No time"], [[name, len(table), int(table["at"].isna().sum())] for name, table in tables.items()] * 11)
    book.save(path)


def main() -> None:
    client, out = Path(sys.argv[2]), Path(sys.argv[3])
    tables = read(client)
    log = touchpoints(tables)
    pages, number_of_charts, rates = [], 0, {}
    for scope in [*PRODUCTS, None]:
        own = log if scope is None else log[log["product"] == scope]
        reached = journey(own)
        found = steps(reached)
        headlines = metrics(tables, own, scope)
        name = "overall" if scope is None else scope.casefold().replace(" ", "-")
        rates[scope] = [step["rate"].iloc[-1] for step in found]
        charts = charts_of(out / "charts" / name, reached, found, headlines, {key: value for key, value in rates.items() if key} if scope is None else None)
        number_of_charts += len(charts.svgs)
        pages.append(f"<h2>{name}</h2>" + "".join(charts.svgs))
        if scope is not None:
            workbook(out / f"{name}.xlsx", reached, found, headlines, tables)
    (out / "report.html").write_text("<!doctype html><title>Northwind</title>" + "".join(pages))
    reached = log.groupby(["product", "stage"])["person"].nunique()
    anywhere = log.groupby("stage")["person"].nunique()
    money = log[log["month"].isin(MONTHS)].dropna(subset="value")
    by = money.groupby(["product", "stage", "month"])["value"].sum()
    overall = money.groupby(["stage", "month"])["value"].sum()
    revenue = [(*key, value) for key, value in by.items()] + [("all", *key, value) for key, value in overall.items()]
    people = [(*key, count) for key, count in reached.items()] + [("all", stage, count) for stage, count in anywhere.items()]
    answer = totals_answer([(p, s, str(m), round(v, 2)) for p, s, m, v in revenue], people) | {"charts": number_of_charts}
    (out / "report.json").write_text(json.dumps(answer))
    print(json.dumps(answer))


if sys.argv[1] == "version":
    print(pd.__version__)
else:
    main()
