// SPDX-License-Identifier: MIT
// Metrics: right after known traffic over four threads, nothing left up, no label from a client; and what is written
// about them (doc/observability.md, the dashboard) holds.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { test } from 'node:test';
import { Scrape, scrape } from './lib/metrics.mjs';
import { BEARER, direct, get } from './lib/world.mjs';

const MANAGE = `manage: { bind = "127.0.0.1:0"; request = ( { serve = "metrics"; when: { path = "/metrics"; }; },
  { serve: { what = "metrics"; form = "awf"; frontends = [ "api" ]; }; when: { path = "/awf"; }; } ); };`;
const doc = (name) => fileURLToPath(new URL(`../../doc/${name}`, import.meta.url));
const post = (path, body) => `POST ${path} HTTP/1.1\r\nHost: gate.test\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
// How many requests of the frontend have ended: their lines are written behind the figures.
const ended = (gw) => gw.lines.filter((l) => l.event === 'request_complete' && l.frontend === 'api').length;
const API = 'frontend="api"';

async function statuses(req, res) {
  await req.body();
  const status = Number(/^\/(\d+)/.exec(req.target)?.[1] ?? 200);
  return res.send(status, status === 204 ? '' : 'x'.repeat(Number(/n=(\d+)/.exec(req.target)?.[1] ?? 10)));
}

test('figures over four threads add up to what was sent', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: statuses }, config: { threads: 4, moreFrontend: MANAGE } });
  const clients = await Promise.all(Array.from({ length: 16 }, () => gw.client(t)));
  const rounds = [get('/200?n=100'), post('/201', 'abc'), get('/404?n=7'), post('/500', 'abcde'), get('/200').replace('GET', 'PUT')];
  await Promise.all(clients.map(async (c) => {
    for (const [i, r] of [...rounds, ...rounds].entries()) {
      c.send(r);
      await c.response(i);
    }
  }));
  const n = clients.length * 2;
  await gw.watch.until(() => ended(gw) === n * rounds.length, 'the log lines');
  const m = await scrape(t, gw);
  const requests = (method, code) => m.value('frontend_requests_total', `${API},method="${method}",code="${code}"`);
  assert.deepEqual(
    [requests('GET', '2xx'), requests('POST', '2xx'), requests('GET', '4xx'), requests('POST', '5xx'), requests('PUT', '2xx'), m.sum('frontend_requests_total', API)],
    [n, n, n, n, n, 5 * n],
  );
  assert.equal(m.value('frontend_closes_total', `${API},close="ok"`), 5 * n);
  assert.equal(m.value('frontend_received_bytes_total', API), n * 8);
  assert.equal(m.value('frontend_sent_bytes_total', API), n * (100 + 10 + 7 + 10 + 10));
  assert.equal(m.value('frontend_active_requests', API), 0);
  for (const h of ['frontend_request_duration_seconds', 'frontend_first_byte_seconds']) {
    assert.equal(m.value(h, API, '_count'), 5 * n, h);
    assert.equal(m.value(h, `${API},le="+Inf"`, '_bucket'), 5 * n, h);
    assert.ok(m.value(h, API, '_sum') > 0, h);
  }
  const connects = m.value('frontend_connect_seconds', API, '_count');
  assert.equal(connects, up.accepted ?? connects);
  assert.ok(connects >= 1 && connects <= 16 * 10, `${connects} connections`);
  const server = `backend="api",server="localhost:${up.port}"`;
  assert.deepEqual([m.value('server_requests_total', server), m.value('server_failures_total', server), m.value('server_state', `${server},state="up"`)], [5 * n, 0, 1]);
  assert.deepEqual([m.value('threads'), m.value('generation'), m.value('frontend_configured', API)], [4, 1, 1]);
  assert.ok(m.value('secret_read_timestamp_seconds', 'secret="k"') > 1e9);
  assert.ok(m.value('process_resident_memory_bytes') > 1e6);
});

test('a client that leaves, early or in the middle, leaves no gauge up', async (t) => {
  const handle = async (req, res) => {
    if (req.target === '/never') return;
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    await res.chunk('data: 1\n\n');
  };
  const { up, gw } = await direct(t, { upstream: { handle }, config: { moreFrontend: MANAGE } });
  const [early, late] = [await gw.client(t), await gw.client(t)];
  early.send(get('/never'));
  late.send(get('/stream'));
  await late.until((c) => c.events.length === 1, 'the first event');
  await up.request(1);
  assert.equal((await scrape(t, gw)).value('frontend_active_requests', API), 2);
  early.reset();
  late.destroy();
  await gw.watch.until(() => ended(gw) === 2, 'the log lines');
  const m = await scrape(t, gw);
  assert.deepEqual([m.value('frontend_active_requests', API), m.value('frontend_closes_total', `${API},close="client_left"`)], [0, 2]);
  assert.deepEqual([m.value('frontend_requests_total', `${API},method="GET",code="4xx"`), m.value('frontend_requests_total', `${API},method="GET",code="2xx"`)], [1, 1]);
  assert.equal(m.value('client_left_total'), 2);
});

test('an upstream that breaks off, or is not there, is an error; a broken answer is no answer for AWF', async (t) => {
  const handle = async (req, res) => {
    if (req.target === '/bad') return res.raw('nonsense\r\n\r\n');
    await res.raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc');
    return res.reset();
  };
  const { gw } = await direct(t, { upstream: { handle }, config: { moreFrontend: MANAGE } });
  const c = await gw.client(t);
  c.send(get('/cut'));
  await c.gone();
  await gw.once(t, get('/bad'));
  await gw.watch.until(() => ended(gw) === 2, 'the log lines');
  const m = await scrape(t, gw);
  assert.deepEqual([m.value('frontend_closes_total', `${API},close="upstream_reset"`), m.value('frontend_closes_total', `${API},close="upstream_failed"`)], [1, 1]);
  const { json } = await gw.once(t, get('/awf'), { frontend: 'manage' });
  assert.deepEqual([json.counters['requests_total:api:GET:5xx'], json.counters['requests_total:api:GET:2xx'], json.counters['requests_errors_total:api']], [1, undefined, 2]);
  assert.equal(json.gauges.active_requests.api, 0);
});

test('no client can make a label: unknown methods are OTHER', async (t) => {
  const { gw } = await direct(t, { config: { moreFrontend: MANAGE } });
  const c = await gw.client(t);
  for (let i = 0; i < 50; i++) {
    c.send(get('/').replace('GET', `M${i}"x`.replace('"', '-')));
    await c.response(i);
  }
  await gw.watch.until(() => ended(gw) === 50, 'the log lines');
  const m = await scrape(t, gw);
  assert.equal(m.value('frontend_requests_total', `${API},method="OTHER",code="2xx"`), 50);
  assert.deepEqual([...m.families.get('hdrgate_frontend_requests_total').samples.keys()], [`{${API},method="OTHER",code="2xx"}`]);
});

