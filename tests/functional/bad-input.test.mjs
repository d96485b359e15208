// SPDX-License-Identifier: MIT
// Every row of data/bad-input.mjs is refused: with a JSON error, the connection closed, and nothing that an upstream
// could take for a request.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { body, head } from './data/bad-input.mjs';
import { direct, get } from './lib/world.mjs';

async function refused(t, gw, [what, status, type, bytes], { byByte = false } = {}) {
  const c = await gw.client(t);
  if (byByte) for (const b of bytes) c.send(b);
  else c.send(bytes);
  const r = await c.response();
  await c.gone();
  assert.equal(c.responses.length, 1, what);
  assert.equal(r.status, status, `${what}: ${r.body}`);
  assert.equal(r.header('connection'), 'close', what);
  assert.match(r.header('content-type'), /^application\/json/, what);
  const { error } = JSON.parse(r.body);
  if (type) assert.equal(error.type, type, what);
  assert.ok(error.message.length > 10, what);
  assert.equal(error.request_id, r.header('x-request-id'), what);
  c.destroy();
  return error;
}

test('there are enough rows, each with the section it is about', () => {
  assert.ok(head.length >= 60 && head.length + body.length >= 100);
  for (const row of [...head, ...body]) assert.match(row[4], /^\d{4} \d+(\.\d+)*$/, row[0]);
});

test('heads', async (t) => {
  const { up, gw } = await direct(t);
  for (const row of head) await t.test(`head: ${row[0]}`, (t) => refused(t, gw, row));
  assert.equal(up.accepted, 0, 'nothing may have reached the upstream');
  assert.equal((await gw.once(t, get('/after'))).status, 200);
});

test('heads that arrive byte by byte', async (t) => {
  const { up, gw } = await direct(t);
  for (const row of head.filter((r) => r[3].length < 200)) await refused(t, gw, row, { byByte: true });
  assert.equal(up.accepted, 0);
});

test('a bad head behind a good request: the first is answered', async (t) => {
  const { up, gw } = await direct(t);
  const c = await gw.client(t);
  c.send(get('/good') + get('/bad', 'Content-Length: x\r\n') + get('/never'));
  assert.deepEqual([(await c.response(0)).status, (await c.response(1)).status], [200, 400]);
  await c.gone();
  assert.deepEqual(up.requests.map((r) => r.target), ['/good']);
});

test('bodies', async (t) => {
  const { up, gw } = await direct(t);
  for (const row of body) {
    await t.test(`body: ${row[0]}`, async (t) => {
      const before = up.requests.length;
      const error = await refused(t, gw, row);
      // The log line comes when the exchange is over; a head that left by then has arrived or never will.
      const line = await gw.request((l) => l.request_id === error.request_id);
      assert.equal(line.error, error.type);
      await up.until((u) => u.live.size === 0, 'the upstream connection to be closed');
      for (const r of up.requests.slice(before)) assert.equal(r.complete, false, `${row[0]}: ${r.connection.received}`);
    });
  }
  assert.equal((await gw.once(t, get('/after'))).status, 200);
});

test('bodies that turn bad when the upstream has seen their beginning', async (t) => {
  const { up, gw } = await direct(t);
  for (const [what, status, , bytes] of body) {
    const n = up.requests.length;
    const at = bytes.indexOf('\r\n\r\n') + 4;
    const c = await gw.client(t);
    c.send(`${bytes.slice(0, at)}4\r\ngood\r\n`);
    const r = await up.request(n);
    await up.until(() => r.length === 4);
    c.send(bytes.slice(at));
    assert.equal((await c.response()).status, status, what);
    await c.gone();
    await r.connection.closed.promise;
    assert.equal(r.complete, false, what);
    assert.ok(!r.connection.received.includes('\r\n0\r\n'), what);
  }
  assert.equal(up.live.size, 0);
});
