// SPDX-License-Identifier: MIT
// What rules make of target, Host, status and URLs, on a real upstream; the log has what the client asked for.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KEY, direct, get } from './lib/world.mjs';

test('path, query and Host leave as the rules say; the log has what the client sent', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: `{ set-query = [ "v", "%{header:x-v}" ]; }, { replace-path = [ "~^/old/(.*)$", "/new/$1" ]; }, { base-path = "/front"; }`,
      inject: `{ set-path = "/bot$<secret:k>/send"; when: { path = "/front/new/tg"; }; }, { set-host = "virtual.test"; }`,
      backend: 'base-path = "/v1";',
    },
  });
  await gw.once(t, get('/old/x?a=1&V=2', 'X-V: a&b\r\n'));
  const last = up.requests.at(-1);
  assert.deepEqual([last.target, last.header('host')], ['/v1/front/new/x?a=1&v=a%26b', 'virtual.test']);
  await gw.once(t, get('/old/tg'));
  assert.equal(up.requests.at(-1).target, `/v1/bot${KEY}/send?v=`);
  await gw.once(t, get('/v1/front/new/y'));
  assert.equal(up.requests.at(-1).target, '/v1/front/v1/front/new/y?v=');
  assert.equal((await gw.request('/old/tg')).path, '/old/tg');
  assert.ok(!JSON.stringify(gw.lines).includes(KEY));
});

test('what would be a second reading of the path is refused, at the door or by the rule', async (t) => {
  const { up, gw } = await direct(t, {
    config: { request: '{ set-path = "/x/%{header:x-to}"; when: { header = ( [ "x-to", "*" ] ); }; }', backend: 'base-path = "/v1";' },
  });
  const type = async (...args) => (await gw.once(t, get(...args))).json.error.type;
  assert.equal(await type('/a/%2e%2e/b'), 'bad_target');
  assert.equal(await type('/', 'X-To: ../admin\r\n'), 'rule_bad_path');
  assert.equal(await type('/', 'X-To: a?b\r\n'), 'rule_bad_path');
  assert.equal(up.accepted, 0);
  await gw.once(t, get('/', 'X-To: a%2Fb\r\n'));
  assert.equal(up.requests[0].target, '/v1/x/a%2Fb');
});

test('redirects', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: `{ redirect: { to = "https://%{host}%{path}"; status = 308; }; when: { path = "/tls"; }; },
        { redirect = "https://docs.test/%{header:x-page}"; when: { path = "/docs"; }; },
        { redirect = "%{header:x-page}"; when: { path = "/open"; }; }, { redirect = "/elsewhere"; observe = true; when: { path = "/seen"; }; }`,
    },
  });
  const ask = async (path, page = '') => {
    const r = await gw.once(t, get(path, `X-Page: ${page}\r\n`));
    return [r.status, r.header('location') ?? r.json?.error?.type];
  };
  assert.deepEqual(await ask('/tls'), [308, 'https://gate.test/tls']);
  assert.deepEqual(await ask('/docs', 'a?b'), [302, 'https://docs.test/a?b']);
  assert.deepEqual(await ask('/docs', '\\evil'), [400, 'rule_bad_location']);
  assert.deepEqual(await ask('/open', '/x'), [302, '/x']);
  assert.deepEqual(await ask('/open', '//evil.test/x'), [400, 'rule_bad_location']);
  assert.deepEqual(await ask('/open', 'https://evil.test/x'), [400, 'rule_bad_location']);
  assert.equal(up.accepted, 0);
  assert.equal((await ask('/seen'))[0], 200);
  assert.ok(gw.lines.some((l) => l.event === 'would_deny' && l.action === 'redirect' && l.status === 302));
});

test("the upstream's URLs become the gateway's, and statuses others", async (t) => {
  let origin;
  const { up, gw } = await direct(t, {
    upstream: {
      handle: (req, res) =>
        req.target === '/v1/teapot'
          ? res.send(500, 'short and stout')
          : res.send(301, '', { Location: `${origin}/v1/next?a`, Link: `<${origin}/v1/2>; rel=next, <https://other.test/v1/>`, 'Set-Cookie': 'a=b; Domain=localhost; Path=/v1' }),
    },
    config: {
      response: '{ map-origin = true; }, { set-status = 418; when: { status = "5xx"; }; }', backend: 'base-path = "/v1";',
      frontend: 'trusted-hops = [ "127.0.0.0/8" ];',
    },
  });
  origin = up.url('localhost');
  const shown = (r) => [r.status, r.header('location'), r.header('link'), r.header('set-cookie')];
  assert.deepEqual(shown(await gw.once(t, get('/a'))), [301, 'http://gate.test/next?a', '<http://gate.test/2>; rel=next, <https://other.test/v1/>', 'a=b; Path=/']);
  assert.equal((await gw.once(t, get('/a', 'X-Forwarded-Proto: https\r\n'))).header('location'), 'https://gate.test/next?a');
  const tea = await gw.once(t, get('/teapot'));
  assert.deepEqual([tea.status, tea.body.toString()], [418, 'short and stout']);
});