test('who looks is not counted as traffic, and is counted', async (t) => {
  const { gw } = await direct(t, { config: { request: '{ serve = "metrics"; when: { path = "/metrics"; }; }, { serve = "health"; when: { path = "/health"; }; }' } });
  for (let i = 0; i < 3; i++) await gw.once(t, get('/health'));
  await scrape(t, gw, 'api');
  const m = await scrape(t, gw, 'api');
  assert.deepEqual([m.sum('frontend_requests_total'), m.value('frontend_active_requests', API), m.value('frontend_request_duration_seconds', API, '_count')], [0, 0, 0]);
  assert.deepEqual([m.value('frontend_served_total', `${API},document="health"`), m.value('frontend_served_total', `${API},document="metrics"`)], [3, 2]);
});

test("limits: who is refused is counted by the limit's name, and AWF's health says what is left", async (t) => {
  const request = `{ serve: { what = "health"; form = "awf"; of = "process"; frontends = "api"; }; when: { path = "/health"; }; },
    { rate-limit: { name = "rpm"; requests = 3; per = "minute"; }; }, { rate-limit: { name = "rph"; requests = 100; per = "hour"; }; },
    { rate-limit: { name = "bytes_pm"; bytes = "100"; per = "minute"; }; }`;
  const { gw } = await direct(t, { config: { request, moreFrontend: MANAGE } });
  const limits = async () => (await gw.once(t, get('/health'))).json.rate_limits;
  assert.deepEqual(await limits(), {});
  for (const status of [200, 200]) assert.equal((await gw.once(t, get('/'))).status, status);
  assert.deepEqual(await limits(), { api: { enabled: true, rpm: { limit: 3, remaining: 1, reset: 0 }, rph: { limit: 100, remaining: 98, reset: 0 } } });
  for (const status of [200, 429, 429]) assert.equal((await gw.once(t, get('/'))).status, status);
  assert.equal((await gw.once(t, post('/', 'x'.repeat(101)))).status, 429);
  const { api } = await limits();
  assert.equal(api.rpm.remaining, 0);
  assert.ok(api.rpm.reset >= Date.now() / 1000 - 1 && api.rpm.reset <= Date.now() / 1000 + 61, `${api.rpm.reset}`);
  await gw.watch.until(() => ended(gw) === 9, 'the log lines');
  const m = await scrape(t, gw);
  assert.equal(m.value('frontend_rate_limited_total', `${API},limit="rpm"`), 3);
  assert.equal(m.value('frontend_closes_total', `${API},close="rate_limited"`), 3);
  assert.deepEqual([m.value('frontend_request_duration_seconds', API, '_count'), m.value('frontend_active_requests', API)], [3, 0]);
  const { counters } = (await gw.once(t, get('/awf'), { frontend: 'manage' })).json;
  assert.deepEqual([counters['rate_limit_rejected_total:api:rpm'], counters['requests_total:api:GET:2xx'], counters['requests_total:api:GET:4xx']], [3, 3, undefined]);
});

