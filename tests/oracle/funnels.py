"""Random touchpoint logs of thousands of people who walk a journey: `funnels.py --seed N --people 3000 --out DIR` writes cvj.toml,
exports/*.csv and truth.json, what the oracle reads.

What a client has, and in which ways its dates lie, is drawn from the seed: sources with touchpoints by a fixed stage, by a column and by
occurrence, dates without a time, clock changes, imports, badge scans, orders with refunds, dates in the future, several stages at one
moment, backward moves, people who start late or skip, products with missing stages, and a stage that a CRM says people are at.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from clock import DAY, EPOCH, Period, instant_of, local_date, midnight
from exports import Style, Table, local_time, spoil, write
from rows import STAGES, VARIANTS

SECOND = 1_000_000


@dataclass(frozen=True)
class Setting:
    """What the first seeds differ in; later seeds draw it."""

    zone: str
    kind: str
    history: int
    follow_up: str
    """How long after the reported period: `end`, `days`, `months`, `incomplete`, or to the end of the `data`."""
    unreached: tuple[int, ...] = ()
    """Stages that nobody reaches."""
    forgotten: bool = False
    """Whether the shop's export of one period is missing, while the log has orders of that period, too."""
    timed: bool = True
    """Whether any export has times; else all have days only, and none of them can be doubted."""


SETTINGS = [
    Setting("UTC", "month", 13, "days"),
    Setting("America/Chicago", "week", 14, "end"),
    Setting("Europe/Berlin", "month", 9, "months", unreached=(4,)),
    Setting("Australia/Lord_Howe", "quarter", 6, "incomplete"),
    Setting("America/St_Johns", "week", 12, "days", forgotten=True),
    Setting("America/Chicago", "month", 12, "months", timed=False),
]
ZONES = ["UTC", "America/Chicago", "Europe/Berlin", "Australia/Lord_Howe", "America/St_Johns", "America/Santiago", "America/Havana"]
FOLLOW_UPS = ["end", "days", "days", "months", "incomplete", "data"]
PERIOD_DAYS = {"week": 7, "month": 30, "quarter": 91}
WINDOWS = {"week": [1, 2, 3, 5, 7, 10, 14, 21], "month": [5, 7, 14, 30, 30, 45, 60, 90], "quarter": [7, 14, 30, 30, 60, 90, 180]}
RATES = [0.6, 0.55, 0.45, 0.75, 0.4, 0.35, 0.45]
"""How many go on from each stage to the next, about."""

CAMPAIGNS = ["Spring", "spring", "Frühling & Co", 'The "big" one', "a, b; c", "Ñandú", "x"]
PRODUCTS = [("Alpha", ["alpha*"]), ("Beta Box", ["box"]), ("Gamma", []), ("Nobody's", [])]
SPELLINGS = {"Alpha": ["Alpha", " ALPHA", "alpha-2"], "Beta Box": ["Beta Box", "box"], "Gamma": ["Gamma", "gamma "]}
MISSING = {"Gamma": {1, 4}}
"""Stages that nobody of a product reaches."""


@dataclass
class Event:
    """A person at a stage at a moment, before it is written anywhere."""

    person: str
    stage: int
    at: int
    product: str | None
    channel: str | None
    campaign: str | None
    wall: datetime | None = None
    """A local time instead, that a clock change skips or repeats."""


