// SPDX-License-Identifier: MIT
// When a request is sent again, and when it must not be.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get, post, world } from './lib/world.mjs';

const BODY = 'x'.repeat(100 * 1024);
const log = (gw, path) => gw.request(path);

test('a POST of 100 KB on a pooled connection that the upstream has closed goes out on a new one', async (t) => {
  const { up, gw } = await world(t, { config: { threads: 1 } });
  const c = await gw.client(t);
  for (let i = 0; i < 5; i++) {
    await c.send(post(`/p${i}`, BODY));
    assert.equal((await c.response(i)).json.length, BODY.length);
    up.closeAll();
    await up.until((u) => u.live.size === 0);
    // Squid passes the close on a moment later; a POST that leaves in that moment is lost and must be a 502.
    while ((await gw.counters()).upstream_open !== 0) continue;
  }
  assert.equal(up.requests.length, 5);
});

test('an idempotent request on a connection that dies under it is sent again, once to the end', async (t) => {
  let n = 0;
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => (req.target === '/again' && n++ === 0 ? res.reset() : res.send(200, 'ok')) },
  });
  const c = await gw.client(t);
  await c.send(get('/first'));
  await c.response();
  await c.send(get('/again'));
  assert.equal((await c.response(1)).body.toString(), 'ok');
  const line = await log(gw, '/again');
  assert.deepEqual([line.retries, line.connection, line.status], [1, 'new', 200]);
  assert.equal(up.requests.length, 3);
});

test('an idempotent request with a body is sent again whole', async (t) => {
  let n = 0;
  const { up, gw } = await direct(t, {
    upstream: {
      handle: async (req, res) => {
        const body = await req.body();
        if (n++ === 0) res.reset();
        else await res.send(200, String(body.length));
      },
    },
  });
  const r = await gw.once(t, post('/put', BODY).replace('POST', 'PUT'));
  assert.equal(r.body.toString(), String(BODY.length));
  assert.equal(up.requests.length, 2);
  assert.equal(up.requests[1].header('authorization'), up.requests[0].header('authorization'));
});

test('a POST that the upstream has read is not sent again: 502', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => (req.target === '/once' ? req.body().then(() => res.close()) : res.send(200, 'ok')) },
  });
  const c = await gw.client(t);
  await c.send(get('/warm'));
  await c.response();
  await c.send(post('/once', BODY));
  const r = await c.response(1);
  assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_closed']);
  assert.equal((await log(gw, '/once')).retries, undefined);
  assert.equal(up.requests.filter((q) => q.target === '/once').length, 1);
});

test('a request that is larger than retry.buffer is not sent again', async (t) => {
  let n = 0;
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => req.body().then(() => (n++ === 0 ? res.reset() : res.send(200, 'ok'))) },
    config: { backend: 'retry: { buffer = "64k"; };' },
  });
  const r = await gw.once(t, post('/put', BODY).replace('POST', 'PUT'));
  assert.equal(r.status, 502);
  assert.equal(up.requests.length, 1);
});

test('nothing is sent again once a byte of the answer has come', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: (req, res) => res.raw('HTTP/1.1 2').then(() => res.close()) } });
  const r = await gw.once(t, get('/x'));
  assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_closed']);
  assert.equal(up.requests.length, 1);
});

test('an upstream that always dies: an end after a few tries', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: (req, res) => res.reset() } });
  const r = await gw.once(t, get('/x'));
  assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_reset']);
  assert.ok(up.requests.length >= 2 && up.requests.length <= 3, String(up.requests.length));
});

test('a connection over its age is not used again', async (t) => {
  // The answer takes longer than the age.
  const handle = (req, res) => new Promise((done) => setTimeout(done, 10)).then(() => res.send(200, 'ok'));
  const { up, gw } = await direct(t, { upstream: { handle }, config: { threads: 1, backend: 'pool: { age = "1ms"; };' } });
  const c = await gw.client(t);
  for (let i = 0; i < 3; i++) {
    await c.send(get(`/${i}`));
    await c.response(i);
    await up.until((u) => u.live.size === 0, 'the connection to end');
  }
  assert.equal(up.accepted, 3);
});

test('a connection that gets too old while nobody uses it is not used again either', async (t) => {
  const { up, gw } = await direct(t, { config: { threads: 1, backend: 'pool: { age = "300ms"; };' } });
  const c = await gw.client(t);
  const begin = performance.now();
  await c.send(get('/0'));
  await c.response(0);
  await gw.until(() => performance.now() - begin > 700 || undefined, 'the connection to get old');
  await c.send(get('/1'));
  await c.response(1);
  assert.equal(up.accepted, 2);
});
