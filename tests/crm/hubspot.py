"""What report.json has to say of a HubSpot portal, from its records as the lists of API version 3 give them.

The meanings are those of the plugin's documented defaults: Subscribe is a contact's creation, Advocate the day it became an evangelist, Convert a
person's first closed-won deal of a product and Ascend each later one; products and money are the line items', else the deal's own amount. A deal
is its primary contact's, else the one's with the least id; a person is an e-mail address, else the record.
"""

from __future__ import annotations

import json
import urllib.request
from collections import defaultdict
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Iterator

from journeys import Client, Row, Touch, occurrences, scope

PRODUCTS = ["Basic course", "Master class", "Coaching, 1:1", "Café „Größe“ kit"]
CURRENCY = "EUR"
METRICS = {"E-mail clicks": "engage", "Campaign sessions": "aware", "New contacts by first touch": "aware"}


class Portal:
    """A portal over HTTP."""

    def __init__(self, url: str, token: str):
        self.url, self.token = url, token

    def call(self, path: str, body: object = None) -> dict:
        """One request's answer."""
        headers = {"authorization": f"Bearer {self.token}", "content-type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(urllib.request.Request(self.url + path, data, headers)) as answer:
            return json.load(answer)

    def listed(self, path: str) -> Iterator[dict]:
        """A list, page after page."""
        after = ""
        while True:
            page = self.call(f"{path}{'&' if '?' in path else '?'}limit=100{after}")
            yield from page["results"]
            if "paging" not in page:
                return
            after = f"&after={page['paging']['next']['after']}"

    def records(self, kind: str, *properties: str) -> dict[str, dict[str, str | None]]:
        """The properties of a kind's records by id."""
        listed = self.listed(f"/crm/v3/objects/{kind}?properties={','.join(properties)}")
        return {record["id"]: record["properties"] for record in listed}

    def associated(self, deals: list[str], kind: str) -> dict[str, list[tuple[bool, str]]]:
        """What deals are associated with: whether it is the primary one, and its id."""
        found = defaultdict(list)
        for start in range(0, len(deals), 100):
            inputs = [{"id": deal} for deal in deals[start : start + 100]]
            for one in self.call(f"/crm/v4/associations/deals/{kind}/batch/read", {"inputs": inputs})["results"]:
                for to in one["to"]:
                    primary = any(label["label"] == "Primary" for label in to["associationTypes"])
                    found[one["from"]["id"]].append((primary, str(to["toObjectId"])))
        return found


def moment(text: str) -> datetime:
    """HubSpot's moments are in UTC."""
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def money(amount: str | None, currency: str | None) -> Decimal | None | bool:
    """An amount; `False` if it is one in another currency, which is rejected."""
    if not amount:
        return None
    return Decimal(amount) if currency == CURRENCY else False


def months_of(first: date, last: date) -> Iterator[tuple[date, date]]:
    """The first and the last day of each month."""
    month = first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=31)).replace(day=1)
        yield month, following - timedelta(days=1)
        month = following


def expected(url: str, token: str, client: Client) -> dict[str, object]:
    """The numbers of every scope, the metrics, and how many rows were there."""
    portal = Portal(url, token)
    contacts = portal.records("contacts", "email", "createdate", "hs_lifecyclestage_evangelist_date")
    deals = portal.records("deals", "hs_is_closed_won", "closedate", "amount", "deal_currency_code")
    items = portal.records("line_items", "name", "amount", "hs_line_item_currency_code")
    buyers, sold = portal.associated(list(deals), "contacts"), portal.associated(list(deals), "line_items")

    def person(contact: str) -> str:
        email = (contacts.get(contact, {}).get("email") or "").strip().lower()
        return email or f"crm:{contact}"

    def buyer(deal: str) -> str | None:
        primary = [contact for is_primary, contact in buyers[deal] if is_primary]
        everybody = [contact for _, contact in buyers[deal]]
        return person(min(primary or everybody)) if everybody else None

    with_items, without = [], []
    dates_of_items, dates_of_deals = [], []
    for deal, properties in deals.items():
        if properties["hs_is_closed_won"] != "true" or not properties["closedate"]:
            continue
        at, who = moment(properties["closedate"]), buyer(deal)
        if sold[deal]:
            lines = [items[item] for _, item in sold[deal] if item in items]
            parts = [(line["name"], money(line["amount"], line["hs_line_item_currency_code"])) for line in lines]
            rows, dates = with_items, dates_of_items
        else:
            parts = [(None, money(properties["amount"], properties["deal_currency_code"]))]
            rows, dates = without, dates_of_deals
        dates.extend(at for _ in parts)
        rows.extend(Row(who, at, product, deal, amount) for product, amount in parts if who is not None and amount is not False)

    created = [(person(contact), moment(values["createdate"])) for contact, values in contacts.items()]
    praised = [
        (person(contact), moment(values["hs_lifecyclestage_evangelist_date"]))
        for contact, values in contacts.items()
        if values["hs_lifecyclestage_evangelist_date"]
    ]
    touches = [Touch(who, at, stage, None, None) for stage, known in ((0, created), (3, praised)) for who, at in known if at < client.as_of]
    touches += occurrences(with_items, client, 1, 2) + occurrences(without, client, 1, 2)
    moments = [at for _, at in created + praised]
    everything = {0: [moments], 1: [dates_of_items, dates_of_deals], 2: [dates_of_items, dates_of_deals], 3: [moments]}
    scopes = {"overall": scope(touches, everything, client)}
    for product in client.products:
        scopes[product] = scope([touch for touch in touches if touch.product == product], {1: [dates_of_items], 2: [dates_of_items]}, client)
    return {
        "scopes": scopes,
        "metrics": metrics(portal, client),
        "rows": {
            "contacts": len(contacts),
            "deals": len(deals),
            "line_items": len(items),
            "deal_contacts": sum(map(len, buyers.values())),
            "deal_line_items": sum(map(len, sold.values())),
        },
    }


def metrics(portal: Portal, client: Client) -> dict[str, dict[str, int]]:
    """What marketing counts, by month."""
    sums = {name: {label: 0 for label, _, _ in client.periods} for name in METRICS}
    for email in portal.listed("/marketing/v3/emails?includeStats=true"):
        for label, start, end in client.periods:
            if start <= moment(email["publishedAt"]) < min(end, client.as_of):
                sums["E-mail clicks"][label] += email["stats"]["counters"]["click"]
    for campaign in portal.listed("/marketing/v3/campaigns?properties=hs_start_date,hs_end_date"):
        begins = date.fromisoformat(min(campaign["properties"]["hs_start_date"], campaign["createdAt"][:10]))
        for first, last in months_of(begins, client.as_of.date()):
            label = f"{first:%Y-%m}"
            if label not in sums["Campaign sessions"]:
                continue
            counted = portal.call(f"/marketing/v3/campaigns/{campaign['id']}/reports/metrics?startDate={first}&endDate={last}")
            sums["Campaign sessions"][label] += counted["sessions"]
            sums["New contacts by first touch"][label] += counted["newContactsFirstTouch"]
    return sums
