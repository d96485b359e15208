// SPDX-License-Identifier: MIT
// Several servers behind one backend: which one is asked, what happens when it fails, and who waits.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WRAPPER, PATIENCE, deferred } from './lib/env.mjs';
import { upstream } from './lib/upstream.mjs';
import { direct, get, post, world } from './lib/world.mjs';

const NAMES = ['a', 'b', 'c'];

// Upstreams that say their name, and the servers' text for the configuration.
async function servers(t, n, { host = 'localhost', more = [], options = [] } = {}) {
  const ups = [];
  for (let i = 0; i < n; i++) {
    const up = await upstream(t, { handle: (req, res) => req.body().then(() => res.send(200, NAMES[i])), ...options[i] });
    ups.push(up);
  }
  const server = ups.map((u, i) => `{ url = "${u.url(host)}"; name = "${NAMES[i]}"; ${more[i] ?? ''} }`).join(', ');
  return { ups, server };
}

async function scene(t, n, { backend = '', config = {}, ...rest } = {}) {
  const { ups, server } = await servers(t, n, rest);
  const { gw } = await direct(t, { up: ups[0], config: { server, backend, ...config } });
  return { ups, gw, server };
}

// One request on a connection of its own; the body, or "status type".
async function ask(t, gw, path = '/x', request = get(path)) {
  const r = await gw.once(t, request);
  return r.status === 200 ? r.body.toString() : `${r.status} ${r.json?.error.type ?? ''}`;
}

async function tally(t, gw, n) {
  const got = {};
  for (let i = 0; i < n; i++) {
    const name = await ask(t, gw, `/${i}`);
    got[name] = (got[name] ?? 0) + 1;
  }
  return got;
}

const event = (gw, name, server) => gw.waitForLog((l) => l.event === name && l.server === server, `${name} of ${server}`);

test('roundrobin: the shares are exact, over all threads', async (t) => {
  const { gw } = await scene(t, 3, { more: ['weight = 3;', '', 'weight = 0;'] });
  assert.deepEqual(await tally(t, gw, 40), { a: 30, b: 10 });
  const line = await gw.request('/0');
  assert.deepEqual([line.backend, line.server, line.queue_ms], ['api', 'a', undefined]);
});

test('first: all to one, to the next when it dies, and back when it returns', async (t) => {
  const { ups, gw } = await scene(t, 2, { backend: 'balance = "first"; health: { check = "tcp"; interval = "200ms"; rise = 2; };' });
  assert.deepEqual(await tally(t, gw, 5), { a: 5 });
  const { port } = ups[0];
  await ups[0].close();
  assert.deepEqual(await tally(t, gw, 5), { b: 5 });
  assert.match((await event(gw, 'server_down', 'a')).reason, /could not be made|failed requests in a row/);
  await ups[0].listen(port);
  await event(gw, 'server_up', 'a');
  assert.deepEqual(await tally(t, gw, 3), { a: 3 });
});

test('leastconn: who is busy gets less', async (t) => {
  const hold = deferred();
  const handle = (req, res) => (req.target === '/hold' ? hold.promise : Promise.resolve()).then(() => res.send(200, 'a'));
  const { ups, gw } = await scene(t, 2, { options: [{ handle }], backend: 'balance = "leastconn";' });
  const c = await gw.client(t);
  while (!ups[0].requests.some((r) => r.target === '/hold')) {
    // The first of equals is not always a.
    await c.send(get(ups[1].requests.length ? '/hold' : '/warm'));
    if (ups[1].requests.length === 0) await c.response(c.responses.length);
    else await ups[0].until((u) => u.requests.some((r) => r.target === '/hold'));
  }
  const before = ups[1].requests.length;
  assert.deepEqual(await tally(t, gw, 6), { b: 6 });
  assert.equal(ups[1].requests.length, before + 6);
  hold.done();
  await c.until((x) => x.responses.at(-1)?.body.toString() === 'a');
});

