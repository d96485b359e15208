// SPDX-License-Identifier: MIT
// Answers to failures as the config wants them: which block's counts, what may be in them, and what never is.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { config, direct, get, KEY, post } from './lib/world.mjs';
import { gateway } from './lib/gateway.mjs';

const JSON_BODY = '{\\"t\\":\\"%{error-type}\\",\\"m\\":\\"%{error-message}\\",\\"p\\":\\"%{path}\\",\\"a\\":\\"%{header:X-A}\\"}';
const UPGRADE = 'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: eA==\r\n';

test('defaults, frontend, backend: the nearest block that has it, by name or as any', async (t) => {
  const page = (name, who, more = '') => `${name}: { ${more} body = "${who} %{error-type}"; };`;
  const { gw } = await direct(t, {
    config: {
      url: 'https://localhost:1',
      defaults: `errors: { ${page('denied', 'defaults')} ${page('any', 'defaults-any')} };`,
      frontend: `errors: { ${page('no-host', 'frontend')} ${page('connect-failed', 'frontend')} };`,
      backend: `errors: { ${page('connect-failed', 'backend', 'status = 599; header = [ "X-B", "%{error-type}/%{client-ip}" ];')} };`,
      request: '{ deny = 418; when: { path = "/deny"; }; }, { deny: { status = 418; body = "own"; }; when: { path = "/own"; }; }',
    },
  });
  for (const [bytes, status, body] of [
    [get('/deny'), 418, 'defaults denied'],
    [get('/own'), 418, 'own'],
    ['GET / HTTP/1.1\r\n\r\n', 400, 'frontend no_host'],
    ['GET / HTTP/2.0\r\n\r\n', 505, 'defaults-any bad_version'],
    ['GET\r\n\r\n', 400, 'defaults-any bad_request_line'],
    [get('/'), 599, 'backend connect_failed'],
    [get('/ws', UPGRADE), 599, 'backend connect_failed'],
    [get('/deny', UPGRADE), 418, 'defaults denied'],
  ]) {
    const r = await gw.once(t, bytes);
    assert.deepEqual([r.status, r.body.toString()], [status, body], bytes);
    assert.equal(r.all('content-type').length, body === 'own' ? 0 : 1);
    if (body !== 'own') assert.equal(r.header('content-type'), 'text/plain; charset=utf-8');
    assert.equal(r.header('x-b'), status === 599 ? 'connect_failed/127.0.0.1' : undefined);
    assert.equal(r.all('x-request-id').length, 1);
  }
  const line = await gw.request('/ws');
  assert.deepEqual([line.status, line.error], [599, 'connect_failed']);
  const head = await gw.once(t, get('/').replace('GET', 'HEAD'), { method: 'HEAD' });
  assert.deepEqual([head.status, head.header('content-length'), head.body.length], [599, '22', 0]);
});

test('what a request brings stays inside its JSON string, its HTML and its header', async (t) => {
  const { gw } = await direct(t, {
    config: {
      request: '{ deny = 403; }',
      frontend: `errors: {
        denied: { body = "${JSON_BODY}"; header = ( [ "X-Echo", "%{header:X-A}" ], [ "Content-Type", "application/problem+json" ] ); };
        body-too-large: { body = "<p title='%{header:X-A}'>%{path}</p>"; };
      };`,
    },
  });
  const nasty = '"},{\\ <b> \'&\xff';
  const r = await gw.once(t, get('/x"y', `X-A: ${nasty}\r\n`));
  assert.deepEqual([r.status, r.header('content-type')], [403, 'application/problem+json']);
  assert.deepEqual(JSON.parse(r.body), { t: 'denied', m: 'this request is denied by a rule of the gateway', p: '/x"y', a: nasty.replace('\xff', '\ufffd') });
  assert.equal(r.header('x-echo'), nasty);
  const h = await gw.once(t, get('/<script>', `Content-Length: 99999999\r\nX-A: '><b>"&\r\n`).replace('GET', 'POST'));
  assert.equal(h.header('content-type'), 'text/html; charset=utf-8');
  assert.equal(h.body.toString(), "<p title='&#39;&gt;&lt;b&gt;&quot;&amp;'>/&lt;script&gt;</p>");
});

test('only status, or only a header: the rest of the standard answer stays', async (t) => {
  const { gw } = await direct(t, {
    config: {
      url: 'https://localhost:1', frontend: 'errors: { any: { status = 503; header = [ "Retry-After", "7" ]; }; };',
    },
  });
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.header('retry-after'), r.json.error.type], [503, '7', 'connect_failed']);
  const m = await gw.once(t, get('/').replace('GET', 'TRACE'));
  assert.deepEqual([m.status, m.json.error.type, m.all('allow').length], [503, 'method_refused', 1]);
});

test('no credential that a rule sets gets into an answer, and the client sees its own request', async (t) => {
  const body = '%{header:Authorization}|%{header:X-Set}|%{path}';
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.raw('nonsense\r\n\r\n') },
    config: {
      frontend: `errors: { any: { body = "${body}"; }; };`,
      request: '{ set-header = [ "Authorization", "Bearer $<secret:k>" ]; }, { set-header = [ "X-Set", "by a rule" ]; }',
    },
  });
  const r = await gw.once(t, get('/p', 'Authorization: mine\r\n'));
  assert.deepEqual([r.status, r.body.toString()], [502, 'mine||/p']);
  assert.ok(!r.body.toString().includes(KEY));
});

test('bodies, time-outs and what is not configured', async (t) => {
  const text = config({
    url: 'https://localhost:1', via: 'direct', tls: '', defaults: 'limit: { body = "1k"; };',
    frontend: `timeout: { request-head = "300ms"; };
      errors: { any: { body = "%{error-type}"; }; not-configured: { status = 500; body = "sorry: %{error-message}"; }; };`,
    moreFrontend: 'own: { bind = "127.0.0.1:0"; backend = "api"; missing: { status = 501; body = "mine"; }; errors: { any: { body = "no"; }; }; };',
    request: '{ deny = 403; when: { path = "/never"; }; }',
  });
  const gw = await gateway(t, text, {});
  assert.equal((await gw.once(t, post('/', 'x'.repeat(2000)))).body.toString(), 'body_too_large');
  const c = await gw.client(t);
  await c.send('GET / HTT');
  const late = await c.response();
  assert.deepEqual([late.status, late.body.toString()], [408, 'request_timeout']);
  const r = await gw.once(t, get('/'));
  assert.equal(r.status, 500);
  assert.match(r.body.toString(), /^sorry: frontend api is not configured: .*API_KEY/);
  const own = await gw.once(t, get('/'), { frontend: 'own' });
  assert.deepEqual([own.status, own.header('content-type'), own.body.toString()], [501, 'text/plain; charset=utf-8', 'mine']);
});