test('guards: who is refused is counted by its name, not who would be', async (t) => {
  const guard = (name, n) => `${name}: { max-runs = ${n}; body = "no more"; };`;
  const request = '{ guard = "watched"; observe = true; }, { guard = "runs"; }';
  const { gw } = await direct(t, { config: { more: `guard: { ${guard('watched', 1)} ${guard('runs', 2)} };`, request, moreFrontend: MANAGE } });
  for (const status of [200, 200, 429, 429]) assert.equal((await gw.once(t, get('/'))).status, status);
  await gw.watch.until(() => ended(gw) === 4, 'the log lines');
  const m = await scrape(t, gw);
  assert.deepEqual([m.value('frontend_guarded_total', `${API},guard="runs"`), m.sum('frontend_guarded_total'), m.value('frontend_active_requests', API)], [2, 2, 0]);
});

test('a reload, also one that fails, resets no figure', async (t) => {
  const { gw, text } = await direct(t, { config: { moreFrontend: MANAGE } });
  await gw.once(t, get('/'));
  assert.equal((await gw.again(text.replace('manage:', 'other: { bind = "127.0.0.1:0"; backend = "api"; }; manage:'))).event, 'reload');
  assert.equal((await gw.again('nonsense')).event, 'reload_failed');
  await gw.once(t, get('/'));
  await gw.watch.until(() => ended(gw) === 2, 'the log lines');
  const m = await scrape(t, gw);
  assert.equal(m.value('frontend_requests_total', `${API},method="GET",code="2xx"`), 2);
  assert.equal(m.value('frontend_requests_total', 'frontend="other",method="GET",code="2xx"'), 0);
  assert.deepEqual([m.value('generation'), m.value('reloads_total', 'result="ok"'), m.value('reloads_total', 'result="failed"')], [2, 1, 1]);
});