test('backups are asked when all others are gone, and no longer when they are back', async (t) => {
  const { ups, gw } = await scene(t, 3, { more: ['', 'disabled = true;', 'backup = true;'],
    backend: 'health: { check = "tls"; interval = "200ms"; };' });
  assert.deepEqual(await tally(t, gw, 4), { a: 4 });
  const { port } = ups[0];
  await ups[0].close();
  assert.deepEqual(await tally(t, gw, 4), { c: 4 });
  await event(gw, 'server_down', 'a');
  await ups[0].listen(port);
  await event(gw, 'server_up', 'a');
  assert.deepEqual(await tally(t, gw, 4), { a: 4 });
});

test('a POST that found no server goes to the next, whole, with a head for that one', async (t) => {
  const body = 'y'.repeat(150 * 1024);
  const { ups, gw } = await scene(t, 2, { backend: 'balance = "first";', options: [{}, { handle: undefined }] });
  await ups[0].close();
  const r = await gw.once(t, post('/p', body));
  assert.deepEqual([r.status, r.json.length], [200, body.length]);
  assert.equal(ups[1].requests[0].header('host'), `localhost:${ups[1].port}`);
  const line = await gw.request('/p');
  assert.deepEqual([line.server, line.retries, line.bytes_in], ['b', 1, body.length]);
});

test('one server of two is killed under load, through Squid: nothing fails that could be sent again', async (t) => {
  const options = [0, 1].map((i) => ({ handle: (req, res) => req.body().then(() => res.send(200, NAMES[i])) }));
  const { ups, server } = await servers(t, 2, { host: 'api.test.example', options });
  const INTERVAL = 1000;
  const { gw, sq } = await world(t, {
    up: ups[0], config: { server, backend: `health: { check = "http"; path = "/health"; interval = "${INTERVAL}ms"; rise = 2; fall = 2; };` } });
  let running = true, sent = 0, lost = 0;
  const failed = [];
  const one = async (n) => {
    const c = await gw.client(t);
    for (let i = 0; running; i++) {
      const request = n % 4 ? get(`/g${n}-${i}`) : post(`/p${n}-${i}`, 'body');
      await c.send(request);
      const r = await c.response(i);
      sent++;
      if (r.status === 200) continue;
      if (n % 4) failed.push(`${request}${r.body}`);
      else if (/^upstream_(closed|reset)$/.test(r.json.error.type)) lost++;
      else failed.push(`${request}${r.body}`);
    }
  };
  const load = Array.from({ length: 16 }, (_, n) => one(n));
  const live = (u) => u.requests.filter((r) => r.target !== '/health').length;
  await ups[0].until((u) => live(u) > 50);
  const { port } = ups[0];
  await ups[0].close();
  await event(gw, 'server_down', 'a');
  const before = live(ups[1]);
  await ups[1].until((u) => live(u) > before + 50);
  const was = live(ups[0]);
  await ups[0].listen(port);
  const back = performance.now();
  await ups[0].until((u) => live(u) > was, 'traffic at the server that returned');
  const took = performance.now() - back;
  running = false;
  await Promise.all(load);
  assert.deepEqual(failed, []);
  assert.ok(sent > 100 && lost <= 4, `${sent} sent, ${lost} lost`);
  // An interval, and the time that the checks themselves take.
  assert.ok(took < (INTERVAL + 300) * PATIENCE, `${took} ms`);
  const c = await gw.counters();
  assert.ok(c.upstream_redispatches_total > 0);
  await gw.stop();
  assert.ok((await sq.waitForLog((l) => l.length > 0 && l)).some((l) => l.includes(`CONNECT api.test.example:${port}`)));
});

