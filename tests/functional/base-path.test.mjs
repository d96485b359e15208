// SPDX-License-Identifier: MIT
// Rules that change where a request goes within its server, and what an answer says of it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { upstream } from './lib/upstream.mjs';
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

test('base paths: of the server\'s URL, else of the backend; a path below one stays', async (t) => {
  const up = await upstream(t);
  for (const [server, backend, base] of [['/v1/', 'base-path = "/v2";', '/v1'], ['', 'base-path = "/v2";', '/v2'], ['/', '', '']]) {
    const { gw } = await direct(t, {
      up, config: { server: `{ url = "${up.url('localhost')}${server}"; }`, inject: '{ set-header = [ "X-Path", "%{path}" ]; }', backend, response: '' },
    });
    const at = up.requests.length;
    for (const path of ['/models?a=/b', '/', `${base}/models`, `${base || '/'}models`]) await gw.once(t, get(path));
    const seen = up.requests.slice(at);
    assert.deepEqual(seen.map((r) => r.target), base
      ? [`${base}/models?a=/b`, `${base}/`, `${base}/models`, `${base}${base}models`]
      : ['/models?a=/b', '/', '/models', '/models']);
    assert.equal(seen[0].header('x-path'), '/models');
    assert.equal((await gw.request('/models')).path, '/models');
  }
});

test('each server has its own base path', async (t) => {
  const [one, two] = [await upstream(t), await upstream(t)];
  const { gw } = await direct(t, { up: one, config: { server: `{ url = "${one.url('localhost')}/one"; }, { url = "${two.url('localhost')}/two"; }` } });
  for (let i = 0; i < 4; i++) await gw.once(t, get('/x'));
  assert.deepEqual([...new Set([...one.requests, ...two.requests].map((r) => r.target))].sort(), ['/one/x', '/two/x']);
});

test('set-host changes the Host and nothing else', async (t) => {
  const { up, gw } = await direct(t, { config: { inject: '{ set-host = "other.test:8080"; }, { set-header = [ "X-Host", "%{host} %{server-host}" ]; }' } });
  await gw.once(t, get('/'));
  assert.deepEqual([up.requests[0].header('host'), up.requests[0].all('host').length, up.requests[0].header('x-host')], ['other.test:8080', 1, 'gate.test localhost']);
});

test('set-host from the request: what is no host is refused', async (t) => {
  const { up, gw } = await direct(t, { config: { inject: '{ set-host = "%{header:X-Tenant}.example.com"; }' } });
  for (const bad of ['a/b', 'a@b', 'a b', 'a,b']) {
    const r = await gw.once(t, get('/', `X-Tenant: ${bad}\r\n`));
    assert.deepEqual([r.status, r.json.error.type], [400, 'rule_bad_host'], bad);
  }
  await gw.once(t, get('/', 'X-Tenant: a\r\n'));
  assert.deepEqual(up.requests.map((r) => r.header('host')), ['a.example.com']);
});

test('redirect answers here, and leads nowhere that the request has chosen', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: `{ redirect: { to = "https://docs.example.com%{path}"; status = 308; }; when: { path = "~^/docs"; }; },
        { redirect = "/%{header:X-To}"; when: { header = [ "X-To", "*" ]; }; }, { redirect = "/seen"; observe = true; }`,
    },
  });
  const moved = await gw.once(t, get('/docs/a%2Fb?q'));
  assert.deepEqual([moved.status, moved.reason, moved.header('location'), moved.body.length], [308, 'Permanent Redirect', 'https://docs.example.com/docs/a%2Fb', 0]);
  assert.deepEqual([(await gw.once(t, get('/', 'X-To: login\r\n'))).header('location')], ['/login']);
  for (const to of ['/evil.test', '\\evil.test', 'a b']) {
    const r = await gw.once(t, get('/', `X-To: ${to}\r\n`));
    assert.deepEqual([r.status, r.json.error.type, r.header('location')], [400, 'rule_bad_location', undefined], to);
  }
  assert.equal(up.accepted, 0);
  assert.equal((await gw.once(t, get('/'))).status, 200);
  const seen = await gw.waitForLog((l) => l.event === 'would_deny');
  assert.deepEqual([seen.action, seen.status], ['redirect', 302]);
});
