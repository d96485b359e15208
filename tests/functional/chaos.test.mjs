// SPDX-License-Identifier: MIT
// What attacks found: ends that nobody reads, ends that come at the wrong moment.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get } from './lib/world.mjs';

test('a client that resets an upload which the upstream does not read is noticed', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: (req) => req.connection.socket.pause() } });
  const c = await gw.client(t);
  c.send(`POST /stalled HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 9000000\r\n\r\n${'x'.repeat(8000000)}`);
  await up.request();
  // Until the buffers between here and there are full.
  await new Promise((done) => setTimeout(done, 300));
  c.reset();
  assert.equal((await gw.request('/stalled', 5000)).close, 'client_left');
});

test('a client that resets a tunnel whose upstream does not read is noticed', async (t) => {
  const handle = async (req, res) => {
    await res.head(101, { Connection: 'Upgrade', Upgrade: 'websocket' });
    req.connection.socket.pause();
  };
  const { gw } = await direct(t, { upstream: { handle } });
  const c = await gw.client(t);
  await c.send(get('/ws', 'Connection: Upgrade\r\nUpgrade: websocket\r\n'));
  assert.equal((await c.response()).status, 101);
  c.send(Buffer.alloc(16 << 20));
  await new Promise((done) => setTimeout(done, 500));
  c.reset();
  assert.equal((await gw.waitForLog((l) => l.path === '/ws', 'the end of the tunnel', 5000)).close, 'tunnel_closed');
});

test('a client that pipelines more than is read ahead and leaves is noticed', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: () => {} } });
  const c = await gw.client(t);
  c.send(get('/first') + get('/never').repeat(3000));
  const { connection } = await up.request();
  c.destroy();
  await connection.closed.promise;
  assert.equal((await gw.request('/first')).close, 'client_left');
  assert.equal(up.requests.length, 1);
});

test('a request body that stalls is answered 408, and the connection ends', async (t) => {
  const { gw } = await direct(t, { config: { defaults: 'timeout: { request-body = "200ms"; };' } });
  const c = await gw.client(t);
  c.send('POST /slow HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 10\r\n\r\nabc');
  const r = await c.response();
  assert.deepEqual([r.status, r.header('connection')], [408, 'close']);
  await c.gone();
});

test('a bodiless answer that brings a body poisons no other request', async (t) => {
  const evil = 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL';
  const handle = (req, res) =>
    req.target === '/good'
      ? res.send(200, 'good')
      : res.raw(`HTTP/1.1 ${req.target === '/304' ? 304 : 204} X\r\nContent-Length: ${evil.length}\r\n\r\n${evil}`);
  const { gw } = await direct(t, { upstream: { handle } });
  const c = await gw.client(t);
  for (const path of ['/204', '/good', '/304', '/good']) c.send(get(path));
  await c.response(3);
  assert.deepEqual(c.responses.map((r) => r.status), [204, 200, 304, 200]);
  assert.ok(!c.received.includes('EVIL'));
});
