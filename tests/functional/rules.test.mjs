// SPDX-License-Identifier: MIT
// The actions of this version on real requests, and their order: frontend's list, then the backend's.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get, BEARER } from './lib/world.mjs';

const shown = (r, ...names) => Object.fromEntries(names.map((n) => [n, r.all(n)]));

test('header actions of requests, in the order written', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      more: 'rule: { strip: { request = ( { drop-header = "x-strip-*"; } ); }; };',
      request: `{ use = "strip"; }, { set-header = [ "X-Set", "%{method} %{path} %{frontend}" ]; },
        { add-header = [ "X-Add", "two" ]; }, { default-header = [ "X-Default", "mine" ]; },
        { default-header = [ "X-Absent", "mine" ]; }, { default-header = [ "X-Some", "mine" ]; }, { drop-header = "X-Late"; }`,
      inject: `{ set-header = [ "Authorization", "Bearer $<secret:k>" ]; }, { add-header = [ "X-Late", "backend" ]; },
        { set-header = [ "X-Money", "$$1 100%%" ]; }`,
    },
  });
  await gw.once(t, get('/p?q', 'X-Strip-A: 1\r\nx-strip-b: 2\r\nX-Set: old\r\nX-Set: old\r\nX-Add: one\r\nX-Default: theirs\r\nX-Some:\r\nX-Some: theirs\r\nX-Some: more\r\nX-Late: client\r\n'));
  assert.deepEqual(shown(up.requests[0], 'x-strip-a', 'x-strip-b', 'x-set', 'x-add', 'x-default', 'x-absent', 'x-some', 'x-late', 'x-money', 'authorization'), {
    'x-strip-a': [], 'x-strip-b': [], 'x-set': ['GET /p api'], 'x-add': ['one', 'two'], 'x-default': ['theirs'], 'x-absent': ['mine'], 'x-some': ['theirs'],
    'x-late': ['backend'], 'x-money': ['$1 100%'], authorization: [BEARER],
  });
});

test('what a request brings is never expanded again', async (t) => {
  const { up, gw } = await direct(t, { config: { request: '{ set-header = [ "X-Copy", "%{header:X-In}" ]; }' } });
  await gw.once(t, get('/', 'X-In: $<secret:k> %{header:Authorization} $<API_KEY>\r\n'));
  assert.equal(up.requests[0].header('x-copy'), '$<secret:k> %{header:Authorization} $<API_KEY>');
});

test('conditions: method, path, header, query', async (t) => {
  const when = (name, c) => `{ set-header = [ "X-${name}", "yes" ]; when: { ${c} }; }`;
  const { up, gw } = await direct(t, {
    config: {
      request: [when('Get', 'method = "GET";'), when('Path', 'path = "~^/models(/|$)";'), when('Glob', 'path = "/m*s/*";'),
        when('Header', 'header = ( [ "X-In", "~^a" ] );'), when('Query', 'query = ( [ "alt", "sse" ] );')].join(', '),
    },
  });
  await gw.once(t, get('/models/x?a=b&alt=s%73e', 'X-In: abc\r\n'));
  await gw.once(t, get('/modelsx', 'X-In: bcd\r\n').replace('GET', 'POST'));
  const names = ['x-get', 'x-path', 'x-glob', 'x-header', 'x-query'];
  assert.deepEqual(Object.values(shown(up.requests[0], ...names)), names.map(() => ['yes']));
  assert.deepEqual(Object.values(shown(up.requests[1], ...names)), names.map(() => []));
});

test('deny and respond answer themselves', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: `{ deny: { status = 404; }; when: { path = "/no"; }; },
        { respond: { status = 200; header = ( [ "Content-Type", "text/plain" ], [ "X-Own", "%{method}" ] ); body = "hello %{path}\\n"; }; when: { path = "/own"; }; },
        { respond: { status = 200; body = "%{headers}"; }; when: { path = "/echo"; }; }`,
    },
  });
  const no = await gw.once(t, get('/no'));
  assert.deepEqual([no.status, typeof no.json.error.message, (await gw.request('/no')).close], [404, 'string', 'denied']);
  const own = await gw.once(t, get('/own'));
  assert.deepEqual([own.status, own.body.toString(), own.header('x-own'), own.header('content-type')], [200, 'hello /own\n', 'GET', 'text/plain']);
  const echo = await gw.once(t, get('/echo', 'X-In: 1\r\n'));
  assert.match(echo.body.toString(), /^X-In: 1\r?$/m);
  assert.equal(up.accepted, 0);
});

test('a denied request with a body: the client can read the answer', async (t) => {
  const { gw } = await direct(t, { config: { request: '{ deny: { status = 403; }; }' } });
  const c = await gw.client(t);
  c.send(`POST /x HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 5000000\r\n\r\n${'a'.repeat(5000000)}`);
  assert.equal((await c.response()).status, 403);
});

