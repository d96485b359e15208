// SPDX-License-Identifier: MIT
// Every way in which an upstream cannot be reached or does not answer has its own type, status and sentence.
import assert from 'node:assert/strict';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { caFile } from './lib/ca.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { squid } from './lib/squid.mjs';
import { upstream } from './lib/upstream.mjs';
import { config, direct, get, KEY, world } from './lib/world.mjs';

// A TCP server of this test.
async function server(t, onSocket) {
  const sockets = new Set();
  const s = net.createServer((c) => {
    sockets.add(c);
    c.on('close', () => sockets.delete(c)).on('error', () => {});
    onSocket(c);
  });
  await new Promise((done) => s.listen(0, '127.0.0.1', done));
  t.after(() => {
    for (const c of sockets) c.destroy();
    s.close();
  });
  return s.address().port;
}

async function fails(t, gw, status, type, message) {
  const r = await gw.once(t, get('/f'));
  assert.deepEqual([r.status, r.json.error.type], [status, type], r.body.toString());
  assert.match(r.json.error.message, message);
  assert.equal(r.json.error.request_id, r.header('x-request-id'));
  const line = await gw.request('/f');
  assert.deepEqual([line.close, line.error, line.status], ['upstream_failed', type, status]);
  const said = r.rawHead + r.body + gw.text() + gw.stderr;
  assert.ok(!said.includes(KEY) && !said.includes('secret-of-proxy'), said);
  return r;
}

const start = (t, parts, env = {}) =>
  gateway(t, config({ url: 'https://api.test.example:443', ...parts }), { env: { API_KEY: KEY, HTTPS_PROXY: 'http://127.0.0.1:9', ...env } });

test('a name that cannot be resolved', async (t) => {
  const gw = await start(t, { url: 'https://nowhere.invalid', via: 'direct' });
  const r = await gw.once(t, get('/f'));
  assert.match(`${r.status} ${r.json.error.type}`, /^(502 dns_failed|504 dns_timeout)$/);
  assert.match(r.json.error.message, /nowhere\.invalid/);
});

test('nobody listens: upstream and proxy', async (t) => {
  await fails(t, await start(t, { url: 'https://127.0.0.1:1', via: 'direct' }), 502, 'connect_failed', /Connection refused/);
  await fails(t, await start(t, { proxy: 'http://user:secret-of-proxy@127.0.0.1:1' }), 502, 'proxy_unreachable', /Connection refused/);
});

test('the proxy does not answer CONNECT', async (t) => {
  const port = await server(t, () => {});
  const gw = await start(t, { proxy: `http://127.0.0.1:${port}`, backend: 'timeout: { tunnel = "100ms"; };' });
  await fails(t, gw, 504, 'tunnel_timeout', /did not answer CONNECT/);
});

test('the upstream does not finish the handshake', async (t) => {
  const { gw } = await direct(t, { upstream: { silent: true }, config: { backend: 'timeout: { tls = "100ms"; };' } });
  await fails(t, gw, 504, 'tls_timeout', /handshake/);
});

test('the upstream does not begin to answer', async (t) => {
  const { gw } = await direct(t, { upstream: { handle: () => {} }, config: { backend: 'timeout: { response-head = "100ms"; };' } });
  await fails(t, gw, 504, 'response_timeout', /response-head/);
});

test('the upstream falls silent in the middle of its answer', async (t) => {
  const handle = async (req, res) => {
    await res.head(200, { 'Content-Length': 10 });
    await res.raw('abc');
  };
  const { gw } = await direct(t, { upstream: { handle }, config: { backend: 'timeout: { idle = "100ms"; };' } });
  const c = await gw.client(t);
  await c.send(get('/f'));
  await c.gone();
  assert.equal(c.responses.length, 0); // never complete
  assert.equal((await gw.request('/f')).close, 'upstream_idle');
});

test("Squid's refusal is our own 403 that names host and reason, not Squid's page", async (t) => {
  const { gw, up } = await world(t, { host: 'forbidden.example' });
  const r = await fails(t, gw, 403, 'proxy_denied', /^forbidden\.example:\d+: .*HTTP 403.*X-Squid-Error.*ERR_ACCESS_DENIED/);
  assert.equal(r.header('content-type'), 'application/json');
  assert.equal(r.header('x-squid-error'), undefined);
  assert.equal(up.accepted, 0);
});

test('a proxy that wants credentials: 502 without its challenge; with them it works', async (t) => {
  const sq = await squid(t, { password: 'user:secret-of-proxy' });
  const { gw } = await world(t, { sq });
  const r = await fails(t, gw, 502, 'proxy_auth_required', /407/);
  assert.equal(r.header('proxy-authenticate'), undefined);
  const url = sq.url.replace('//', '//user:secret-of-proxy@');
  const good = await world(t, { sq, config: { proxy: url } });
  assert.equal((await good.gw.once(t, get('/ok'))).status, 200);
  assert.equal(good.up.requests[0].header('proxy-authorization'), undefined);
});