test('the queue: who comes when all is taken waits, not too many, and not for ever', async (t) => {
  const hold = deferred();
  const handle = (req, res) => (req.target === '/hold' ? hold.promise : Promise.resolve()).then(() => res.send(200, 'a'));
  const { ups, gw } = await scene(t, 1, { options: [{ handle }], more: ['limit = 1;'],
    backend: 'queue: { size = 2; timeout = "700ms"; };' });
  const first = gw.once(t, get('/hold'));
  await ups[0].request(0);
  const waits = [gw.once(t, get('/w1')), gw.once(t, post('/w2', 'x'.repeat(100000)))];
  await gw.until(() => true, '');
  for (let c = await gw.counters(); c.queue_waiting !== 2; c = await gw.counters()) continue;
  const full = await gw.once(t, get('/full'));
  assert.deepEqual([full.status, full.json.error.type, full.header('retry-after')], [503, 'queue_full', '1']);
  for (const w of waits) {
    const r = await w;
    assert.deepEqual([r.status, r.json.error.type, r.header('retry-after')], [503, 'queue_timeout', '1']);
  }
  const line = await gw.request('/w1');
  assert.ok(line.queue_ms >= 690 && line.server === undefined, JSON.stringify(line));
  // One that leaves is no more in the queue; one that stays gets the place.
  const gone = await gw.client(t);
  await gone.send(get('/gone'));
  for (let c = await gw.counters(); c.queue_waiting !== 1; c = await gw.counters()) continue;
  gone.reset();
  assert.equal((await gw.request('/gone')).status, 499);
  const last = gw.once(t, post('/last', 'z'));
  for (let c = await gw.counters(); c.queue_waiting !== 1; c = await gw.counters()) continue;
  hold.done();
  assert.deepEqual([(await first).status, (await last).status], [200, 200]);
  assert.ok((await gw.request('/last')).queue_ms > 0);
  const c = await gw.counters();
  assert.deepEqual([c.queue_full_total, c.queue_timeout_total, c.queue_waiting], [1, 2, 0]);
});

test('with many clients no server has more requests than its limit', async (t) => {
  const now = [0, 0], most = [0, 0];
  const options = now.map((_, i) => ({ handle: async (req, res) => {
    most[i] = Math.max(most[i], ++now[i]);
    await new Promise((done) => setTimeout(done, 2));
    now[i]--;
    await res.send(200, NAMES[i]);
  } }));
  const { gw } = await scene(t, 2, { options, more: ['limit = 3;', 'limit = 1;'] });
  const all = await Promise.all(Array.from({ length: 80 }, (_, i) => ask(t, gw, `/${i}`)));
  assert.ok(all.every((x) => x === 'a' || x === 'b'), String(all));
  assert.ok(most[0] <= 3 && most[1] <= 1 && most[0] > 1, String(most));
});

test('the budget: a backend that fails everything is not asked three times as much', async (t) => {
  const options = [0, 1].map(() => ({ handle: (req, res) => res.reset() }));
  const { ups, gw } = await scene(t, 2, { options, backend: 'retry: { budget = 0; reserve = 4; }; health: { passive: { errors = 0; }; };' });
  for (let i = 0; i < 20; i++) assert.equal(await ask(t, gw, `/${i}`), '502 upstream_reset');
  const seen = ups[0].requests.length + ups[1].requests.length;
  const c = await gw.counters();
  assert.ok(seen >= 24 && seen <= 24 + 4, String(seen));
  assert.equal(c.upstream_retries_total, seen - 20);
  assert.equal(c.retry_budget_empty_total >= 16, true);
});

test('all servers down: 503 at once with Retry-After, and they come back', async (t) => {
  const { ups, gw } = await scene(t, 2, { backend: 'health: { check = "tcp"; interval = "300ms"; };' });
  const ports = ups.map((u) => u.port);
  await Promise.all(ups.map((u) => u.close()));
  await Promise.all([event(gw, 'server_down', 'a'), event(gw, 'server_down', 'b')]);
  const r = await gw.once(t, get('/none'));
  assert.deepEqual([r.status, r.json.error.type, r.header('retry-after')], [503, 'no_server', '1']);
  assert.equal((await gw.counters()).no_server_total, 1);
  await ups[1].listen(ports[1]);
  await event(gw, 'server_up', 'b');
  assert.equal(await ask(t, gw, '/back'), 'b');
});

test('without checks: both are tried, and the failure of the last is the answer', async (t) => {
  const { ups, gw } = await scene(t, 2);
  await Promise.all(ups.map((u) => u.close()));
  for (let i = 0; i < 8; i++) assert.equal(await ask(t, gw, `/${i}`), '502 connect_failed');
  assert.equal((await gw.request('/0')).retries, 1);
  // Both are aside by now, but there is nothing else to ask.
  await Promise.all([event(gw, 'server_down', 'a'), event(gw, 'server_down', 'b')]);
});

