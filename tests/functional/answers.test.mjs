// SPDX-License-Identifier: MIT
// What is done to an answer, and what is left alone.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get, KEY } from './lib/world.mjs';

const RFC1123 = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/;

test('Date is added where it is missing, and kept where it is there', async (t) => {
  const own = 'Thu, 01 Jan 1970 00:00:00 GMT';
  const handle = (req, res) => res.send(200, 'x', req.target === '/own' ? { Date: own } : {});
  const { gw } = await direct(t, {
    upstream: { handle }, config: { request: '{ respond = { status = 200; body = "local"; }; when: { path = "/local"; }; }' },
  });
  assert.deepEqual((await gw.once(t, get('/own'))).all('date'), [own]);
  for (const path of ['/none', '/local']) {
    const r = await gw.once(t, get(path));
    assert.equal(r.all('date').length, 1);
    assert.match(r.header('date'), RFC1123);
    assert.ok(Math.abs(Date.parse(r.header('date')) - Date.now()) < 60000, r.header('date'));
  }
});

test('a redirect is passed on and not followed; Via is not added', async (t) => {
  const handle = (req, res) => res.send(302, '', { Location: 'https://elsewhere.example/x' });
  const { up, gw } = await direct(t, { upstream: { handle } });
  const r = await gw.once(t, get('/moved'));
  assert.deepEqual([r.status, r.header('location')], [302, 'https://elsewhere.example/x']);
  assert.equal(up.requests.length, 1);
  assert.deepEqual([r.header('via'), up.requests[0].header('via')], [undefined, undefined]);
  assert.ok(!JSON.stringify(r.headers).includes(KEY));
});

test('an answer with as many fields as there may be is passed on, with what is added to them', async (t) => {
  const lines = Array.from({ length: 256 }, (_, i) => (i ? `X-${i}: ${i}\r\n` : 'Content-Length: 0\r\n')).join('');
  const { gw } = await direct(t, { upstream: { handle: (req, res) => res.raw(`HTTP/1.1 200 OK\r\n${lines}\r\n`) } });
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.header('x-255')], [200, '255']);
  assert.ok(r.header('date') && r.header('x-request-id'));
});

const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n';
for (const protocol of ['', 'Upgrade: h2c\r\n']) {
  test(`101 to another protocol is a bad answer: ${protocol.trim() || 'none named'}`, async (t) => {
    const handle = (req, res) => res.raw(`HTTP/1.1 101 Switching\r\nConnection: Upgrade\r\n${protocol}\r\n`);
    const { gw } = await direct(t, { upstream: { handle } });
    const r = await gw.once(t, get('/ws', UPGRADE));
    assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_bad_response']);
  });
}

test('a credential that an answer repeats in its fields does not come to the client', async (t) => {
  const odd = 'real+key/4711=';
  const encoded = encodeURIComponent(odd);
  const { gw } = await direct(t, {
    gateway: { env: { API_KEY: odd, SHORT: '4711' } },
    config: {
      secret: 'k: { from = "$<API_KEY>"; }, s: { from = "$<SHORT>"; };',
      inject: '{ set-query = [ "key", "$<secret:k>" ]; }, { set-header = [ "X-Short", "$<secret:s>" ]; }',
    },
    upstream: {
      handle: (req, res) => {
        assert.equal(req.target, `/files?key=${encoded}`);
        return res.raw(`HTTP/1.1 308 R\r\nLocation: https://example.test${req.target}&part=1#${odd}${odd}&${encoded.toLowerCase().replace('%2f', '/')}\r\n` +
          'X-Innocent: 4711\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n' + `X-Sum: ${odd}\r\n\r\n`);
      },
    },
  });
  const r = await gw.once(t, get('/files?key=placeholder'));
  assert.equal(r.header('location'), 'https://example.test/files?key=***&part=1#******&***');
  assert.equal(r.header('x-innocent'), '4711');
  assert.deepEqual(r.trailers, ['X-Sum: ***']);
  await gw.request('/files');
  assert.ok(!gw.text().includes(odd) && !gw.text().includes(encoded), gw.text());
});
