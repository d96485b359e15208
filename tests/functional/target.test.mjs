// SPDX-License-Identifier: MIT
// Rules that change where a request goes within its server, and what an answer says of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get, KEY } from './lib/world.mjs';

test('set-path, replace-path and set-query change what leaves; the access log has what the client asked for', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: '{ replace-path = [ "~^/old/(.*)$", "/new/$1" ]; }',
      inject: '{ set-path = "/bot$<secret:k>%{path}"; }, { set-query = [ "api-version", "2024-10-21" ]; }, { set-query = [ "q", "%{header:X-Q}" ]; }',
    },
  });
  await gw.once(t, get('/old/a%2Fb?API-version=1&x=%20', 'X-Q: a&b=c\r\n'));
  assert.equal(up.requests[0].target, `/bot${KEY}/new/a%2Fb?api-version=2024-10-21&x=%20&q=a%26b%3Dc`);
  const log = await gw.request('/old/a%2Fb');
  assert.equal(log.path, '/old/a%2Fb');
  assert.ok(!gw.text().includes(KEY));
});

test('a path that a request would make invalid does not leave', async (t) => {
  const { up, gw } = await direct(t, { config: { inject: '{ set-path = "/v1/%{header:X-Team}/files"; }' } });
  for (const team of ['..', 'a b', 'a?b', '%2e%2E', 'a#b', '\\..\\x']) {
    const r = await gw.once(t, get('/', `X-Team: ${team}\r\n`));
    assert.deepEqual([r.status, r.json.error.type], [400, 'rule_bad_path'], team);
  }
  await gw.once(t, get('/', 'X-Team: a\r\n'));
  assert.deepEqual(up.requests.map((r) => r.target), ['/v1/a/files']);
});

test('a path that rules are made of is strict', async (t) => {
  const { up, gw } = await direct(t, { config: { inject: '{ replace-path = [ "~^/a/(.*)$", "/$1" ]; }' } });
  assert.equal((await gw.once(t, get('/a/../b'))).status, 400);
  assert.equal(up.accepted, 0);
});

test('set-status: the body stays, and so does a status without one', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(Number(req.target.slice(1)), req.target === '/204' ? '' : 'why', {}) },
    config: { response: '{ set-status = 502; when: { status = [ "5xx", "204" ]; }; }' },
  });
  const r = await gw.once(t, get('/503'));
  assert.deepEqual([r.status, r.reason, r.body.toString()], [502, 'Bad Gateway', 'why']);
  assert.equal((await gw.once(t, get('/404'))).status, 404);
  assert.equal((await gw.once(t, get('/204'))).status, 204);
  assert.equal((await gw.request('/503')).status, 502);
});
