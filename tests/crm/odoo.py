"""What report.json has to say of an Odoo, from its emulator's records as they are stored, by neither of its protocols.

The meanings are those of the plugin's documented defaults: Subscribe is a lead's creation, Convert a person's first confirmed order of a product and
Ascend each later one; products and money are the order's lines. A person is the partner's e-mail address, else the lead's, else the record.
"""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime, timezone
from decimal import Decimal

from journeys import Client, Row, Touch, occurrences, scope

PRODUCTS = ["Local move", "Storage", "Packing service"]
CURRENCY = "USD"
METRICS = {"Mailing clicks": "engage"}


def records(url: str, model: str) -> dict[int, dict]:
    """The records of a model by id."""
    with urllib.request.urlopen(f"{url}/_truth/{model}") as answer:
        return {record["id"]: record for record in json.load(answer)}


def moment(microseconds: int) -> datetime:
    """Odoo shows whole seconds."""
    return datetime.fromtimestamp(microseconds // 1_000_000, timezone.utc)


def first(*values: object) -> str | None:
    """The first value that there is."""
    return next((str(value).strip().lower() for value in values if value), None)


def expected(url: str, _key: str, client: Client) -> dict[str, object]:
    """The numbers of every scope, the metrics, and how many rows were there."""
    partners, leads = records(url, "res.partner"), records(url, "crm.lead")
    orders, lines, products = records(url, "sale.order"), records(url, "sale.order.line"), records(url, "product.product")

    def buyer(partner: int) -> str:
        known = partners[partner]
        return first(known.get("email_normalized"), known.get("email")) or f"odoo:partner:{partner}"

    def person(lead: int, known: dict) -> str:
        partner = partners.get(known.get("partner_id"), {})
        addresses = [partner.get("email_normalized"), partner.get("email"), known.get("email_normalized"), known.get("email_from")]
        return first(*addresses) or (f"odoo:partner:{partner['id']}" if partner else f"odoo:lead:{lead}")

    created = [(person(lead, known), moment(known["create_date"])) for lead, known in leads.items()]
    sold = []
    for line in lines.values():
        order = orders[line["order_id"]]
        if order["state"] in ("sale", "done") and line.get("product_id"):
            amount = Decimal(str(line["price_subtotal"]))
            name = products[line["product_id"]]["name"]
            sold.append(Row(buyer(order["partner_id"]), moment(order["date_order"]), name, str(line["order_id"]), amount))
    touches = [Touch(who, at, 0, None, None) for who, at in created if at < client.as_of] + occurrences(sold, client, 1, 2)
    dates = [row.at for row in sold]
    scopes = {"overall": scope(touches, {0: [[at for _, at in created]], 1: [dates], 2: [dates]}, client)}
    for product in client.products:
        scopes[product] = scope([touch for touch in touches if touch.product == product], {1: [dates], 2: [dates]}, client)

    mailings = records(url, "mailing.mailing")
    clicks = {label: 0 for label, _, _ in client.periods}
    sent = [moment(mailing["sent_date"]) for mailing in mailings.values() if mailing.get("sent_date")]
    for trace in records(url, "mailing.trace").values():
        at = mailings[trace["mass_mailing_id"]].get("sent_date")
        for label, start, end in client.periods:
            if at and trace.get("links_click_datetime") and start <= moment(at) < min(end, client.as_of):
                clicks[label] += 1
    has_sent = {label: any(start <= at < end for at in sent) for label, start, end in client.periods}
    return {
        "scopes": scopes,
        "metrics": {"Mailing clicks": {label: clicks[label] if has_sent[label] else None for label in clicks}},
        "rows": {"leads": len(leads), "partners": len(partners)},
    }