test("AWF's form: JSON, and Prometheus' text for who asks for it", async (t) => {
  const { gw } = await direct(t, { config: { moreFrontend: MANAGE } });
  await gw.once(t, post('/', 'abc'));
  await gw.watch.until(() => ended(gw) === 1, 'the log line');
  const r = await gw.once(t, get('/awf'), { frontend: 'manage' });
  assert.equal(r.header('content-type'), 'application/json');
  assert.equal(r.json.counters['requests_total:api:POST:2xx'], 1);
  assert.equal(r.json.counters['request_bytes_total:api'], 3);
  assert.deepEqual(Object.keys(r.json.histograms.request_duration_ms.api.buckets), ['10', '50', '100', '250', '500', '1000', '2500', '5000', '10000', '30000', '+Inf']);
  assert.equal(r.json.histograms.request_duration_ms.api.buckets['+Inf'], 1);
  for (const request of [get('/awf?format=prometheus'), get('/awf', 'Accept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n')]) {
    const text = await gw.once(t, request, { frontend: 'manage' });
    assert.equal(new Scrape(text.body.toString()).value('frontend_requests_total', `${API},method="POST",code="2xx"`), 1);
  }
});

test('guards: what they have counted, what is reserved, and their bounds', async (t) => {
  const guards = `runs: { max-runs = 9; }; denied: { max-answers = 5; answers = [ 401, 403 ]; }; tokens: { max-tokens = 5000; estimate = 1000; weight: { output = "2.5"; }; };
    models: { deny = "gpt-4*"; from = ( [ "query", "model" ] ); on-unknown = "allow"; }; off: { max-runs = "$<int:UNSET:-0>"; }; seen: { max-runs = 1; };`;
  const request = '{ guard = "tokens"; }, { guard = "runs"; }, { guard = "denied"; }, { guard = "models"; }, { guard = "off"; }, { guard = "seen"; observe = true; }';
  const usage = 'usage: { u: { input = "usage.in"; output = "usage.out"; }; };';
  const handle = (req, res) => (req.target === '/hang' ? undefined : req.target === '/no' ? res.send(401, 'no') : res.json(200, { usage: { in: 10, out: 3 } }));
  const { up, gw } = await direct(t, { upstream: { handle }, config: { threads: 4, more: `guard: { ${guards} };\n${usage}`, request, response: '{ usage = "u"; }', moreFrontend: MANAGE } });
  for (const [path, status] of [['/', 200], ['/', 200], ['/no', 401], ['/?model=gpt-4o', 403]]) assert.equal((await gw.once(t, get(path))).status, status);
  const c = await gw.client(t);
  await c.send(get('/hang'));
  await up.request(3);
  await gw.watch.until(() => ended(gw) === 4, 'the log lines');
  const m = await scrape(t, gw);
  const of = (name, guard) => m.value(`guard_${name}`, `guard="${guard}"`);
  assert.deepEqual(['total', 'reserved', 'limit'].map((w) => of(`runs_${w}`, 'runs')), [2, 1, 9], 'an answer with 401 is no run');
  assert.deepEqual(['total', 'limit'].map((w) => of(`answers_${w}`, 'denied')), [1, 5]);
  assert.deepEqual(['total', 'reserved', 'limit'].map((w) => of(`tokens_${w}`, 'tokens')), [2 * (10 + 3 * 2.5), 1000, 5000]);
  assert.deepEqual(['runs', 'denied', 'tokens', 'models', 'seen'].map((g) => of('refusals_total', g)), [0, 0, 0, 1, 3], 'also what is only observed');
  assert.ok(!m.text.includes('guard="off"'));
  assert.equal(m.sum('frontend_guarded_total'), 1);
});

