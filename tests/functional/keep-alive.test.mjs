// SPDX-License-Identifier: MIT
// Client connections: pipelining, closing, idle time-outs, and slow heads.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { direct, get, post } from './lib/world.mjs';

test('100 requests in one write are answered in order', async (t) => {
  const { up, gw } = await direct(t);
  const c = await gw.client(t);
  c.send(Array.from({ length: 100 }, (_, i) => (i % 2 ? get(`/${i}`) : post(`/${i}`, `body ${i}`))).join(''));
  await c.response(99);
  assert.deepEqual(c.responses.map((r) => JSON.parse(r.body).target), Array.from({ length: 100 }, (_, i) => `/${i}`));
  assert.equal(up.accepted, 1);
});

test('a client that pipelines a flood keeps no others waiting', async (t) => {
  const { gw } = await direct(t, { config: { threads: 1, request: '{ respond: { status = 200; body = "x"; }; }' } });
  const [before, flood, behind] = await Promise.all([0, 1, 2].map(() => gw.client(t)));
  for (const c of [before, flood, behind]) {
    c.send(get('/first'));
    await c.response();
  }
  // Stopped, it finds them all in one turn; whichever it looks at first, there is one that comes later.
  gw.kill('SIGSTOP');
  await gw.until(() => /^State:\s+T/m.test(readFileSync(`/proc/${gw.pid}/status`, 'utf8')), 'it to stand still');
  await before.send(get('/before'));
  flood.send(get('/flood').repeat(1000));
  await delay(100);
  await behind.send(get('/behind'));
  await delay(100);
  gw.kill('SIGCONT');
  await flood.response(1000);
  const done = () => gw.lines.filter((l) => l.event === 'request_complete');
  const lines = await gw.until(() => done().length === 1005 && done(), 'a line of each request');
  for (const path of ['/before', '/behind']) {
    const at = lines.findIndex((l) => l.path === path);
    assert.ok(at < 200, `${path} is number ${at} of ${lines.length}`);
  }
});

test('requests with bodies, one after the other: one connection on each side', async (t) => {
  const { up, gw } = await direct(t);
  const c = await gw.client(t);
  for (let i = 0; i < 10; i++) {
    await c.send(i % 2 ? post('/', 'hello') : get('/', 'Transfer-Encoding: chunked\r\n') + '5\r\nhello\r\n0\r\n\r\n');
    const r = await c.response(i);
    assert.deepEqual([r.json.length, r.header('connection')], [5, undefined]);
  }
  assert.equal(up.accepted, 1);
});

test('a pipelined request waits until the answer before it is through', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: (req, res) => (req.target === '/1' ? null : res.send(200)) } });
  const c = await gw.client(t);
  c.send(get('/1') + get('/2'));
  const first = await up.request(0);
  first.connection.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab');
  await c.until(() => c.current?.body.length === 2);
  assert.equal(up.requests.length, 1);
  first.connection.socket.write('c');
  assert.equal((await c.response(1)).status, 200);
});

test('Connection: close of the client is honoured and said back', async (t) => {
  const { gw } = await direct(t);
  const c = await gw.client(t);
  c.send(get('/', 'Connection: close\r\n') + get('/never'));
  assert.equal((await c.response()).header('connection'), 'close');
  await c.gone();
  assert.equal(c.responses.length, 1);
});

test('Connection: close of the upstream stays there', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(200, 'x', { Connection: 'close' }).then(() => res.close()) },
  });
  const c = await gw.client(t);
  for (let i = 0; i < 3; i++) {
    await c.send(get(`/${i}`));
    assert.equal((await c.response(i)).header('connection'), undefined);
  }
  assert.equal(up.accepted, 3);
});

test('an idle connection ends after timeout.keep-alive, a slow head after timeout.request-head with 408', async (t) => {
  const { gw } = await direct(t, { config: { defaults: 'timeout: { keep-alive = "200ms"; request-head = "300ms"; };' } });
  const idle = await gw.client(t);
  await idle.send(get('/'));
  await idle.response();
  await idle.gone();
  assert.equal(idle.responses.length, 1);
  const slow = await gw.client(t);
  slow.send('GET / HTTP/1.1\r\nHost: ga');
  assert.equal((await slow.response()).status, 408);
  await slow.gone();
});

test('a request that has come when timeout.keep-alive is found to be over is answered', async (t) => {
  const { gw } = await direct(t, { config: { threads: 1, defaults: 'timeout: { keep-alive = "500ms"; };' } });
  const c = await gw.client(t);
  await c.send(get('/first'));
  await c.response();
  // As in a container that was frozen: the end of the time and the request are seen together.
  gw.kill('SIGSTOP');
  await gw.until(() => /^State:\s+T/m.test(readFileSync(`/proc/${gw.pid}/status`, 'utf8')), 'it to stand still');
  await c.send(get('/second'));
  await delay(600);
  gw.kill('SIGCONT');
  assert.equal((await c.response(1)).status, 200);
});

test('an empty line behind a body is no request that has begun', async (t) => {
  const stray = async (keepAlive) => {
    const { gw } = await direct(t, { config: { defaults: `timeout: { keep-alive = "${keepAlive}"; request-head = "60s"; };` } });
    const c = await gw.client(t);
    await c.send(`${post('/', 'abc')}\r\n`);
    assert.equal((await c.response()).status, 200);
    return { gw, c };
  };
  const { c } = await stray('300ms');
  await c.gone(10000);
  assert.equal(c.responses.length, 1);
  // Nor does an end wait for it.
  const { gw } = await stray('60s');
  const asked = performance.now();
  await gw.stop();
  assert.ok(performance.now() - asked < 5000);
});

test('a slow body ends after timeout.request-body', async (t) => {
  const { up, gw } = await direct(t, { config: { defaults: 'timeout: { request-body = "300ms"; };' } });
  const c = await gw.client(t);
  c.send('POST /slow HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 10\r\n\r\nabc');
  assert.equal((await c.response()).status, 408);
  await c.gone();
  assert.equal((await gw.request('/slow')).close, 'client_timeout');
  await up.until((u) => u.live.size === 0);
  assert.equal(up.requests[0].complete, false);
});
