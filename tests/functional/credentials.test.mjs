// SPDX-License-Identifier: MIT
// The client's credentials end here in every spelling; the real one goes out, and only to the upstream.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { config, direct, get, post, world, BEARER, KEY } from './lib/world.mjs';
import { gateway } from './lib/gateway.mjs';
import { upstream } from './lib/upstream.mjs';

const PLACEHOLDER = 'placeholder-0815';
const SPELLINGS = [
  'Authorization', 'authorization', 'AUTHORIZATION', 'aUtHoRiZaTiOn', 'X-Api-Key', 'x-api-key', 'x_api_key', 'X_API_KEY',
  'x-Api_key', 'API-Key', 'api_key', 'X-Goog-Api-Key', 'x_goog_api_key', 'Proxy-Authorization', 'proxy_authorization',
];

test('placeholders never reach the upstream, the real credential always does', async (t) => {
  const { up, sq, gw } = await world(t);
  for (const name of SPELLINGS) {
    const r = await gw.once(t, get(`/${name}`, `${name}: Bearer ${PLACEHOLDER}\r\n${name}:${PLACEHOLDER}\r\n`));
    assert.equal(r.status, 200, name);
  }
  assert.equal(up.requests.length, SPELLINGS.length);
  for (const r of up.requests) {
    assert.ok(!r.rawHead.includes(PLACEHOLDER), r.rawHead);
    assert.deepEqual(r.all('authorization'), [BEARER]);
  }
  await gw.stop();
  const seen = gw.text() + gw.stderr + (await sq.waitForLog((l) => l.length > 0 && l.join('\n')));
  assert.ok(!seen.includes(KEY) && !seen.includes(PLACEHOLDER), 'a credential in a log');
});

test('an upstream that sends the credential back does not make it appear in the log', async (t) => {
  const handle = (req, res) => res.json(401, { error: req.header('authorization') }, { 'X-Request-Id': 'up-1', 'X-Echo': KEY });
  const { gw } = await direct(t, { upstream: { handle } });
  assert.equal((await gw.once(t, get(`/p?token=${KEY}`))).status, 401);
  await gw.request('/p');
  await gw.stop();
  assert.ok(!gw.text().includes(KEY));
});

test('a query parameter that carries a credential is dropped, the rest is forwarded byte for byte', async (t) => {
  const { up, gw } = await direct(t, {
    config: { request: '{ drop-query = "~^(key|api_key|access_token)$"; }' },
  });
  const target = '/v1/%7Emodel%2Fx?alt=sse&key=AIza-placeholder&KEY=p&%6bey=q&q=a+b%20c&&api_key&empty=';
  assert.equal((await gw.once(t, get(target))).status, 200);
  assert.equal(up.requests[0].target, '/v1/%7Emodel%2Fx?alt=sse&q=a+b%20c&&empty=');
});

const MISSING = [
  { what: 'an environment variable that is not set', secret: 'from = "$<NO_SUCH_KEY>"', names: /NO_SUCH_KEY/ },
  { what: 'an empty environment variable', secret: 'from = "$<EMPTY_KEY>"', env: { EMPTY_KEY: '  ' }, names: /EMPTY_KEY/ },
  { what: 'a file that is not there', secret: 'file = "/no/such/file"', names: /\/no\/such\/file/ },
  { what: 'a CR in the value', secret: 'from = "$<BAD_KEY>"', env: { BAD_KEY: 'hush-a\rhush-b' }, names: /BAD_KEY/ },
  { what: 'a LF in the value', secret: 'from = "$<BAD_KEY>"', env: { BAD_KEY: 'hush-a\nhush-b' }, names: /BAD_KEY/ },
  { what: 'a NUL in the file', secret: 'file = "key.txt"', files: { 'key.txt': 'hush-a\0hush-b' }, names: /key\.txt/ },
];

for (const { what, secret, env = {}, files, names } of MISSING) {
  test(`${what}: its frontend answers 503 and names the source, the others serve`, async (t) => {
    const up = await upstream(t);
    const text = config({
      url: up.url('localhost'),
      via: 'direct',
      secret: `k: { ${secret}; }; good: { from = "$<API_KEY>"; };`,
      moreFrontend: 'other: { bind = "127.0.0.1:0"; backend = "other"; };',
      moreBackend: `other: { server = ( { url = "${up.url('localhost')}"; } ); via = "direct"; tls: { verify = false; };
        request = ( { set-header = [ "X-Api-Key", "$<secret:good>" ]; } ); };`,
    });
    const gw = await gateway(t, text, { env: { API_KEY: KEY, HTTPS_PROXY: 'direct', ...env }, files });
    const r = await gw.once(t, post('/v1', '{}'));
    assert.equal(r.status, 503);
    assert.equal(r.json.error.type, 'not_configured');
    assert.match(r.json.error.message, names);
    assert.equal((await gw.request('/v1')).close, 'not_configured');
    assert.equal(up.requests.length, 0);

    const other = await gw.once(t, get('/'), { frontend: 'other' });
    assert.equal(other.status, 200);
    assert.equal(up.requests[0].header('x-api-key'), KEY);
    await gw.stop();
    assert.ok(!/hush/.test(gw.text() + gw.stderr + r.body), 'the value was shown');
  });
}

test('a secret from a file is trimmed and its prefix taken off', async (t) => {
  const { up, gw } = await direct(t, {
    config: { secret: 'k: { file = "key.txt"; strip-prefix = [ "Bearer " ]; };' },
    gateway: { files: { 'key.txt': `\n  Bearer ${KEY} \n` } },
  });
  assert.equal((await gw.once(t, get('/'))).status, 200);
  assert.deepEqual(up.requests[0].all('authorization'), [BEARER]);
});

test('an unset proxy variable makes the frontend not configured, and nothing goes out directly', async (t) => {
  const up = await upstream(t);
  const gw = await gateway(t, config({ url: up.url('localhost') }), { env: { API_KEY: KEY } });
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.json.error.type], [503, 'not_configured']);
  assert.match(r.json.error.message, /HTTPS_PROXY/);
  assert.equal(up.accepted, 0);
});
