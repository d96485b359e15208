// SPDX-License-Identifier: MIT
// A client that leaves cancels the upstream at once; the log says why, and no counter stays up.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIGURES } from './lib/env.mjs';
import { direct, get, world } from './lib/world.mjs';

const endless = async (req, res) => {
  res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
  if (req.target !== '/quiet') res.chunk('data: 1\n\n');
};
const WAYS = { reset: (c) => c.reset(), close: (c) => c.destroy(), 'half close': (c) => c.fin() };

for (const [way, leave] of Object.entries(WAYS)) {
  test(`mid-stream, by ${way}: the upstream connection goes within 100 ms`, async (t) => {
    const { up, gw } = await world(t, { upstream: { handle: endless } });
    const c = await gw.client(t);
    c.send(get('/stream'));
    await c.until(() => c.events.length === 1, 'the first event');
    const { connection } = up.requests[0];
    const left = performance.now();
    leave(c);
    await connection.closed.promise;
    const took = connection.goneAt - left;
    t.diagnostic(`gone after ${took.toFixed(1)} ms`);
    if (FIGURES) assert.ok(took < 100, `gone after ${took} ms`);
    const line = await gw.request('/stream');
    assert.deepEqual([line.close, line.status], ['client_left', 200]);
  });
}

test('before the answer: the upstream is cancelled, and the line says 499', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: () => {} } });
  const c = await gw.client(t);
  c.send(get('/waiting'));
  const { connection } = await up.request();
  c.reset();
  await connection.closed.promise;
  const line = await gw.request('/waiting');
  assert.deepEqual([line.close, line.status], ['client_left', 499]);
});

test('in the middle of its own request: the upstream cannot take it for complete', async (t) => {
  const { up, gw } = await direct(t);
  for (const [i, framing] of ['Content-Length: 10', 'Transfer-Encoding: chunked'].entries()) {
    const c = await gw.client(t);
    c.send(`POST /half${i} HTTP/1.1\r\nHost: gate.test\r\n${framing}\r\n\r\n${i ? '3\r\nabc\r\n' : 'abc'}`);
    const r = await up.request(i);
    await up.until(() => r.length === 3);
    c.fin();
    await r.connection.closed.promise;
    assert.equal(r.complete, false, framing);
    assert.equal((await gw.request(`/half${i}`)).close, 'client_left');
  }
});

test('while the tunnel is being made', async (t) => {
  const { up, gw } = await direct(t, { upstream: { silent: true } });
  const c = await gw.client(t);
  c.send(get('/early'));
  await up.until((u) => u.accepted === 1);
  c.reset();
  await up.until((u) => u.sockets.size === 0, 'the connection to be given up');
  assert.equal((await gw.request('/early')).close, 'client_left');
});

test('many at once: descriptors and connections come back to where they were, and requests still work', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: (req, res) => (req.target === '/after' ? res.send(200) : endless(req, res)) } });
  const open = () => gw.descriptors();
  await gw.once(t, get('/after'));
  up.closeAll();
  await up.until((u) => u.live.size === 0);
  const before = open();
  const clients = await Promise.all(Array.from({ length: 50 }, () => gw.client(t)));
  for (const c of clients) c.send(get('/many'));
  await Promise.all(clients.map((c) => c.until(() => c.events.length === 1)));
  clients.forEach((c, i) => Object.values(WAYS)[i % 3](c));
  await up.until((u) => u.live.size === 0, 'all upstream connections to go');
  await gw.waitForLog(() => gw.lines.filter((l) => l.path === '/many' && l.close === 'client_left').length === 50);
  await gw.until(() => open() <= before, 'the descriptors to be closed');
  const counts = await gw.counters();
  for (const gauge of ['sessions', 'active_requests', 'upstream_open', 'upstream_idle', 'retry_kept_bytes']) {
    assert.equal(counts[gauge], 0, gauge);
  }
  assert.equal(counts.client_left_total, 50);
  assert.equal((await gw.once(t, get('/after'))).status, 200);
});