test('a server that breaks off is put aside by live requests, and comes back after its cool-down', async (t) => {
  let bad = true;
  const handle = (req, res) => (bad ? res.reset() : res.send(200, 'a'));
  const { ups, gw } = await scene(t, 2, { options: [{ handle }], backend: 'health: { passive: { errors = 2; cool-down = "400ms"; }; };' });
  for (let i = 0; i < 6; i++) assert.equal(await ask(t, gw, `/${i}`), 'b');
  assert.match((await event(gw, 'server_down', 'a')).reason, /^2 failed requests in a row, the last: the upstream broke/);
  assert.equal(ups[0].requests.length, 2);
  bad = false;
  while ((await ask(t, gw, '/again')) !== 'a') continue;
  await event(gw, 'server_up', 'a');
});

test('checks see what they are told to look at', async (t) => {
  const handle = (i) => (req, res) => (req.target === '/health?deep=1' ? res.send(i ? 204 : 500) : res.send(200, NAMES[i]));
  const { ups, gw } = await scene(t, 3, { options: [{ handle: handle(0) }, { handle: handle(1) }, { certificate: 'wrong-name' }],
    backend: 'health: { check = "http"; method = "HEAD"; path = "/health?deep=1"; host = "check.test"; status = [ "200", "204" ]; interval = "100ms"; };' });
  assert.match((await event(gw, 'server_down', 'a')).reason, /1 bad check: it answered 500/);
  assert.match((await event(gw, 'server_down', 'c')).reason, /certificate does not verify/);
  assert.deepEqual(await tally(t, gw, 3), { b: 3 });
  const check = ups[0].requests[0];
  assert.equal(check.rawHead, `HEAD /health?deep=1 HTTP/1.1\r\nHost: check.test\r\nUser-Agent: hdrgate/${check.header('user-agent').split('/')[1]}\r\nAccept: */*\r\nConnection: close\r\n\r\n`);
  await ups[1].until((u) => u.requests.filter((r) => r.method === 'HEAD').length > 3, 'more checks');
  assert.ok(!gw.lines.some((l) => l.server === 'b' && /^server_/.test(l.event)));
});

test('a check that gets no answer ends in its time', async (t) => {
  const { gw } = await scene(t, 2, { options: [{ handle: (req, res) => (req.target === '/' ? new Promise(() => {}) : res.send(200, 'a')) }],
    backend: 'health: { check = "http"; interval = "200ms"; timeout = "150ms"; };' });
  assert.match((await event(gw, 'server_down', 'a')).reason, /not over within health\.timeout \(150 ms\)/);
});

test('statuses, time limits and junk are tried again where the config says so, and only what may be', async (t) => {
  const odd = (req, res) => {
    if (/status/.test(req.target)) return res.send(529, 'a');
    if (/junk/.test(req.target)) return res.raw('hello\r\n\r\n').then(() => res.close());
    return /slow/.test(req.target) ? undefined : res.send(200, 'a');
  };
  const parts = { options: [{ handle: odd }] };
  const wait = WRAPPER.length ? '4s' : '150ms'; // valgrind takes its time for everything
  const on = `balance = "first"; timeout: { response-head = "${wait}"; }; health: { passive: { errors = 0; }; };`;
  const { gw } = await scene(t, 2, { ...parts, backend: `${on} retry: { on = [ "529", "response-timeout", "junk-response" ]; };` });
  for (const what of ['status', 'junk', 'slow']) assert.equal(await ask(t, gw, `/${what}`), 'b');
  assert.equal(await ask(t, gw, '/', post('/status', 'x')), '529 ');
  assert.equal(await ask(t, gw, '/', post('/slow', 'x')), '504 response_timeout');
  const plain = await scene(t, 2, { ...parts, backend: on });
  assert.equal(await ask(t, plain.gw, '/status'), '529 ');
  assert.equal(await ask(t, plain.gw, '/junk'), '502 upstream_bad_response');
  const all = await scene(t, 2, { ...parts, backend: `${on} retry: { on = "5xx"; non-idempotent = true; };` });
  assert.equal(await ask(t, all.gw, '/', post('/status', 'x')), 'b');
});