test('credentials of the proxy from a connect-header', async (t) => {
  const sq = await squid(t, { password: 'user:secret-of-proxy' });
  const up = await upstream(t);
  const text = config({ url: up.url(), secret: 'k: { from = "$<API_KEY>"; }; p: { from = "$<PROXY_PASS>"; };' })
    .replace('squid: { proxy = "$<HTTPS_PROXY>"; };',
      'squid: { proxy = "$<HTTPS_PROXY>"; connect-header = ( [ "Proxy-Authorization", "Basic $<base64:user:$<secret:p>>" ] ); };');
  const gw = await gateway(t, text, { env: { API_KEY: KEY, HTTPS_PROXY: sq.url, PROXY_PASS: 'secret-of-proxy' } });
  assert.equal((await gw.once(t, get('/ok'))).status, 200);
});

test('a proxy that cannot reach the upstream, and one that talks nonsense', async (t) => {
  const { gw } = await world(t, { host: 'unknown.test.example' });
  await fails(t, gw, 502, 'proxy_error', /HTTP 50[0-9]/);
  const port = await server(t, (c) => c.once('data', () => c.end('SMTP ready\r\n\r\n')));
  await fails(t, await start(t, { proxy: `http://127.0.0.1:${port}` }), 502, 'proxy_bad_answer', /not valid HTTP/);
  const early = await server(t, (c) => c.once('data', () => c.write('HTTP/1.1 200 OK\r\n\r\nearly bytes')));
  await fails(t, await start(t, { proxy: `http://127.0.0.1:${early}` }), 502, 'proxy_bad_answer', /./);
});

for (const [kind, reason] of [['expired', /expired/], ['wrong-name', /[Hh]ost ?name mismatch/], ['self-signed', /self.signed/]]) {
  test(`a certificate that does not verify: ${kind}`, async (t) => {
    const { gw, up } = await direct(t, { upstream: { certificate: kind } });
    await fails(t, gw, 502, 'tls_certificate', reason);
    assert.equal(up.requests.length, 0);
  });
}

test('the CA set: tls.ca replaces, NODE_EXTRA_CA_CERTS adds, SSL_CERT_FILE is honoured, verify = false only if written', async (t) => {
  const up = await upstream(t);
  const cases = [
    [{ tls: '' }, {}, 502],
    [{ tls: '' }, { NODE_EXTRA_CA_CERTS: caFile() }, 200],
    [{ tls: '' }, { SSL_CERT_FILE: caFile() }, 200],
    [{ tls: `ca = "${caFile('other')}";` }, { SSL_CERT_FILE: caFile(), NODE_EXTRA_CA_CERTS: caFile() }, 502],
    [{ tls: 'verify = false;' }, {}, 200],
  ];
  for (const [parts, env, status] of cases) {
    const gw = await start(t, { url: up.url('localhost'), via: 'direct', ...parts }, env);
    assert.equal((await gw.once(t, get('/'))).status, status, JSON.stringify([parts, env]));
    assert.equal(/verif/.test(gw.stderr), parts.tls === 'verify = false;', gw.stderr);
  }
});

test('a file of CAs that the environment names and nobody can read is an error at the start, an empty variable is unset', async (t) => {
  const dir = writeFiles({ 'hdrgate.cfg': config({ url: 'https://localhost:1', via: 'direct', tls: '' }) });
  for (const name of ['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS']) {
    for (const path of ['/nowhere.pem', '/etc/passwd', '/']) {
      const env = { API_KEY: KEY, HTTPS_PROXY: 'direct', [name]: path };
      const { code, stderr } = await run(['run', '-f', join(dir, 'hdrgate.cfg')], { env });
      assert.equal(code, 1);
      assert.match(stderr, new RegExp(`hdrgate\\.cfg:\\d+: backend\\.api\\.tls: .*cannot read certificate authorities from ${path}: `));
    }
    await gateway(t, config({ url: 'https://localhost:1', via: 'direct', tls: '' }), { env: { API_KEY: KEY, HTTPS_PROXY: 'direct', [name]: '' } });
  }
});

test('TLS 1.1 is not spoken', async (t) => {
  const { gw } = await direct(t, { upstream: { tlsOptions: { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' } } });
  await fails(t, gw, 502, 'tls_failed', /./);
});

test('the upstream closes or resets before it answers', async (t) => {
  const closing = await direct(t, { upstream: { handle: (req, res) => res.close() } });
  const post = 'POST /f HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 0\r\n\r\n';
  assert.equal((await closing.gw.once(t, post)).json.error.type, 'upstream_closed');
  const resetting = await direct(t, { upstream: { handle: (req, res) => res.reset() } });
  assert.equal((await resetting.gw.once(t, post)).json.error.type, 'upstream_reset');
});

for (const [what, bytes] of [
  ['a status line of another protocol', 'ICY 200 OK\r\n\r\n'],
  ['two framings', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd'],
  ['a bare LF', 'HTTP/1.1 200 OK\nContent-Length: 0\n\n'],
  ['an obs-fold', 'HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 0\r\n\r\n'],
  ['a head that is too large', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70000)}\r\n\r\n`],
]) {
  test(`an answer that is not HTTP/1.1: ${what}`, async (t) => {
    const { gw } = await direct(t, { upstream: { handle: (req, res) => res.raw(bytes) } });
    await fails(t, gw, 502, 'upstream_bad_response', /./);
  });
}
