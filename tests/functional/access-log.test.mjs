// SPDX-License-Identifier: MIT
// X-Request-ID both ways, and one log line per exchange.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get, post } from './lib/world.mjs';

const ID = (id) => `X-Request-ID: ${id}\r\n`;
const GOOD = ['a', 'A-Za.z_0-9', 'f'.repeat(128), '0'];
const BAD = ['', 'a b', 'a/b', 'f'.repeat(129), 'caf\xe9', 'a"b', '{}'];

test('a good X-Request-ID is kept, a bad one replaced, a missing one made; both sides and the log agree', async (t) => {
  const { up, gw } = await direct(t);
  const seen = new Set();
  for (const [i, [id, good]] of [...GOOD.map((g) => [g, true]), ...BAD.map((b) => [b, false]), [null, false]].entries()) {
    const r = await gw.once(t, get(`/${i}`, id === null ? '' : ID(id)));
    const got = r.header('x-request-id');
    if (good) assert.equal(got, id);
    else assert.match(got, /^[A-Za-z0-9_.-]{8,128}$/);
    assert.ok(!seen.has(got));
    seen.add(got);
    assert.deepEqual(up.requests[i].all('x-request-id'), [got]);
    assert.equal((await gw.request(`/${i}`)).request_id, got);
  }
});

test('two X-Request-IDs: neither is believed', async (t) => {
  const { up, gw } = await direct(t);
  const r = await gw.once(t, get('/', ID('first') + ID('second')));
  assert.equal(up.requests[0].all('x-request-id').length, 1);
  assert.equal(up.requests[0].header('x-request-id'), r.header('x-request-id'));
});

test("the upstream's own id is logged and kept as x-upstream-request-id", async (t) => {
  const { gw } = await direct(t, { upstream: { handle: (req, res) => res.send(200, 'x', { 'X-Request-Id': 'req_upstream' }) } });
  const r = await gw.once(t, get('/ids', ID('mine')));
  assert.deepEqual([r.all('x-request-id'), r.all('x-upstream-request-id')], [['mine'], ['req_upstream']]);
  const line = await gw.request('/ids');
  assert.deepEqual([line.request_id, line.upstream_request_id], ['mine', 'req_upstream']);
});

test('the line of an exchange has everything, and no query values', async (t) => {
  const { gw } = await direct(t, { config: { threads: 1 } });
  await gw.once(t, post('/v1/chat?key=hush&q=hush', 'hello'));
  const r = await gw.once(t, post('/v1/again?key=hush', 'hello'));
  const line = await gw.request('/v1/again');
  assert.match(line.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z$/);
  const want = {
    level: 'info', event: 'request_complete', request_id: r.header('x-request-id'), frontend: 'api', method: 'POST', path: '/v1/again',
    status: 200, close: 'ok', bytes_in: 5, bytes_out: r.body.length, connection: 'reused', tls: 'TLSv1.3',
  };
  for (const [k, v] of Object.entries(want)) assert.equal(line[k], v, k);
  assert.equal((await gw.request('/v1/chat')).connection, 'new');
  for (const k of ['connect_ms', 'first_byte_ms', 'total_ms']) assert.ok(line[k] >= 0 && line[k] < 60000, `${k} ${line[k]}`);
  assert.ok((await gw.request('/v1/chat')).connect_ms > 0);
  assert.ok(line.first_byte_ms <= line.total_ms);
  assert.ok(!gw.text().includes('hush'), gw.text());
});

test('a path of controls and quotes cannot forge a line', async (t) => {
  const { gw } = await direct(t);
  await gw.once(t, get('/a%0a{"event":"x"}\\u0041"'));
  await gw.request((l) => l.path.startsWith('/a%0a'));
  await gw.once(t, `GET /b HTTP/1.1\r\nHost: gate.test\r\nX-A: \x1b\r\n\r\n`);
  await gw.stop(); // checks that every line is JSON
  assert.ok(!gw.lines.some((l) => l.event === 'x'));
});

test('refused requests are logged too, with their error', async (t) => {
  const { gw } = await direct(t);
  const r = await gw.once(t, get('/refused', 'Content-Length: x\r\n'));
  const line = await gw.request((l) => l.request_id === r.json.error.request_id);
  assert.deepEqual([line.status, line.close, line.error, line.connection], [400, 'refused', 'bad_length', 'none']);
});