test('response actions: the backend first, then the frontend', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(200, 'x', { Server: 'upstream', 'X-Internal-A': '1', 'x-internal-b': '2', 'X-A': 'up' }) },
    config: {
      response: '{ drop-header = "~^x-internal-"; }, { set-header = [ "X-A", "backend" ]; }',
      frontend: 'response = ( { drop-header = "Server"; }, { set-header = [ "X-A", "frontend" ]; } );',
    },
  });
  const r = await gw.once(t, get('/'));
  assert.deepEqual(shown(r, 'server', 'x-internal-a', 'x-internal-b', 'x-a'), { server: [], 'x-internal-a': [], 'x-internal-b': [], 'x-a': ['frontend'] });
});

test('keep, replace and list actions, both ways', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(200, 'x', { 'Content-Type': 'text/plain', 'X-Debug': '1', Vary: 'Accept, Origin', 'Cache-Control': 'max-age=5; private' }) },
    config: {
      request: `{ keep-header = [ "accept*", "anthropic-beta", "x-id" ]; }, { drop-from-list = [ "Accept-Encoding", "br" ]; },
        { add-to-list = [ "anthropic-beta", "tools-1" ]; }, { replace-header = [ "X-Id", "~^user-([0-9]+)$", "id $1" ]; }`,
      response: `{ keep-header = "~^(vary|cache-control)$"; }, { drop-from-list = [ "Vary", "origin" ]; }, { add-to-list = [ "Vary", "X-Id" ]; },
        { default-header = [ "X-Frame-Options", "DENY" ]; }, { drop-header-value = [ "Cache-Control", "~private" ]; }`,
    },
  });
  const r = await gw.once(t, get('/', 'Accept: a\r\nAccept-Encoding: gzip, br;q=1\r\nanthropic-beta: b-1\r\nCookie: c\r\nX-Id: user-7\r\nX-Id: admin\r\n'));
  assert.deepEqual(shown(up.requests[0], 'accept', 'accept-encoding', 'anthropic-beta', 'cookie', 'x-id', 'authorization'), {
    accept: ['a'], 'accept-encoding': ['gzip'], 'anthropic-beta': ['b-1, tools-1'], cookie: [], 'x-id': ['id 7', 'admin'], authorization: [BEARER],
  });
  assert.deepEqual(shown(r, 'content-type', 'x-debug', 'vary', 'cache-control', 'x-frame-options'), {
    'content-type': ['text/plain'], 'x-debug': [], vary: ['Accept, X-Id'], 'cache-control': [], 'x-frame-options': ['DENY'],
  });
  assert.equal(r.body.toString(), 'x');
});

test('log and observe: events of the request, without credentials', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: `{ log = "%{method} %{path} from %{header:X-Who}"; },
        { deny: { status = 451; }; observe = true; when: { path = "/odd"; }; }`,
      inject: '{ set-header = [ "Authorization", "Bearer $<secret:k>" ]; }, { log = "sent %{header:Authorization}"; }',
      response: '{ log = "got %{header:X-Who}"; when: { status = "2xx"; }; }',
    },
  });
  assert.equal((await gw.once(t, get('/odd', 'X-Who: caf\xe9 "x"\tand\\y\r\n'))).status, 200);
  const done = await gw.request('/odd');
  const lines = gw.lines.filter((l) => l.request_id === done.request_id && l.event !== 'request_complete');
  assert.deepEqual(lines.map((l) => [l.event, l.level, l.text ?? `${l.action} ${l.status} ${l.method} ${l.path}`]), [
    ['rule_log', 'info', 'GET /odd from caf� "x" and\\y'],
    ['would_deny', 'warn', 'deny 451 GET /odd'],
    ['rule_log', 'info', 'sent (not shown: there is a credential in it)'.slice(5)],
    ['rule_log', 'info', 'got caf� "x" and\\y'],
  ]);
  assert.ok(lines.every((l) => /\.cfg:\d+$/.test(l.where) && l.frontend === 'api'));
  assert.deepEqual(lines.map((l) => l.backend), [undefined, undefined, 'api', 'api']);
  assert.equal(up.requests.length, 1);
  assert.ok(!gw.text().includes(BEARER));
});

test('a response never carries the credential of its request', async (t) => {
  const { gw } = await direct(t, { config: { response: '{ set-header = [ "X-Debug", "%{header:Authorization}" ]; }' } });
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.json.error.type, r.header('x-debug')], [502, 'rule_shows_credential', undefined]);
});

test('a deny without a body has the headers that it says, in place of the standard ones', async (t) => {
  const { gw } = await direct(t, { config: { request: '{ deny: { status = 405; header = ( [ "Allow", "GET" ], [ "X-Why", "%{method}" ] ); }; when: { method = "PUT"; }; }' } });
  const r = await gw.once(t, get('/').replace('GET', 'PUT'));
  assert.deepEqual([r.status, r.json.error.type, r.header('allow'), r.header('x-why')], [405, 'denied', 'GET', 'PUT']);
});