test('a POST takes no connection that has been idle for long; a GET does', async (t) => {
  const { ups, gw } = await scene(t, 1, { config: { threads: 1 }, backend: 'pool: { idle-unsafe = "0"; };' });
  for (let i = 0; i < 3; i++) assert.equal(await ask(t, gw, `/p${i}`, post(`/p${i}`, 'x')), 'a');
  assert.equal(ups[0].accepted, 3);
  assert.equal(await ask(t, gw, '/g'), 'a');
  assert.equal(ups[0].accepted, 3);
  const near = await scene(t, 1, { config: { threads: 1 } });
  for (let i = 0; i < 3; i++) assert.equal(await ask(t, near.gw, `/p${i}`, post(`/p${i}`, 'x')), 'a');
  assert.equal(near.ups[0].accepted, 1);
});

test('a server that breaks off in the middle of its answers is put aside too', async (t) => {
  const handle = (req, res) => res.head(200, { 'Content-Length': 10 }).then(() => res.raw('abc')).then(() => res.close());
  const { gw } = await scene(t, 2, { options: [{ handle }], backend: 'balance = "first"; health: { passive: { errors = 2; }; };' });
  for (let i = 0; i < 2; i++) {
    const c = await gw.client(t);
    await c.send(get(`/${i}`));
    await c.gone();
  }
  assert.match((await event(gw, 'server_down', 'a')).reason, /closed before the end of the body/);
  assert.equal(await ask(t, gw), 'b');
});

test('an answer of the configuration to a full house keeps Retry-After, or has its own', async (t) => {
  const errors = 'errors: { queue-timeout: { body = "later"; }; queue-full: { status = 429; header = [ "Retry-After", "7" ]; body = "full"; }; };';
  const { ups, gw } = await scene(t, 1, { options: [{ handle: () => new Promise(() => {}) }], more: ['limit = 1;'],
    backend: `queue: { size = 1; timeout = "300ms"; }; ${errors}` });
  const c = await gw.client(t);
  await c.send(get('/hold'));
  await ups[0].request(0);
  const waits = gw.once(t, get('/w'));
  for (let n = await gw.counters(); n.queue_waiting !== 1; n = await gw.counters()) continue;
  const full = await gw.once(t, get('/full'));
  assert.deepEqual([full.status, full.body.toString(), full.all('retry-after')], [429, 'full', ['7']]);
  const late = await waits;
  assert.deepEqual([late.status, late.body.toString(), late.all('retry-after')], [503, 'later', ['1']]);
});

test('failover between two providers: each server gets the credential that the rules have for it, POST too', async (t) => {
  const busy = { handle: (req, res) => req.body().then(() => res.send(429, 'busy')) };
  const one = await upstream(t, busy);
  const two = await upstream(t, { handle: (req, res) => req.body().then((b) => res.send(200, `two ${b}`)) });
  const { gw } = await direct(t, {
    up: one, gateway: { env: { SPARE_KEY: 'spare-credential' } },
    config: {
      server: `"${one.url('localhost')}", "${two.url('127.0.0.1')}"`,
      secret: 'k: { from = "$<API_KEY>"; }; spare: { from = "$<SPARE_KEY>"; };',
      backend: 'balance = "first"; retry: { on = [ "connect-failure", "empty-response", "429", "503", "529" ]; non-idempotent = true; };',
      inject: `{ set-header = [ "Authorization", "Bearer $<secret:k>" ]; when: { server-host = "localhost"; }; },
        { set-header = [ "Authorization", "Bearer $<secret:spare>" ]; when: { server-host = "127.0.0.1"; }; }`,
    },
  });
  const r = await gw.once(t, post('/v1/chat', 'hello'));
  assert.deepEqual([r.status, r.body.toString()], [200, 'two hello']);
  assert.deepEqual([one, two].map((u) => u.requests.map((q) => q.header('authorization'))), [['Bearer real-credential-4711'], ['Bearer spare-credential']]);
});
