// SPDX-License-Identifier: MIT
// Documents of the gateway itself: what they say, to whom, and that they are answered where nothing else is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deferred } from './lib/env.mjs';
import { direct, get, KEY } from './lib/world.mjs';

const head = (path) => get(path).replace(/^GET/, 'HEAD');
const port = (gw, frontend) => Number(gw.address(frontend).split(':').at(-1));
const post = (path) => get(path, 'Content-Length: 0\r\n').replace(/^GET/, 'POST');
const AWF = `{ serve: { what = "health"; form = "awf"; of = "process"; service = "awf-api-proxy"; proxy = "$<HTTPS_PROXY>"; frontends = [ "api", "other" ]; };
    when: { method = "GET"; path = "/health"; }; }`;
// A second frontend that lacks its key, and a third that only manages.
const more = (list = '') => ({
  moreFrontend: `other: { bind = "127.0.0.1:0"; backend = "api"; request = (
      { deny = 403; when: { path = "/health"; header: { x-deny = "*"; }; }; },
      { serve: { what = "health"; form = "awf"; service = "other-proxy"; error = "OTHER_KEY not configured"; }; when: { method = "GET"; path = "/health"; }; },
      { serve = "health"; when: { path = "/plain"; }; },
      { set-header = [ "X-Key", "$<OTHER_KEY>" ]; } ); };
    manage: { bind = "127.0.0.1:0"; request = (
      { serve: { what = "health"; of = "process"; }; when: { path = "/health"; }; }, { serve = "health"; when: { path = "/me"; }; }${list} ); };`,
});

test("AWF's health of the process: its texts, its order, nothing between", async (t) => {
  const { gw, up } = await direct(t, { gateway: { env: { HTTPS_PROXY: 'http://user:pass-4711@172.30.0.10:3128' } }, config: { proxy: 'direct', request: AWF, ...more() } });
  const r = await gw.once(t, get('/health'));
  assert.deepEqual([r.status, r.header('content-type'), r.header('cache-control')], [200, 'application/json', 'no-store']);
  assert.equal(r.body.toString(), '{"status":"healthy","service":"awf-api-proxy","squid_proxy":"http://172.30.0.10:3128","providers":{"api":true,"other":false},'
    + '"key_validation":{"complete":true,"results":{}},"models_fetch_complete":true,'
    + '"metrics_summary":{"total_requests":0,"total_errors":0,"active_requests":0,"avg_latency_ms":0},"rate_limits":{}}');
  assert.equal((await gw.once(t, get('/health?x=1'))).body.toString(), r.body.toString());
  assert.equal(up.requests.length, 0);
});

test('a frontend that is not configured: serve with its conditions is asked, and nothing else of its list', async (t) => {
  const { gw } = await direct(t, { config: more() });
  const r = await gw.once(t, get('/health', 'X-Deny: 1\r\n'), { frontend: 'other' });
  assert.deepEqual([r.status, r.body.toString()], [503, '{"status":"not_configured","service":"other-proxy","error":"OTHER_KEY not configured"}']);
  const plain = await gw.once(t, get('/plain'), { frontend: 'other' });
  assert.deepEqual([plain.status, plain.json], [503, {
    status: 'not_configured', service: 'hdrgate', frontend: 'other', configured: false, missing: 'environment variable OTHER_KEY is not set', servers: { up: 1, down: 0 },
  }]);
  for (const request of [get('/v1'), post('/health')]) {
    const x = await gw.once(t, request, { frontend: 'other' });
    assert.deepEqual([x.status, x.json.error.type], [503, 'not_configured']);
  }
});

test('the same frontend with its key: what stands before serve counts again', async (t) => {
  const { gw } = await direct(t, { gateway: { env: { OTHER_KEY: 'other-4711' } }, config: more() });
  const r = await gw.once(t, get('/health'), { frontend: 'other' });
  assert.deepEqual([r.status, r.body.toString()], [200, '{"status":"healthy","service":"other-proxy"}']);
  assert.equal((await gw.once(t, get('/health', 'X-Deny: 1\r\n'), { frontend: 'other' })).status, 403);
});

test('HEAD is answered as GET without a body, also where the condition says GET; other methods pass by', async (t) => {
  const { gw, up } = await direct(t, { config: { request: AWF, ...more() } });
  const [g, h] = [await gw.once(t, get('/health')), await gw.once(t, head('/health'), { method: 'HEAD' })];
  assert.deepEqual([h.status, h.body.toString(), h.header('content-length')], [200, '', String(g.body.length)]);
  assert.equal(up.requests.length, 0);
  await gw.once(t, post('/health'));
  assert.deepEqual(up.requests.map((r) => `${r.method} ${r.target}`), ['POST /health']);
  assert.equal((await gw.once(t, post('/health'), { frontend: 'manage' })).status, 404);
});

