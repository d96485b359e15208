// SPDX-License-Identifier: MIT
// 100-continue: said by us, and only when the body is wanted. Other 1xx answers pass.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gateway } from './lib/gateway.mjs';
import { config, direct, get, KEY } from './lib/world.mjs';

const head = (length, path = '/') =>
  `POST ${path} HTTP/1.1\r\nHost: gate.test\r\nExpect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
const statuses = (c) => c.interim.map((r) => r.status);

test('100 comes before the body is sent, and once', async (t) => {
  const { up, gw } = await direct(t);
  const c = await gw.client(t);
  c.send(head(3));
  await c.until(() => c.interim.length === 1, '100');
  c.send('abc');
  assert.equal((await c.response()).json.length, 3);
  assert.deepEqual(statuses(c), [100]);
  assert.equal(up.requests[0].header('expect'), undefined);
});

test('no 100 before a 413, a 403 of a rule, or a 503', async (t) => {
  const { up, gw } = await direct(t, {
    config: { frontend: 'limit: { body = "10"; };', request: '{ deny: { status = 401; }; when: { path = "/denied"; }; }' },
  });
  const missing = await gateway(t, config({ url: up.url('localhost') }), { env: { API_KEY: KEY } });
  for (const [g, bytes, status] of [[gw, head(11), 413], [gw, head(3, '/denied'), 401], [missing, head(3), 503]]) {
    const c = await g.client(t);
    c.send(bytes);
    assert.equal((await c.response()).status, status);
    assert.deepEqual(statuses(c), []);
    c.destroy();
  }
  assert.equal(up.accepted, 0);
});

test('a client that does not wait for 100 gets on', async (t) => {
  const { gw } = await direct(t);
  const c = await gw.client(t);
  c.send(`${head(3)}abc${get('/next')}`);
  assert.equal((await c.response()).json.length, 3);
  assert.equal((await c.response(1)).json.target, '/next');
});

test('HTTP/1.0 clients get no 1xx', async (t) => {
  const { gw } = await direct(t, { upstream: { handle: (req, res) => res.raw('HTTP/1.1 103 Early\r\n\r\n').then(() => res.send(200, 'x')) } });
  const c = await gw.client(t);
  c.send(head(3).replace('HTTP/1.1', 'HTTP/1.0') + 'abc');
  assert.equal((await c.response()).status, 200);
  assert.deepEqual(statuses(c), []);
});

test('1xx of the upstream pass, but for its 100; the final answer follows', async (t) => {
  const early = 'HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n';
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.raw(`HTTP/1.1 100 Continue\r\n\r\n${early}HTTP/1.1 102 Processing\r\n\r\n`).then(() => res.send(200, 'x')) },
  });
  const c = await gw.client(t);
  for (let i = 0; i < 2; i++) {
    c.send(get('/'));
    assert.equal((await c.response(i)).body.toString(), 'x');
  }
  assert.deepEqual(statuses(c).filter((s) => s !== 100), [103, 102, 103, 102]);
  assert.equal(c.interim.find((r) => r.status === 103).header('link'), '</a>; rel=preload');
});

test('a flood of 1xx is a bad answer', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => res.raw('HTTP/1.1 102 Processing\r\n\r\n'.repeat(1000)) },
  });
  const c = await gw.client(t);
  c.send(get('/flood'));
  const r = await c.response();
  assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_bad_response']);
  assert.ok(c.interim.length <= 16, `${c.interim.length} interim answers`);
  await up.until((u) => u.live.size === 0);
});
