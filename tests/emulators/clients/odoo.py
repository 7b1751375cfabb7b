"""Reads an Odoo emulator with clients that others wrote, odoorpc (JSON-RPC) and, from version 19 on, odoo-json2 (JSON-2), and
compares every record with what the emulator holds, so that it is not tested against our own reading of the API alone.

python odoo.py URL KEY: exit code 0 and a last line "ok: …" if all is equal; otherwise 1 and a last line "failed: …".
Needs the packages that requirements-odoo.txt pins.
"""

import datetime
import json
import sys
import urllib.parse
import urllib.request

import odoo_json2
import odoorpc

URL, KEY = sys.argv[1:3]
# Without those of mail.message and mail.tracking.value, which are read with the history.
MODELS = [
    "crm.lead", "crm.stage", "crm.lost.reason", "res.partner", "res.users", "res.company", "res.currency", "utm.campaign",
    "utm.source", "utm.medium", "mailing.mailing", "mailing.trace", "product.product", "sale.order", "sale.order.line",
]
compared = 0


def truth(model):
    with urllib.request.urlopen(f"{URL}/_truth/{model}") as answer:
        return {record["id"]: record for record in json.load(answer)}


def same(found, expected, what):
    global compared
    compared += 1
    assert found == expected and type(found) is type(expected), f"{what} is {found!r}, not {expected!r}"


def refused(call, name):
    try:
        call()
    except odoorpc.error.RPCError as error:
        same(error.info["data"]["name"], name, "the error's name")
        return str(error)
    raise AssertionError(f"expected {name}")