test('health of the process and of the frontend that is asked; servers are told of', async (t) => {
  const { gw } = await direct(t, { config: more() });
  const one = { configured: true, servers: { up: 1, down: 0 } };
  assert.deepEqual((await gw.once(t, get('/health'), { frontend: 'manage' })).json, {
    status: 'healthy', service: 'hdrgate',
    frontends: { api: one, other: { configured: false, missing: 'environment variable OTHER_KEY is not set', servers: { up: 1, down: 0 } }, manage: { configured: true, servers: { up: 0, down: 0 } } },
  });
  assert.deepEqual((await gw.once(t, get('/me'), { frontend: 'manage' })).json, { status: 'healthy', service: 'hdrgate', frontend: 'manage', configured: true, servers: { up: 0, down: 0 } });
});

test('reflect: real ports, what is not there is off; no document shows a value', async (t) => {
  const reflect = (more_) => `, { serve: { what = "reflect"; frontends = [ "api", "other" ]; models-url: { api = "/v1/models"; }; ${more_} }; when: { path = "/reflect"; }; }`;
  const { gw } = await direct(t, { config: more(`${reflect('')}, { serve = "metrics"; when: { path = "/metrics"; }; }`) });
  const r = await gw.once(t, get('/reflect').replace('gate.test', 'gate.test:80'), { frontend: 'manage' });
  const [api, other] = [port(gw, 'api'), port(gw, 'other')];
  assert.deepEqual(r.json.endpoints, [
    { provider: 'api', port: api, base_url: `http://gate.test:${api}`, configured: true, models: null, model_metadata: null, models_url: '/v1/models' },
    { provider: 'other', port: other, base_url: `http://gate.test:${other}`, configured: false, models: null, model_metadata: null, models_url: null },
  ]);
  assert.equal(r.json.models_fetch_complete, true);
  for (const off of ['model_fallback', 'ai_credits', 'runs', 'cache_misses', 'permission_denied']) assert.equal(r.json[off].enabled, false, off);
  for (const path of ['/reflect', '/health', '/me', '/metrics']) assert.ok(!(await gw.once(t, get(path), { frontend: 'manage' })).body.includes(KEY), path);
});

test('reflect: guards that refuse are on, with the figures that they decide by', async (t) => {
  const guards = 'guard: { runs: { max-runs = 3; count-if = "call"; }; denied: { max-answers = 2; answers = [ 401, 403 ]; }; watched: { max-tokens = 9; }; };';
  const request = '{ serve = "reflect"; when: { path = "/reflect"; }; }, { guard = "runs"; }, { guard = "denied"; }, { guard = "watched"; observe = true; }';
  const hang = deferred();
  const handle = async (req, res) => {
    if (req.target === '/hang') await hang.promise;
    return res.send(req.target === '/no' ? 403 : 200, 'x');
  };
  const { gw, up } = await direct(t, { upstream: { handle }, config: { more: `acl: { call: { method = "POST"; }; }; ${guards}`, request } });
  const reflect = async () => (await gw.once(t, get('/reflect'))).json;
  const runs = (n) => ({ enabled: true, max_runs: 3, invocation_count: n, remaining_runs: 3 - n });
  const first = await reflect();
  assert.deepEqual(first.runs, runs(0));
  assert.deepEqual(first.permission_denied, { enabled: true, max_permission_denied: 2, denied_count: 0 });
  assert.deepEqual(first.effective_tokens, { enabled: false, max_effective_tokens: null, total_effective_tokens: 0, remaining_effective_tokens: null });
  assert.equal((await gw.once(t, post('/v1'))).status, 200);
  assert.equal((await gw.once(t, get('/no'))).status, 403);
  const c = await gw.client(t);
  await c.send(post('/hang'));
  await up.request(2);
  const now = await reflect();
  assert.deepEqual([now.runs, now.permission_denied.denied_count], [runs(2), 1], 'one under way is used');
  assert.deepEqual(now.cache_misses.enabled, false);
  hang.done();
  assert.equal((await c.response()).status, 200);
  assert.equal((await gw.once(t, post('/v1'))).status, 200);
  assert.equal((await gw.once(t, post('/v1'))).status, 429);
  assert.deepEqual((await reflect()).runs, runs(3), 'a refused one is not counted');
});