class Funnel:
    """One seed's random client."""

    def __init__(self, seed: int, people: int) -> None:
        self.rng = rng = random.Random(seed)
        drawn = Setting(rng.choice(ZONES), rng.choice(list(PERIOD_DAYS)), rng.randint(1, 14), rng.choice(FOLLOW_UPS))
        drawn = replace(drawn, unreached=rng.choice([(), (), (4,), (6, 7), (2,)]), forgotten=rng.random() < 0.2, timed=rng.random() < 0.9)
        self.setting = setting = SETTINGS[seed - 1] if 0 < seed <= len(SETTINGS) else drawn
        self.zone = ZoneInfo(setting.zone)
        self.reported = Period.containing(setting.kind, date(2023, 9, 1) + timedelta(days=rng.randrange(500)))
        self.periods = [self.reported.shifted(back) for back in range(1 - setting.history, 1)]
        self.as_of, self.as_of_text = self.end_of_follow_up()
        self.begin = midnight(self.periods[0].start, self.zone) - rng.choice([0, 20, 60]) * DAY
        self.windows = self.draw_windows()
        self.declared = 0 < seed <= 3 or rng.random() < 0.7
        self.channels = [f"channel {number}" for number in range(rng.choice([1, 3, 4, 12]))]
        extra = [f"{number}" for number in range(101, 101 + rng.choice([0, 1, 3, 14, 23]))]
        # Numbers only, or enough names that the column is one of texts.
        self.campaigns = CAMPAIGNS[: rng.choice([0, 3, 5, 7]) if extra else rng.randint(1, 7)] + extra
        self.drift = self.draw_drift()
        self.silent = self.draw_silence()
        self.people = people
        self.events: list[Event] = []

    def end_of_follow_up(self) -> tuple[int, str | None]:
        """`as_of` and how cvj.toml says it: now and then not at all, and it is where the data ends."""
        rng = self.rng
        start, end = midnight(self.reported.start, self.zone), midnight(self.reported.end, self.zone)
        if self.setting.follow_up == "end":
            return end, self.reported.end.isoformat()
        if self.setting.follow_up == "days":
            at = end + rng.randint(1, 20) * DAY + rng.choice([0, 0, 3600 * 7 * SECOND, DAY // 2])
        elif self.setting.follow_up == "data":
            return end + rng.randint(-5, 30) * DAY, None
        elif self.setting.follow_up == "months":
            at = end + rng.randint(90, 420) * DAY
        else:
            at = start + (end - start) * rng.randint(2, 9) // 10 // (60 * SECOND) * (60 * SECOND)
        moment = EPOCH + timedelta(microseconds=at)
        written = moment.astimezone(rng.choice([self.zone, timezone.utc, timezone(timedelta(hours=5, minutes=30))]))
        return at, written.isoformat()

    def draw_windows(self) -> dict[str, int]:
        """Some configured windows, of no day and of more than a year, too."""
        rng = self.rng
        found = {stage: rng.choice(WINDOWS[self.setting.kind]) for stage in STAGES[1:] if rng.random() < 0.8}
        if rng.random() < 0.4:
            found[rng.choice(STAGES[5:])] = 400
        if rng.random() < 0.3:
            found[rng.choice(STAGES[1:])] = 0
        return found

    def window(self, stage: int) -> int:
        """Days that people need about to get to a stage."""
        return self.windows.get(STAGES[stage], 30)

    def draw_drift(self) -> dict[tuple[int, int], float]:
        """How good the periods were for every step: mostly as always, some much better; the newest two differ."""
        rng = self.rng
        drift = {(stage, number): rng.choice([1, 1, 1, 1.15, 0.85]) for stage in range(7) for number in range(len(self.periods))}
        for stage in range(7):
            fate = rng.choice(["better once", "fell", "rose", "steady"])
            last = len(self.periods) - 1
            if fate == "better once":
                drift[stage, rng.randrange(len(self.periods))] = 1.7
            elif fate == "fell":
                drift[stage, last] = 0.45
            elif fate == "rose" and last > 0:
                drift[stage, last] = 1.4
                drift[stage, last - 1] = 0.5
        return drift

    def draw_silence(self) -> dict[str, tuple[int, int]]:
        """Stretches in which a source has no row: an export that ends early, or one that was forgotten."""
        rng = self.rng
        found = {}
        for source in ("shop", "visits"):
            if rng.random() < 0.35 or (self.setting.forgotten and source == "shop"):
                period = rng.choice([self.periods[len(self.periods) // 2 if self.setting.forgotten else -1], rng.choice(self.periods)])
                found[source] = (midnight(period.start, self.zone) - DAY, midnight(period.end, self.zone) + DAY)
        return found

    # People

    def walk_all(self) -> None:
        """Everybody's events, and what goes wrong with their dates."""
        rng = self.rng
        last = self.as_of + (25 * DAY if self.as_of_text else 0)
        recent = midnight(self.periods[-2 if len(self.periods) > 1 else -1].start, self.zone)
        for number in range(self.people):
            begin = recent if rng.random() < 0.25 else self.begin
            at = rng.randrange(begin // SECOND, last // SECOND) * SECOND
            self.walk(f"p{number}@example.com", at)
        if self.as_of_text is None:
            self.events = [event for event in self.events if event.at < self.as_of]
        self.events = [event for event in self.events if event.at < last]
        self.import_some()
        self.change_clocks()
        rng.shuffle(self.events)

    def walk(self, person: str, at: int) -> None:
        """One person's journey, of one product or two."""
        rng = self.rng
        channel = rng.choice(self.channels[: max(1, len(self.channels) * 2 // 3)]) if rng.random() < 0.85 else None
        product: str | None = rng.choice(["Alpha", "Alpha", "Beta Box", "Gamma"])
        stage = 0 if rng.random() < 0.85 else rng.randrange(1, 7)
        if rng.random() < 0.05:
            product = rng.choice(["Old thing", None])
        for _ in range(2 if rng.random() < 0.15 else 1):
            self.walk_from(person, stage, at, product, channel)
            product, stage = rng.choice(list(SPELLINGS)), rng.choice([0, 3])
            at += rng.randrange(40) * DAY

    def walk_from(self, person: str, stage: int, at: int, product: str | None, channel: str | None) -> None:
        """From a stage on, forward for the most part."""
        rng = self.rng
        while True:
            if stage not in {*MISSING.get(product or "", set()), *self.setting.unreached}:
                now = channel if rng.random() < 0.8 else rng.choice([*self.channels, None])
                campaign = rng.choice(self.campaigns) if rng.random() < 0.6 else None
                self.events.append(Event(person, stage, at, product, now, campaign))
                if rng.random() < 0.08:
                    self.events.append(Event(person, stage, at + rng.choice([0, 0, DAY, 3 * DAY]), product, None, campaign))
                if rng.random() < 0.05:
                    back = rng.randrange(stage + 1)
                    self.events.append(Event(person, back, at + rng.choice([0, 1, 4]) * DAY, product, channel, None))
            number = next((n for n, period in enumerate(self.periods) if period.holds(at, self.zone)), None)
            luck = RATES[stage] * (self.drift[stage, number] if number is not None else 1) if stage < 7 else 0
            if rng.random() >= luck:
                return
            stage += 1
            at += self.lag(stage)
            if rng.random() < 0.12 and stage < 7:
                stage += 1

    def lag(self, stage: int) -> int:
        """From one stage to the next: often exactly the window, sometimes a second more, sometimes nothing."""
        rng = self.rng
        days = min(self.window(stage), PERIOD_DAYS[self.setting.kind] * 2)
        luck = rng.random()
        if luck < 0.06:
            return 0
        if luck < 0.12:
            return self.window(stage) * DAY + rng.choice([0, 0, SECOND])
        if luck < 0.16:
            return rng.randint(0, 5) * DAY
        return int(rng.expovariate(1 / max(days * 0.35, 0.3)) * DAY) // SECOND * SECOND

    def import_some(self) -> None:
        """Moves events of one stage into one minute: enough to be an import, and just too few."""
        rng = self.rng
        sizes = rng.sample([0, 19, 20, 21, rng.randint(25, 200), rng.randint(25, 200)], 4)
        for size in sizes + [20, 20, 25, 30] * rng.choice([0, 0, 0, 1]):
            stage = rng.choice([1, 1, 2, 5])
            minute = rng.randrange(self.begin // (60 * SECOND), self.as_of // (60 * SECOND)) * 60 * SECOND
            if rng.random() < 0.3:
                # The first minute of a day, where an event without seconds has no time at all.
                minute = midnight(local_date(minute, self.zone), self.zone)
            candidates = [event for event in self.events if event.stage == stage]
            for event in rng.sample(candidates, min(size, len(candidates))):
                event.at = minute + rng.choice([0, 0, rng.randrange(60)]) * SECOND

    def change_clocks(self) -> None:
        """Gives some events local times that a clock change skips or repeats, or that are a period's first or last."""
        rng = self.rng
        walls = []
        day = local_date(self.begin, self.zone)
        while midnight(day, self.zone) < self.as_of:
            length = midnight(day + timedelta(days=1), self.zone) - midnight(day, self.zone)
            if length != DAY:
                walls += [datetime(day.year, day.month, day.day) + timedelta(minutes=m) for m in (0, 30, 75, 90, 105, 130, 150, 180)]
            day += timedelta(days=1)
        edges = [datetime(period.start.year, period.start.month, period.start.day) for period in self.periods]
        walls += edges + [edge - timedelta(seconds=1) for edge in edges]
        for event in rng.sample(self.events, min(len(self.events) // 50, 150)):
            event.wall = rng.choice(walls)

    # Exports

    def wall(self, event: Event) -> datetime:
        """The local time of an event."""
        return event.wall or (EPOCH + timedelta(microseconds=event.at)).astimezone(self.zone).replace(tzinfo=None)

    def heard(self, source: str, event: Event) -> bool:
        """Whether a source has a row for an event."""
        start, end = self.silent.get(source, (0, 0))
        at = instant_of(self.wall(event).replace(tzinfo=self.zone))
        return not start <= at < end

    def spelt(self, event: Event) -> tuple[str, str | None]:
        """Person and product as people type them."""
        rng = self.rng
        person = rng.choice([event.person, event.person, event.person.upper(), f" {event.person}"])
        return person, rng.choice(SPELLINGS.get(event.product, [event.product])) if event.product else None

    def written(self, style: Style, event: Event) -> dict[str, str]:
        """The cell of an event's time."""
        return local_time(self.rng, style, self.wall(event), self.zone)

    def style(self, times: list[str]) -> Style:
        """How an export is written, its times in one of these ways."""
        style = Style.drawn(self.rng)
        style.time = self.rng.choice(times) if self.setting.timed else "iso day"
        return style

    def crm(self, stages: set[int]) -> Table:
        """A log that names the stage in a column, with the stage that people are at now."""
        rng = self.rng
        style = self.style(["iso", "iso space", "zoned", "european"])
        columns = ["contact", "stage", "happened_at", "product", "channel", "campaign", "amount", "lifecycle"]
        table = Table("crm", columns, style, files=rng.choice([1, 2]))
        furthest: dict[str, int] = {}
        for event in self.events:
            furthest[event.person] = max(event.stage, furthest.get(event.person, 0))
        for event in self.events:
            if event.stage in stages:
                person, product = self.spelt(event)
                now: str | None = rng.choice([STAGES, VARIANTS])[furthest[event.person]].upper()
                if rng.random() < 0.1:
                    now = rng.choice([None, "Nurture", *VARIANTS, f" {STAGES[2]}"])
                row: dict[str, Any] = {"contact": person, "stage": rng.choice([STAGES, VARIANTS])[event.stage].title(), "product": product}
                row |= {"happened_at": self.written(style, event), "channel": event.channel, "campaign": event.campaign}
                row |= {"amount": self.money() if event.stage >= 5 and rng.random() < 0.5 else None, "lifecycle": now}
                if rng.random() < 0.005:
                    row[rng.choice(["contact", "stage"])] = rng.choice([None, "  "])
                if rng.random() < 0.01:
                    row["channel"] = "  "
                table.rows.append(row)
        spoil(rng, table, ["happened_at", "amount"])
        return table

    def visits(self) -> Table:
        """First visits: days without a time, half of the clients."""
        rng = self.rng
        style = self.style(["iso day", "iso day", "iso", "us"])
        table = Table("visits", ["visitor", "day", "landing", "channel"], style)
        for event in self.events:
            if event.stage == 0 and self.heard("visits", event):
                person, product = self.spelt(event)
                channel = f" {event.channel}" if event.channel and rng.random() < 0.3 else event.channel
                table.rows.append({"visitor": person, "day": self.written(style, event), "landing": product, "channel": channel})
        return table

    def shop(self) -> Table:
        """Orders, a row per line; refunds are orders of their own, or lines."""
        rng = self.rng
        style = self.style(["iso", "zoned", "iso day"])
        table = Table("shop", ["order_id", "email", "created_at", "item", "amount", "campaign"], style)
        for number, event in enumerate(self.events):
            if event.stage in (3, 5) and self.heard("shop", event):
                person, product = self.spelt(event)
                for line in range(rng.choice([1, 1, 1, 2, 3])):
                    row: dict[str, Any] = {"order_id": f"R{number}" if rng.random() > 0.02 else None, "email": person, "item": product}
                    if line and rng.random() < 0.2:
                        row["item"] = rng.choice(SPELLINGS["Beta Box"])
                    row |= {"created_at": self.written(style, event), "amount": self.money(), "campaign": event.campaign}
                    table.rows.append(row)
        return table

    def scans(self) -> Table:
        """Badge scans of a day or two, so many that only the fullest minutes stand out; the emptiest of these by a hair."""
        rng = self.rng
        table = Table("scans", ["badge", "scanned_at"], Style(time="iso"))
        day = datetime.combine(self.periods[-1].start, datetime.min.time()) + timedelta(days=1)
        sizes = {600: 21, 605: 20, 611: 22, 617: 40}
        # 21 in one minute are just ten times as many as a minute has: 3,024 in a day (of 1,440 minutes), or 4,200 in 2,000 minutes.
        total, last = rng.choice([(3024, 1080), (4200, 480 + 2000)])
        # None in the first minute of the next day, in which some would have no time.
        others = [minute for minute in range(480, last) if minute not in sizes and minute != 1440]
        minutes = [minute for minute, size in sizes.items() for _ in range(size)]
        minutes += [others[number % len(others)] for number in range(total - len(minutes))]
        for minute in minutes:
            person = f"p{rng.randrange(self.people * 2)}@example.com"
            moment = day + timedelta(minutes=minute, seconds=rng.randrange(60))
            table.rows.append({"badge": person, "scanned_at": {"time": moment.isoformat()}})
        for _ in range(30):
            table.rows.append({"badge": f"p{rng.randrange(self.people)}@example.com", "scanned_at": {"time": day.isoformat()}})
        return table

    def money(self) -> dict[str, str]:
        """An amount with cents; some are refunds."""
        cents = int(self.rng.lognormvariate(8.5, 1.2))
        return {"number": f"{'-' if self.rng.random() < 0.06 else ''}{cents // 100}.{cents % 100:02}"}

    # Configuration

    def client(self, out: Path) -> None:
        """Draws the events, and writes everything."""
        rng = self.rng
        self.walk_all()
        with_visits, with_shop = rng.random() < 0.8, rng.random() < 0.75 or self.setting.forgotten
        stages = set(range(8)) - ({0} if with_visits else set())
        if with_shop and not self.setting.forgotten and rng.random() < 0.7:
            stages -= {3, 5}
        tables = [self.crm(stages)]
        definitions = self.crm_definitions()
        if with_visits:
            tables.append(self.visits())
            definitions += self.visits_definitions()
        if with_shop:
            tables.append(self.shop())
            definitions += self.shop_definitions()
        if self.setting.timed and self.setting.follow_up != "incomplete" and rng.random() < 0.35:
            tables.append(self.scans())
            definitions.append(touchpoint("scans", "engage", "badge", "scanned_at"))
        targets = {
            STAGES[stage]: f"{min(1, rate * rng.choice([0.4, 0.7, 1, 1.3])):.2f}"
            for stage, rate in enumerate(RATES, start=1)
            if rng.random() < 0.5
        }
        views = self.paid_orders(definitions) if with_shop and rng.random() < 0.25 else []
        (out / "exports").mkdir(parents=True, exist_ok=True)
        sources = [(table.name, write(table, out / "exports"), table.style.config()) for table in tables]
        (out / "cvj.toml").write_text(self.toml(sources, views, definitions, targets), encoding="utf-8")
        truth = {
            "timezone": self.setting.zone,
            "period": self.setting.kind,
            "history": self.setting.history,
            "as_of": self.as_of_text,
            "asked_period": self.reported.label,
            "windows": self.windows,
            "targets": targets,
            "products": [{"name": name, "aliases": aliases} for name, aliases in PRODUCTS] if self.declared else [],
            "tables": [
                {"source": table.name, "table": table.name, "types": table.types(), "rows": [blanks_emptied(row) for row in table.rows]}
                for table in tables
            ],
            "views": views,
            "definitions": definitions,
        }
        (out / "truth.json").write_text(json.dumps(truth, ensure_ascii=False), encoding="utf-8")

    def crm_definitions(self) -> list[dict[str, Any]]:
        """The log's touchpoints, those of one channel once more as another stage's, and a metric that should fall."""
        rng = self.rng
        log = touchpoint("crm", {"column": "stage"}, "contact", "happened_at", "product")
        log["by"] = rng.choice([["channel", "campaign"], ["channel", "campaign"], ["channel"], ["lower(campaign)"], []])
        if rng.random() < 0.5:
            log["value"] = "amount"
        if rng.random() < 0.8:
            log["current"] = "lifecycle"
        goal = rng.choice([500, 2000])
        found = [log, metric("crm", "engage", "Log entries", "happened_at", "product", good="down", headline=True, target=goal)]
        if rng.random() < 0.5:
            found.append(metric("crm", "promote", "Mentions", "happened_at", None, good="up", headline=rng.random() < 0.8))
        if rng.random() < 0.4 and 4 not in self.setting.unreached and len(self.channels) > 1:
            where = {"op": "=", "column": "channel", "text": "channel 0", "sql": "channel = 'channel 0'"}
            again = touchpoint("crm", "excite", "contact", "happened_at", "product") | {"where": where, "occurrence": "later"}
            found.append(again)
        return found

    def visits_definitions(self) -> list[dict[str, Any]]:
        """First visits, perhaps without their product."""
        product = "landing" if self.rng.random() < 0.8 else None
        goal = self.rng.choice([60, 150, 260])
        return [
            touchpoint("visits", "aware", "visitor", "day", product) | {"by": self.rng.choice([["channel"], []])},
            metric("visits", "aware", "Visits", "day", product, good="up", headline=True, target=goal),
        ]

    def shop_definitions(self) -> list[dict[str, Any]]:
        """The first order is Convert, later ones are Ascend."""
        common = touchpoint("shop", "convert", "email", "created_at", "item") | {"value": "amount", "order": "order_id"}
        common["by"] = self.rng.choice([["campaign"], []])
        found = [common | {"occurrence": "first"}, common | {"stage": "ascend", "occurrence": "later"}]
        if self.rng.random() < 0.5:
            goal = self.rng.choice([20, 60])
            found.append(metric("shop", "convert", "Lines", "created_at", "item", good="up", headline=True, target=goal))
        return found

    @staticmethod
    def paid_orders(definitions: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A view without refunds, which the definitions over orders read instead."""
        for definition in definitions:
            if definition["source"] == "shop":
                definition |= {"source": "paid", "table": "paid"}
        where = {"op": ">=", "column": "amount", "number": "0"}
        part = {"source": "shop", "table": "shop", "where": where}
        return [{"name": "paid", "sql": "SELECT * FROM shop WHERE amount >= 0", "parts": [part]}]

    def toml(
        self,
        sources: list[tuple[str, str, list[str]]],
        views: list[dict[str, Any]],
        definitions: list[dict[str, Any]],
        targets: dict[str, str],
    ) -> str:
        """The client's configuration."""
        setting = self.setting
        lines = ["[client]", 'name = "Random funnel"', 'currency = "EUR"', f'timezone = "{setting.zone}"', ""]
        lines += ["[report]", f'period = "{setting.kind}"', f"history = {setting.history}"]
        lines += [f'as_of = "{self.as_of_text}"'] if self.as_of_text else []
        for name, aliases in PRODUCTS if self.declared else []:
            lines += ["", "[[product]]", f'name = "{name}"', f"aliases = {json.dumps(aliases)}"]
        for name, path, config in sources:
            lines += ["", f"[source.{name}]", 'plugin = "csv"', f'path = "{path}"', *config]
        for view in views:
            lines += ["", f"[table.{view['name']}]", f"sql = {json.dumps(view['sql'])}"]
        for definition in definitions:
            lines += ["", *definition_lines(definition)]
        lines += ["", "[window]", *(f"{stage} = {days}" for stage, days in self.windows.items())]
        lines += ["", "[target]", *(f"{stage} = {rate}" for stage, rate in targets.items())]
        return "\n".join(lines) + "\n"


def touchpoint(source: str, stage: Any, person: str, at: str, product: str | None = None) -> dict[str, Any]:
    """A touchpoint definition."""
    found = {"kind": "touchpoint", "source": source, "table": source, "stage": stage, "person": person, "at": at}
    return found | ({"product": {"column": product}} if product else {})


def metric(source: str, stage: str, name: str, at: str, product: str | None, **more: Any) -> dict[str, Any]:
    """A count of a table's rows."""
    found = {"kind": "metric", "source": source, "table": source, "stage": stage, "name": name, "at": at, "unit": "count", **more}
    return found | {"value": {"function": "count"}} | ({"product": {"column": product}} if product else {})


def definition_lines(definition: dict[str, Any]) -> list[str]:
    """A definition as cvj.toml has it."""
    stage = definition["stage"]
    named = json.dumps(stage) if isinstance(stage, str) else f'{{ column = "{stage["column"]}" }}'
    lines = [f"[[{definition['kind']}]]", f'from = "{definition["source"]}"', f"stage = {named}", f'at = "{definition["at"]}"']
    lines += [f'product = "{definition["product"]["column"]}"'] if definition.get("product") else []
    lines += ['value = "count(*)"'] if definition["kind"] == "metric" else []
    lines += [f'where = "{definition["where"]["sql"]}"'] if definition.get("where") else []
    keys = ["name", "unit", "good", "headline", "target"]
    if definition["kind"] == "touchpoint":
        keys = ["person", "value", "occurrence", "order", "by", "current"]
    return lines + [f"{key} = {json.dumps(definition[key])}" for key in keys if definition.get(key)]


def blanks_emptied(row: dict[str, Any]) -> dict[str, Any]:
    """A row whose cells of nothing but blanks are empty."""
    return {column: None if isinstance(cell, str) and not cell.strip() else cell for column, cell in row.items()}


def generate(seed: int, people: int, out: Path) -> None:
    """Writes the client of a seed."""
    Funnel(seed, people).client(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--people", type=int, default=3000)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    generate(arguments.seed, arguments.people, arguments.out)