def moment(microseconds):
    """A moment as Odoo shows it: in UTC, cut to the second."""
    return datetime.datetime.fromtimestamp(microseconds // 1_000_000, datetime.timezone.utc).replace(tzinfo=None)


def empty(kind):
    return {"integer": 0, "many2one_reference": 0, "float": 0.0, "monetary": 0.0}.get(kind, False)


def connect():
    address = urllib.parse.urlparse(URL)
    odoo = odoorpc.ODOO(address.hostname, port=address.port)
    assert int(odoo.version.split(".")[0]) in (17, 19), odoo.version
    try:
        odoo.login("acme", "admin", "wrong")
        raise AssertionError("a wrong key was taken")
    except odoorpc.error.RPCError as error:
        assert "Wrong login" in str(error), error
    refused(lambda: odoo.login("elsewhere", "admin", KEY), "psycopg2.OperationalError")
    odoo.login("acme", "admin", KEY)
    assert odoo.env.user.login == "admin"
    assert "crm.lead" in odoo.env and "no.such" not in odoo.env
    return odoo


def listing(odoo, model, search_read):
    """Every record, page after page, by either client's `search_read`."""
    records, kinds = truth(model), odoo.env[model].fields_get()
    assert len(records) > 0 and kinds["id"]["type"] == "integer", model
    names = [name for name, told in kinds.items() if told["type"] not in ("one2many", "binary") and name != "display_name"]
    stored = {name for record in records.values() for name in record}
    assert stored <= set(kinds), f"{model} lacks {stored - set(kinds)}"
    read, last = [], 0
    while page := search_read([("id", ">", last)], names):
        read += page
        last = page[-1]["id"]
    same([record["id"] for record in read], sorted(records), f"ids of {model}")
    for record in read:
        for name in names:
            expected, kind = records[record["id"]].get(name), kinds[name]["type"]
            if model == "mailing.mailing" and name in STATISTICS:
                expected = statistic(record["id"], name)
            if expected is None:
                expected = empty(kind)
            elif kind == "datetime":
                expected = str(moment(expected))
            elif kind == "many2one":
                same(record[name][0], expected, f"{model}.{name}")
                continue
            same(record[name], expected, f"{model}.{name} of {record['id']}")


def browsing(odoo, model):
    """Some records as odoorpc's own objects, which make Python values of what comes; and the archived ones are hidden."""
    records, kinds = truth(model), odoo.env[model].fields_get()
    proxy = odoo.env[model].with_context(active_test=False)
    same(proxy.search_count([]), len(records), f"count of {model}")
    if "active" in kinds:
        seen = sum(record["active"] for record in records.values())
        same(odoo.env[model].search_count([]), seen, f"active ones of {model}")
    for browsed in proxy.browse(sorted(records)[:20]):
        for name, told in kinds.items():
            expected = records[browsed.id].get(name)
            if told["type"] == "datetime" and expected is not None:
                same(getattr(browsed, name), moment(expected), f"{model}.{name}")
            if told["type"] == "many2one" and told["relation"] in MODELS:
                same(getattr(browsed, name).id, expected, f"{model}.{name}")


STATISTICS = {
    "sent": lambda trace: trace.get("sent_datetime"),
    "clicked": lambda trace: trace.get("links_click_datetime"),
    "delivered": lambda trace: trace["trace_status"] in ("sent", "open", "reply"),
    "opened": lambda trace: trace["trace_status"] in ("open", "reply"),
    "replied": lambda trace: trace["trace_status"] == "reply",
    "bounced": lambda trace: trace["trace_status"] == "bounce",
}


def statistic(mailing, name):
    traces = [trace for trace in truth("mailing.trace").values() if trace["mass_mailing_id"] == mailing]
    return sum(1 for trace in traces if STATISTICS[name](trace))


def searches(odoo):
    """Domains with every operator, against the same question asked in Python."""
    leads = truth("crm.lead")
    proxy = odoo.env["crm.lead"].with_context(active_test=False)
    stages = {stage["id"]: stage for stage in truth("crm.stage").values()}
    revenue = lambda lead: lead.get("expected_revenue") or 0
    at = next(iter(leads.values()))["write_date"]
    for domain, meets in [
        ([("stage_id", "=", 4)], lambda lead: lead["stage_id"] == 4),
        ([("stage_id", "in", [1, 2])], lambda lead: lead["stage_id"] in (1, 2)),
        ([("stage_id", "not in", [1, 2])], lambda lead: lead["stage_id"] not in (1, 2)),
        ([("stage_id.is_won", "=", True)], lambda lead: stages[lead["stage_id"]]["is_won"]),
        ([("stage_id", "ilike", "visit")], lambda lead: lead["stage_id"] == 5),
        ([("partner_id", "=", False)], lambda lead: lead.get("partner_id") is None),
        ([("partner_id", "!=", False)], lambda lead: lead.get("partner_id") is not None),
        ([("email_from", "=like", "Partner1_@example.com")],
         lambda lead: len(lead.get("email_from") or "") == 21 and lead["email_from"].startswith("Partner1")),
        ([("email_from", "not ilike", "PARTNER1")], lambda lead: "partner1" not in (lead.get("email_from") or "").lower()),
        ([("expected_revenue", ">", 4000), ("expected_revenue", "<=", 5000)], lambda lead: 4000 < revenue(lead) <= 5000),
        (["|", ("active", "=", False), "!", ("x_vip", "=", True)], lambda lead: not lead["active"] or not lead["x_vip"]),
        (["&", ("type", "=", "lead"), "|", ("priority", "=", "2"), ("x_rooms", "<", 2)],
         lambda lead: lead["type"] == "lead" and (lead["priority"] == "2" or lead["x_rooms"] < 2)),
        # What is shown is cut to the second, so that the record it was read from is later than itself.
        ([("write_date", ">", str(moment(at)))], lambda lead: lead["write_date"] > at // 1_000_000 * 1_000_000),
        ([("x_region", "=?", False)], lambda lead: True),
    ]:
        expected = sorted(id for id, lead in leads.items() if meets(lead))
        assert expected, domain
        same(proxy.search(domain, order="id"), expected, f"{domain}")
        same(proxy.search_count(domain), len(expected), f"count of {domain}")
        same(proxy.search(domain, offset=2, limit=5, order="id desc"), expected[::-1][2:7], f"a page of {domain}")
    assert next(iter(leads)) in proxy.search([("write_date", ">", str(moment(at)))])
    refused(lambda: proxy.search([("no_such", "=", 1)]), "builtins.ValueError")
    refused(lambda: proxy.search_read([], ["no_such"]), "builtins.ValueError")
    refused(lambda: proxy.search_read([], surprise=1), "builtins.TypeError")
    refused(lambda: proxy.no_such_method(), "builtins.AttributeError")
    refused(lambda: odoo.execute("no.such", "search", []), "odoo.exceptions.UserError")


def history(odoo):
    """Tracked changes of stages: each begins where the one before ended, and the last ends where the lead is."""
    field = odoo.env["ir.model.fields"].search([("model", "=", "crm.lead"), ("name", "=", "stage_id")])
    values = odoo.env["mail.tracking.value"].search_read([("field_id", "in", field)], order="id")
    messages = odoo.env["mail.message"].search_read(
        [("id", "in", [value["mail_message_id"][0] for value in values])], ["model", "res_id", "tracking_value_ids"])
    messages = {message["id"]: message for message in messages}
    leads, stages, now = truth("crm.lead"), truth("crm.stage"), {}
    for value in values:
        message = messages[value["mail_message_id"][0]]
        assert message["model"] == "crm.lead" and value["id"] in message["tracking_value_ids"]
        lead = message["res_id"]
        same(value["old_value_integer"], now.get(lead, 1), f"the stage before of lead {lead}")
        now[lead] = value["new_value_integer"]
        same(value["new_value_char"], stages[now[lead]]["name"], "a stage's name")
    for id, lead in leads.items():
        same(now.get(id, 1), lead["stage_id"], f"the stage of lead {id}")


def life(odoo):
    """A lead is created, won, lost and deleted through the client."""
    Lead = odoo.env["crm.lead"]
    before = Lead.search_count([])
    id = Lead.create({"name": "By client", "stage_id": 1, "expected_revenue": 12.5, "x_vip": True})
    lead = Lead.browse(id)
    same((lead.name, lead.expected_revenue, lead.x_vip, lead.email_from), ("By client", 12.5, True, False), "a new lead")
    lead.stage_id = 4
    same(Lead.browse(id).stage_id.name, "Won", "its stage")
    same(Lead.browse(id).probability, 100.0, "its probability")
    lead.write({"active": False})
    same(Lead.search([("id", "=", id)]), [], "an archived lead")
    same(Lead.with_context(active_test=False).search([("id", "=", id)]), [id], "the same, asked for")
    same(Lead.unlink([id]), True, "deletion")
    same(Lead.read([id], ["name"]), [], "a deleted lead")
    same(odoo.env["mail.message"].search([("model", "=", "crm.lead"), ("res_id", "=", id)]), [], "messages of a deleted lead")
    same(Lead.search_count([]), before, "leads")


def json2(odoo):
    """The same records over JSON-2, and its failures with their statuses."""
    client = odoo_json2.JSON2Client(URL, KEY, database="acme")
    same(client.version()["version_info"][0], 19, "the version")
    everything = {"active_test": False}
    for model in MODELS:
        paged = lambda domain, names: client.call(
            model, "search_read", domain=domain, fields=names, limit=90, order="id asc", context=everything)
        listing(odoo, model, paged)
    Lead = client.env["crm.lead"]
    same(Lead.fields_get(attributes=["type"])["stage_id"], {"type": "many2one"}, "what a field is")
    same(Lead.search_count([]), odoo.env["crm.lead"].search_count([]), "leads that are not archived")
    [id] = Lead.create({"name": "By client", "stage_id": 1})
    same(Lead.write([id], {"stage_id": 2}), True, "a change")
    same(Lead.read([id], ["stage_id"]), [{"id": id, "stage_id": [2, "Qualified"]}], "what was changed")
    same(Lead.unlink([id]), True, "deletion")
    for status, call in [
        (404, lambda: client.env["no.such"].search([])),
        (404, lambda: Lead.no_such_method()),
        (500, lambda: Lead.search([("no_such", "=", 1)])),
        (422, lambda: client.call("crm.lead", "search_count", surprise=1)),
        (401, lambda: odoo_json2.JSON2Client(URL, "wrong", database="acme").env["crm.lead"].search([])),
        (404, lambda: odoo_json2.JSON2Client(URL, KEY, database="elsewhere").env["crm.lead"].search([])),
    ]:
        try:
            call()
            raise AssertionError(f"expected {status}")
        except odoo_json2.OdooJSON2Error as error:
            same(error.status_code, status, "a status")


def main():
    odoo = connect()
    for model in MODELS:
        # odoorpc keeps a model with the context it was first met in: let none be met by way of archived records.
        same(bool(odoo.env[model]._columns), True, f"fields of {model}")
    for model in MODELS:
        everything = odoo.env[model].with_context(active_test=False)
        listing(odoo, model, lambda domain, names: everything.search_read(domain, names, limit=90, order="id asc"))
        browsing(odoo, model)
    searches(odoo)
    history(odoo)
    life(odoo)
    if odoo.version.startswith("19"):
        json2(odoo)
    print(f"ok: {compared} values equal, read by odoorpc {odoorpc.__version__} and odoo-json2 from Odoo {odoo.version}")


try:
    main()
except Exception as error:
    print(f"failed: {type(error).__name__}: {error}")
    raise SystemExit(1) from error
