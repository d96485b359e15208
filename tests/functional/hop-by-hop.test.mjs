// SPDX-License-Identifier: MIT
// What ends at this hop, in both directions, and what the connections are told.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get } from './lib/world.mjs';

const HOP = ['connection', 'keep-alive', 'proxy-connection', 'te', 'transfer-encoding', 'upgrade', 'proxy-authorization', 'expect'];

test('hop-by-hop headers of a request, and what Connection names, do not leave', async (t) => {
  const { up, gw } = await direct(t);
  await gw.once(t, get('/', `Connection: X-One, keep-alive , x-two\r\nConnection: X-Three\r\nX-One: 1\r\nx-TWO: 2\r\nx-three: 3
Keep-Alive: timeout=5\r\nProxy-Connection: close\r\nTE: gzip, deflate\r\nUpgrade: h2c, websocket/7\r\nProxy-Authorization: Basic eDp5
X-Four: 4\r\n`.replace(/([^\r])\n/g, '$1\r\n')));
  const [r] = up.requests;
  for (const n of [...HOP, 'x-one', 'x-two', 'x-three']) assert.equal(r.header(n), undefined, `${n}\n${r.rawHead}`);
  assert.equal(r.header('x-four'), '4');
});

test('hop-by-hop headers of an answer, and what Connection names, do not reach the client', async (t) => {
  const { gw } = await direct(t, {
    upstream: {
      handle: (req, res) => res.send(200, 'x', {
        Connection: 'X-One, keep-alive', 'X-One': '1', 'Keep-Alive': 'timeout=5', 'Proxy-Connection': 'close', Upgrade: 'h2c',
        'Proxy-Authenticate': 'Basic realm="x"', 'WWW-Authenticate': 'Bearer realm="y"', 'X-Four': '4', 'Set-Cookie': ['a=b', 'c=d'],
      }),
    },
  });
  const r = await gw.once(t, get('/'));
  for (const n of [...HOP, 'x-one', 'proxy-authenticate']) assert.equal(r.header(n), undefined, `${n}\n${r.rawHead}`);
  assert.deepEqual([r.header('x-four'), r.header('www-authenticate')], ['4', 'Bearer realm="y"']);
  assert.deepEqual(r.all('set-cookie'), ['a=b', 'c=d']);
});

test('spelling, order and values of other headers are kept', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => res.raw('HTTP/1.1 200 Fine\r\nx-LOWER: 1\r\nContent-Length: 0\r\nX-Upper:2\r\nx-lower: 3\r\n\r\n') },
  });
  const r = await gw.once(t, get('/', 'user-AGENT: a (b; c)\r\nX-B: 1\r\nx-a: 2\r\nX-B: 3\r\nAccept: */*\r\n'));
  const sent = up.requests[0].headers.filter(([n]) => /^(user-agent|x-a|x-b|accept)$/i.test(n));
  assert.deepEqual(sent, [['user-AGENT', 'a (b; c)'], ['X-B', '1'], ['x-a', '2'], ['X-B', '3'], ['Accept', '*/*']]);
  const got = r.headers.filter(([n]) => /^x-(lower|upper)$/i.test(n));
  assert.deepEqual(got, [['x-LOWER', '1'], ['X-Upper', '2'], ['x-lower', '3']]);
  assert.equal(r.reason, 'Fine');
});

test('h2c is ignored: the answer is plain HTTP/1.1', async (t) => {
  const { up, gw } = await direct(t);
  const r = await gw.once(t, get('/', 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n'));
  assert.equal(r.status, 200);
  assert.deepEqual([up.requests[0].header('upgrade'), up.requests[0].header('http2-settings')], [undefined, undefined]);
});

test('a 101 that nobody asked for is a bad answer', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.raw('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n') },
  });
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_bad_response']);
});