// Everything that has a metric.
async function whole(t) {
  const request = '{ rate-limit: { name = "one"; requests = 1; per = "hour"; }; when: { path = "/limited"; }; }, { guard = "one"; when: { path = "/guarded"; }; }';
  const guards = 'one: { max-runs = 1; body = "no more"; }; denied: { max-answers = 1; answers = 403; }; tokens: { max-tokens = 1; };';
  const { gw } = await direct(t, { config: { more: `guard: { ${guards} };`, request, moreFrontend: MANAGE } });
  for (const path of ['/limited', '/guarded']) for (const status of [200, 429]) assert.equal((await gw.once(t, get(path))).status, status);
  await gw.watch.until(() => ended(gw) === 4, 'the log lines');
  return scrape(t, gw);
}

test('promtool has nothing to say', async (t) => {
  const m = await whole(t);
  const r = spawnSync('promtool', ['check', 'metrics'], { input: m.text, encoding: 'utf8' });
  assert.ok(!r.error, `promtool is not there (tests/install-packages.sh test): ${r.error}`);
  assert.deepEqual([r.status, r.stdout, r.stderr], [0, '', '']);
});

// Labels are those of its samples; le belongs to every histogram.
function rowOf(f) {
  const labels = new Set([...f.samples.keys()].flatMap((k) => [...k.matchAll(/(\w+)="/g)].map((x) => x[1])));
  labels.delete('le');
  return `| \`${f.name}\` | ${f.type} | ${[...labels].map((l) => `\`${l}\``).join(', ') || '-'} | ${f.help.replace(/\.$/, '')} |`;
}

test('doc/observability.md has every metric with its meaning', async (t) => {
  const m = await whole(t);
  const page = readFileSync(doc('observability.md'), 'utf8');
  const [, before, table, after] = /^([\s\S]*<!-- BEGIN METRICS -->\n)([\s\S]*)(<!-- END METRICS -->[\s\S]*)$/.exec(page);
  const made = `\n| metric | type | labels | what it says |\n|---|---|---|---|\n${[...m.families.values()].map(rowOf).join('\n')}\n\n`;
  if (process.env.HDRGATE_DOCS_WRITE) writeFileSync(doc('observability.md'), before + made + after);
  else assert.equal(table, made, 'run this test with HDRGATE_DOCS_WRITE=1');
  const names = [...page.matchAll(/`?((?:hdrgate|process)_\w+)/g)].map((x) => x[1].replace(/_(bucket|sum|count)$/, ''));
  assert.deepEqual(names.filter((n) => !m.families.has(n)), []);
});

test('the dashboard asks only for metrics and labels that are there', async (t) => {
  const m = await whole(t);
  const dashboard = JSON.parse(readFileSync(doc('grafana-hdrgate.json'), 'utf8'));
  const samples = new Set([...m.families.values()].flatMap((f) => [...f.samples.keys()].map((k) => f.name + k.replace(/\{.*/, ''))));
  const labels = new Set([...m.text.matchAll(/(\w+)="/g)].map((x) => x[1]));
  const queries = [...dashboard.panels.flatMap((p) => (p.targets ?? []).map((q) => q.expr)), ...dashboard.templating.list.map((v) => v.query?.query ?? v.query)];
  assert.ok(queries.length >= 15, `${queries.length} queries`);
  const asked = new Set();
  for (const q of queries) {
    for (const [name] of q.matchAll(/\b(hdrgate|process)_\w+/g)) {
      assert.ok(samples.has(name), `${name} is no metric: ${q}`);
      asked.add(name);
    }
    for (const [, list] of q.matchAll(/\b(?:by|without) \(([^)]*)\)/g)) for (const l of list.split(',')) assert.ok(labels.has(l.trim()), `${l.trim()} is no label: ${q}`);
    for (const [, list] of q.matchAll(/\{([^}]*)\}/g)) for (const [, l] of list.matchAll(/(\w+)\s*[=!]/g)) assert.ok([...labels, 'job', 'instance'].includes(l), `${l} is no label: ${q}`);
  }
  assert.ok(asked.size >= 15, `${asked.size} metrics`);
});
