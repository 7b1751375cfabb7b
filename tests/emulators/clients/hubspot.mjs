// Reads a HubSpot emulator with HubSpot's own client and compares every record with what the emulator holds, so that the
// emulator is not tested against our own reading of the API alone.
//
// node hubspot.mjs URL TOKEN: exit code 0 and a last line "ok: …" if all is equal; otherwise 1 and a last line "failed: …".
import assert from 'node:assert/strict';
import { Client } from '@hubspot/api-client';

const [url, token] = process.argv.slice(2);
const client = new Client({ accessToken: token, basePath: url, numberOfApiCallRetries: 3 });
const crm = client.crm;
let compared = 0;

const truths = new Map();
const truth = async (name) => {
  if (!truths.has(name)) truths.set(name, (await (await fetch(`${url}/_truth/${name}`)).json()).results);
  return truths.get(name);
};
const call = async (path, body) => {
  const method = body ? 'POST' : 'GET';
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const response = await fetch(url + path, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
};
const refused = async (status, category, promise) => {
  const error = await promise.then(() => assert.fail(`expected ${status}`), (error) => error);
  assert.equal(error.code, status);
  assert.equal(error.body.category, category);
};

const kinds = {
  contacts: { api: crm.contacts, history: ['lifecyclestage'], associations: ['companies', 'deals'], modified: 'lastmodifieddate' },
  companies: { api: crm.companies, history: [], associations: [], modified: 'hs_lastmodifieddate' },
  deals: { api: crm.deals, history: ['dealstage'], associations: ['contacts', 'companies', 'line_items'], modified: 'hs_lastmodifieddate' },
  line_items: { api: crm.lineItems, history: [], associations: ['deals'], modified: 'hs_lastmodifieddate' },
};

const same = (record, expected, names) => {
  assert.equal(record.id, expected.id);
  for (const name of names) assert.equal(record.properties[name], expected.properties[name], `${name} of ${record.id}`);
  for (const field of ['createdAt', 'updatedAt']) {
    assert.ok(record[field] instanceof Date, `${field} is a date`);
    assert.equal(record[field].getTime(), Date.parse(expected[field]));
  }
  compared += 1;
};

async function list(name) {
  const { api, history, associations } = kinds[name];
  const all = await truth(name);
  const properties = (await crm.properties.coreApi.getAll(name)).results.map((property) => property.name);
  assert.deepEqual([...properties].sort(), Object.keys(all[0].properties).sort());

  const limit = history.length ? 50 : 100;
  const records = [];
  let after;
  do {
    const page = await api.basicApi.getPage(limit, after, properties, history.length ? history : undefined, associations);
    records.push(...page.results);
    after = page.paging?.next?.after;
  } while (after);
  assert.equal(records.length, all.length);
  records.forEach((record, position) => {
    const expected = all[position];
    same(record, expected, properties);
    assert.equal(record.archived, false);
    for (const property of history) {
      const values = record.propertiesWithHistory[property];
      assert.deepEqual(
        values.map((past) => [past.value, past.timestamp.getTime(), past.sourceType]),
        expected.propertiesWithHistory[property].map((past) => [past.value, Date.parse(past.timestamp), past.sourceType]),
      );
      assert.equal(values[0].value || null, record.properties[property]);
    }
    for (const kind of associations) {
      const shown = record.associations?.[kind === 'line_items' ? 'line items' : kind]?.results ?? [];
      const ids = [...new Set(shown.map((associated) => associated.id))];
      assert.deepEqual(ids, (expected.associations[kind] ?? []).slice(0, 100), `${kind} of ${name} ${record.id}`);
    }
  });

  const ids = all.map((record) => ({ id: record.id })).slice(0, 100);
  const batch = await api.batchApi.read({ inputs: [...ids.slice(0, 99), { id: '1' }], properties, propertiesWithHistory: [] });
  assert.equal(batch.results.length, Math.min(99, ids.length));
  batch.results.forEach((record, position) => same(record, all[position], properties));
  assert.equal(batch.numErrors, 1);

  const one = await api.basicApi.getById(all[0].id, properties);
  same(one, all[0], properties);
  await assert.rejects(api.basicApi.getById('1'), (error) => error.code === 404);
  await refused(400, 'VALIDATION_ERROR', api.basicApi.getPage(101));
  if (history.length) await refused(400, 'VALIDATION_ERROR', api.basicApi.getPage(51, undefined, undefined, history));

  const archived = await api.basicApi.getPage(100, undefined, undefined, undefined, undefined, true);
  const gone = await truth(`archived-${name}`);
  assert.deepEqual(archived.results.map((record) => record.id), gone.slice(0, 100).map((record) => record.id));
  for (const record of archived.results) assert.ok(record.archivedAt instanceof Date);
}

async function search(name) {
  const { api, modified } = kinds[name];
  const all = await truth(name);
  const when = (record) => Date.parse(record.updatedAt);
  const times = all.map(when).sort((one, other) => one - other);
  const [low, high] = [times[Math.floor(times.length / 4)], times[Math.floor(times.length * 0.9)]];
  const filters = [
    { propertyName: modified, operator: 'GTE', value: String(low) },
    { propertyName: modified, operator: 'LT', value: String(high) },
  ];
  const expected = all.filter((record) => when(record) >= low && when(record) < high);
  let last = '0';
  const found = [];
  for (;;) {
    const beyond = { propertyName: 'hs_object_id', operator: 'GT', value: last };
    const page = await api.searchApi.doSearch({
      filterGroups: [{ filters: [...filters, beyond] }],
      sorts: ['hs_object_id'],
      properties: ['hs_object_id'],
      limit: 200,
    });
    assert.equal(page.total, expected.length - found.length);
    if (!page.results.length) break;
    found.push(...page.results);
    last = found.at(-1).id;
  }
  assert.deepEqual(found.map((record) => record.id), expected.map((record) => record.id));
  compared += found.length;

  const total = (await api.searchApi.doSearch({ filterGroups: [], limit: 1 })).total;
  assert.equal(total, all.length);
  await refused(400, 'VALIDATION_ERROR', api.searchApi.doSearch({ filterGroups: [], limit: 100, after: '10000' }));
  await refused(400, 'VALIDATION_ERROR', api.searchApi.doSearch({ filterGroups: [], limit: 201 }));
}

async function operators() {
  const all = await truth('contacts');
  const expect = async (filter, accepts) => {
    const page = await crm.contacts.searchApi.doSearch({ filterGroups: [{ filters: [filter] }], limit: 1 });
    assert.equal(page.total, all.filter((record) => accepts(record.properties)).length, JSON.stringify(filter));
  };
  const stage = (operator, rest) => ({ propertyName: 'lifecyclestage', operator, ...rest });
  await expect(stage('EQ', { value: 'customer' }), (values) => values.lifecyclestage === 'customer');
  await expect(stage('IN', { values: ['customer', 'lead'] }), (values) => ['customer', 'lead'].includes(values.lifecyclestage));
  await expect(stage('HAS_PROPERTY'), (values) => values.lifecyclestage !== null);
  await expect(stage('NOT_HAS_PROPERTY'), (values) => values.lifecyclestage === null);
  const score = (operator, rest) => ({ propertyName: 'nps_score', operator, ...rest });
  const given = (values) => values.nps_score !== null;
  await expect(score('BETWEEN', { value: '2', highValue: '10' }), (values) => given(values) && +values.nps_score >= 2 && +values.nps_score <= 10);
  await expect(score('GT', { value: '9' }), (values) => given(values) && +values.nps_score > 9);

  const groups = [{ filters: [stage('EQ', { value: 'customer' })] }, { filters: [score('LTE', { value: '3' })] }];
  const either = (values) => values.lifecyclestage === 'customer' || (given(values) && +values.nps_score <= 3);
  const page = await crm.contacts.searchApi.doSearch({ filterGroups: groups, sorts: ['-createdate'], limit: 200 });
  assert.equal(page.total, all.filter((record) => either(record.properties)).length);
  const dates = page.results.map((record) => record.createdAt.getTime());
  assert.deepEqual(dates, [...dates].sort((one, other) => other - one));
}

async function associations(from, to) {
  const all = await truth(from);
  const records = from === 'companies' ? all.slice(0, 20) : all.slice(0, 1000);
  const found = new Map(records.map((record) => [record.id, []]));
  let inputs = records.map((record) => ({ id: record.id }));
  while (inputs.length) {
    const batch = await crm.associations.v4.batchApi.getPage(from, to, { inputs });
    inputs = [];
    for (const result of batch.results) {
      const id = result._from.id;
      found.get(id).push(...result.to.map((associated) => String(associated.toObjectId)));
      if (result.paging?.next) inputs.push({ id, after: result.paging.next.after });
    }
  }
  for (const record of records) assert.deepEqual(found.get(record.id), record.associations[to] ?? [], `${from} ${record.id}`);
  const v3 = await crm.associations.batchApi.read(from, to, { inputs: records.slice(0, 5).map(({ id }) => ({ id })) });
  for (const result of v3.results) {
    const expected = records.find((record) => record.id === result._from.id).associations[to];
    assert.deepEqual([...new Set(result.to.map((associated) => associated.id))], expected.slice(0, result.to.length));
  }
  compared += records.length;
}

async function settings() {
  const stages = (await crm.properties.coreApi.getByName('contacts', 'lifecyclestage')).options.map((option) => option.value);
  assert.ok(stages.includes('customer') && stages.some((stage) => /^\d+$/.test(stage)), 'a stage of its own');
  const pipelines = (await crm.pipelines.pipelinesApi.getAll('deals')).results;
  assert.equal(pipelines.length, 2);
  const known = new Map(pipelines.flatMap((pipeline) => pipeline.stages.map((stage) => [stage.id, { ...stage, pipeline: pipeline.id }])));
  for (const deal of await truth('deals')) {
    const stage = known.get(deal.properties.dealstage);
    assert.equal(stage.pipeline, deal.properties.pipeline);
    assert.equal(stage.metadata.isClosed, deal.properties.hs_is_closed);
    assert.equal(Number(stage.metadata.probability) === 1, deal.properties.hs_is_closed_won === 'true');
  }
  const owners = [];
  let after;
  do {
    const page = await crm.owners.ownersApi.getPage(undefined, after, 2, false);
    owners.push(...page.results);
    after = page.paging?.next?.after;
  } while (after);
  const left = (await crm.owners.ownersApi.getPage(undefined, undefined, 100, true)).results;
  assert.deepEqual([owners.length, left.length], [3, 1]);
  const all = new Set([...owners, ...left].map((owner) => owner.id));
  for (const deal of await truth('deals')) assert.ok(all.has(deal.properties.hubspot_owner_id));
}

async function marketing() {
  const api = client.marketing.emails;
  const emails = [];
  let after;
  do {
    const page = await api.marketingEmailsApi.getPage(
      undefined, undefined, undefined, undefined, undefined, undefined, undefined, after, 10, true,
    );
    emails.push(...page.results);
    after = page.paging?.next?.after;
    assert.ok(emails.length <= page.total);
  } while (after);
  const sum = (name) => emails.reduce((sum, email) => sum + email.stats.counters[name], 0);
  const list = await api.statisticsApi.getEmailsList('2020-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z');
  assert.equal(list.emails.length, emails.length);
  for (const name of ['sent', 'delivered', 'open', 'click']) assert.equal(list.aggregate.counters[name], sum(name), name);
}

// The client speaks v3; the same answers must come under the paths of versions by date.
async function dated() {
  const pairs = [
    ['/crm/v3/objects/contacts?limit=5&properties=email', '/crm/objects/2026-09/contacts?limit=5&properties=email'],
    ['/crm/v3/properties/deals', '/crm/properties/2026-09/deals'],
    ['/crm/v3/pipelines/deals', '/crm/pipelines/2026-09/deals'],
    ['/crm/v3/owners/', '/crm/owners/2026-09'],
    ['/marketing/v3/campaigns?properties=hs_name', '/marketing/campaigns/2026-09?properties=hs_name'],
    ['/marketing/v3/emails?limit=3', '/marketing/emails/2026-09?limit=3'],
  ];
  for (const [old, current] of pairs) {
    const [one, other] = [await call(old), await call(current)];
    assert.equal(one.status, 200, old);
    assert.equal(other.status, 200, current);
    assert.deepEqual(one.body.results, other.body.results);
    assert.ok(one.body.results.length > 0);
  }
  const inputs = (await truth('deals')).slice(0, 50).map((deal) => ({ id: deal.id }));
  const v4 = await call('/crm/v4/associations/deals/contacts/batch/read', { inputs });
  const other = await call('/crm/associations/2026-09/deals/contacts/batch/read', { inputs });
  const ids = (batch) => batch.body.results.map((result) => result.to.map((associated) => String(associated.toObjectId)));
  assert.deepEqual(ids(v4), ids(other));
  assert.equal((await call('/crm/objects/2019-01/contacts')).status, 404);
}

async function tokens() {
  const oauth = client.oauth.tokensApi;
  const granted = await oauth.create('refresh_token', undefined, undefined, 'emulator-client', 'emulator-secret', 'emulator-refresh');
  assert.equal(granted.tokenType, 'bearer');
  const other = new Client({ accessToken: granted.accessToken, basePath: url });
  assert.equal((await other.crm.contacts.basicApi.getPage(1)).results.length, 1);
  const stranger = new Client({ accessToken: 'unknown', basePath: url });
  await refused(401, 'INVALID_AUTHENTICATION', stranger.crm.contacts.basicApi.getPage(1));
  await refused(400, 'BAD_REFRESH_TOKEN', oauth.create('refresh_token', undefined, undefined, 'emulator-client', 'emulator-secret', 'other'));
}

try {
  for (const name of Object.keys(kinds)) {
    await list(name);
    await search(name);
  }
  await operators();
  for (const [from, to] of [['contacts', 'deals'], ['deals', 'contacts'], ['deals', 'line_items'], ['companies', 'contacts'], ['contacts', 'companies']]) {
    await associations(from, to);
  }
  await settings();
  await marketing();
  await dated();
  await tokens();
  console.log(`ok: ${compared} records read by HubSpot's own client are those of the emulator`);
} catch (error) {
  console.error(error);
  console.log(`failed: ${error.message.split('\n')[0]}`);
  process.exitCode = 1;
}
