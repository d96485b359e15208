// SPDX-License-Identifier: MIT
// Maps under a running gateway: each tenant its own credential, nobody else's, and strangers none.
import assert from 'node:assert/strict';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { run, writeFiles } from './lib/gateway.mjs';
import { once } from './lib/raw.mjs';
import { config, direct, get } from './lib/world.mjs';

const SECRETS = 'k: { from = "$<API_KEY>"; }; acme-key: { from = "$<ACME>"; placeholder = "placeholder-acme"; }; globex-key: { from = "$<GLOBEX>"; }; lost-key: { from = "$<LOST>"; };';
const ENV = { ACME: 'hush-acme-1', GLOBEX: 'hush-globex-2' };
const INJECT = '{ set-header = [ "Authorization", "Bearer $<map:tenants>" ]; }, { drop-header = "x-tenant"; }';

// A frontend whose requests get the credential that the map has for them.
const scene = (t, map, options = {}) =>
  direct(t, { ...options, config: { secret: SECRETS, more: `map: { tenants: { ${map} }; };`, inject: INJECT, ...options.config }, gateway: { env: ENV, ...options.gateway } });

const error = (r) => [r.status, r.json?.error.type];

test('two tenants by header: each gets its own; unknown, empty and absent get 403 and nothing leaves', async (t) => {
  const { gw, up } = await scene(t, 'key = "%{header:x-tenant}"; values = ( [ "acme", "acme-key" ], [ "~^globex(-.*)?$", "globex-key" ], [ "lost", "lost-key" ] );');
  for (const [tenant, key] of [['acme', ENV.ACME], ['globex', ENV.GLOBEX], ['globex-eu', ENV.GLOBEX], ['acme', ENV.ACME]]) {
    const r = await gw.once(t, get('/', `X-Tenant: ${tenant}\r\n`));
    assert.equal(r.status, 200);
    assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${key}`);
    assert.equal(up.requests.at(-1).header('x-tenant'), undefined);
  }
  const before = up.requests.length;
  for (const header of ['X-Tenant: evil\r\n', 'X-Tenant:\r\n', '', 'X-Tenant: ACME\r\n', 'X-Tenant: acme, globex\r\n', 'X-Tenant: $<secret:acme-key>\r\n', 'X_Tenant: acme\r\n'])
    assert.deepEqual(error(await gw.once(t, get('/stranger', header))), [403, 'map_no_match'], header);
  assert.deepEqual(error(await gw.once(t, get('/', 'X-Tenant: lost\r\n'))), [503, 'not_configured']);
  assert.equal(up.requests.length, before);
  const line = await gw.request('/stranger');
  assert.deepEqual([line.status, line.error], [403, 'map_no_match']);
  assert.ok(!gw.text().includes('hush-'), 'a secret in the log');
  assert.ok(!gw.text().includes('evil'), 'a key in the log');
});

test('two headers: the first counts, whatever stands behind it', async (t) => {
  const { gw, up } = await scene(t, 'key = "%{header:x-tenant}"; values: { acme = "acme-key"; globex = "globex-key"; };');
  assert.equal((await gw.once(t, get('/', 'X-Tenant: globex\r\nX-Tenant: acme\r\n'))).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${ENV.GLOBEX}`);
});

test('by address and by the user of a unix socket', async (t) => {
  const dir = tempDir('sockets');
  const { gw, up } = await scene(t, `key = "%{client-ip}-%{peer-uid}"; values = ( [ "127.0.0.1-", "acme-key" ], [ "unix-${process.getuid()}", "globex-key" ] );`,
    { config: { bind: `"127.0.0.1:0", "[::1]:0", "unix:${join(dir, 's')}"` } });
  const ask = (i) => once(t, gw.address('api', i), get('/'));
  assert.equal((await ask(0)).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${ENV.ACME}`);
  assert.equal((await ask(2)).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${ENV.GLOBEX}`);
  assert.deepEqual(error(await ask(1)), [403, 'map_no_match']);
});

test("by the client's own key, which the strip rules have taken away by then", async (t) => {
  const { gw, up } = await scene(t, 'key = "%{client-header:authorization}"; values = ( [ "Bearer tenant-1", "acme-key" ], [ "Bearer placeholder-acme", "acme-key" ] );');
  assert.equal((await gw.once(t, get('/', 'Authorization: Bearer tenant-1\r\n'))).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${ENV.ACME}`);
  assert.equal((await gw.once(t, get('/', 'Authorization: Bearer placeholder-acme\r\n'))).status, 200);
  assert.deepEqual(error(await gw.once(t, get('/', 'Authorization: Bearer tenant-2\r\n'))), [403, 'map_no_match']);
  // The placeholder of a secret that only a map gives is looked for all the same.
  assert.deepEqual(error(await gw.once(t, get('/?a=placeholder-acme', 'Authorization: Bearer tenant-1\r\n'))), [400, 'placeholder_leak']);
  assert.ok(!/hush-|tenant-[12]/.test(gw.text()), gw.text());
});

test('a file: a reload reads it again, one with a mistake changes nothing', async (t) => {
  const path = join(tempDir('map'), 'tenants.map');
  const put = (text) => {
    writeFileSync(`${path}.new`, text);
    renameSync(`${path}.new`, path);
  };
  put('# who is who\nacme acme-key  # the first\n');
  const { gw, up } = await scene(t, `key = "%{header:x-tenant}"; file = "${path}";`);
  const ask = (tenant) => gw.once(t, get('/', `X-Tenant: ${tenant}\r\n`));
  assert.equal((await ask('acme')).status, 200);
  assert.deepEqual(error(await ask('globex')), [403, 'map_no_match']);
  put('globex globex-key\n');
  assert.equal((await ask('acme')).status, 200, 'not before the reload');
  assert.equal((await gw.again()).event, 'reload');
  assert.equal((await ask('globex')).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${ENV.GLOBEX}`);
  assert.deepEqual(error(await ask('acme')), [403, 'map_no_match']);
  put('globex nobody-key\n');
  assert.equal((await gw.again()).event, 'reload_failed');
  assert.match(gw.lines.filter((l) => l.event === 'config_error').map((l) => l.message).join(), /tenants\.map:1: map\.tenants: the secret "nobody-key" is not declared/);
  assert.equal((await ask('globex')).status, 200);
});

test('thousands of entries cost no time that counts', async (t) => {
  const path = join(tempDir('map'), 'tenants.map');
  writeFileSync(path, Array.from({ length: 20000 }, (_, i) => `tenant-${i} ${i % 2 ? 'acme' : 'globex'}-key\n`).join(''));
  const { gw, up } = await scene(t, `key = "%{header:x-tenant}"; file = "${path}";`);
  for (const i of [0, 1, 9999, 19999]) {
    assert.equal((await gw.once(t, get('/', `X-Tenant: tenant-${i}\r\n`))).status, 200);
    assert.equal(up.requests.at(-1).header('authorization'), `Bearer ${i % 2 ? ENV.ACME : ENV.GLOBEX}`);
  }
});

test('a refused credential is read again and the request sent once more, for the same tenant', async (t) => {
  const path = join(tempDir('secret'), 'key');
  writeFileSync(path, 'old');
  const { gw, up } = await scene(t, 'key = "%{header:x-tenant}"; values: { acme = "k"; };', {
    upstream: { handle: (req, res) => res.json(req.header('authorization') === 'Bearer new' ? 200 : 401, {}) },
    config: { secret: `k: { exec = [ "/bin/cat", "${path}" ]; ttl = "1h"; };`, backend: 'refresh-on = [ 401 ];' },
  });
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  writeFileSync(path, 'new');
  assert.equal((await gw.once(t, get('/', 'X-Tenant: acme\r\n'))).status, 200);
  assert.deepEqual(up.requests.map((q) => q.header('authorization')), ['Bearer old', 'Bearer new']);
});

const FIXTURES = `
env ACME=hush-a
env GLOBEX=hush-g
== the map's backend
frontend f
> GET /
> X-Tenant: acme
>> GET https://acme.test/
>> backend acme
>> X-Key: hush-a
== another
frontend f
> GET /
> X-Tenant: globex
>> GET https://globex.test/
>> X-Key: hush-g
>> !"hush-a"
== a condition before it
frontend f
> GET /models
> X-Tenant: acme
>> GET https://globex.test/models
>> backend globex
== closed: what stands behind it is not asked
frontend f
> GET /
> X-Tenant: nobody
< 403 map_no_match
== use-backend with a condition
frontend g
> GET /
> X-Tenant: acme
>> GET https://acme.test/
>> backend acme
== its condition does not hold: the frontend's backend
frontend g
> GET /
>> GET https://globex.test/
>> backend globex
== a path in the key: dot segments are refused
frontend p
> GET /acme/../globex
< 400
== a path in the key
frontend p
> GET /acme
>> GET https://acme.test/acme
>> backend acme
`;

test('a map of backends: fixtures', async () => {
  const text = `
secret: { a: { from = "$<ACME>"; }; g: { from = "$<GLOBEX>"; }; };
map: { tenants: { key = "%{header:x-tenant}"; to = "backend"; values: { acme = "acme"; globex = "globex"; }; };
       paths: { key = "%{path}"; to = "backend"; values = ( [ "~^/acme(/|$)", "acme" ], [ "~^/globex(/|$)", "globex" ] ); }; };
frontend: {
  f: { bind = "127.0.0.1:8080"; backend = "$<map:tenants>"; use-backend = ( { backend = "globex"; when: { path = "/models"; }; } ); };
  g: { bind = "127.0.0.1:8081"; backend = "globex"; use-backend: { backend = "$<map:tenants>"; when: { header = [ "x-tenant", "*" ]; }; }; };
  p: { bind = "127.0.0.1:8082"; backend = "$<map:paths>"; };
};
backend: {
  acme: { url = "https://acme.test"; via = "direct"; request = ( { set-header = [ "X-Key", "$<secret:a>" ]; } ); };
  globex: { url = "https://globex.test"; via = "direct"; request = ( { set-header = [ "X-Key", "$<secret:g>" ]; } ); };
};`;
  const dir = writeFiles({ 'x.cfg': text, 'x.fixtures': FIXTURES });
  const r = await run(['test', join(dir, 'x.fixtures')]);
  assert.equal(r.code, 0, r.stdout + r.stderr);
  const e = await run(['explain', '-f', join(dir, 'x.cfg'), '--frontend', 'f', 'GET', '/', '-H', 'X-Tenant: acme'], { env: { ACME: 'hush-a', GLOBEX: 'hush-g' } });
  assert.match(e.stdout, /\n {2}applied {4}.*x\.cfg:6 {2}use-backend: map tenants: key "acme" is acme \(.*x\.cfg:3\)\n/);
});

test('explain: which entry gave the secret; a key made of a credential is not shown', async () => {
  const inject = '{ set-header = [ "Authorization", "Bearer $<map:tenants>" ]; }, { set-header = [ "X-Key", "$<map:own>" ]; }';
  const more = 'map: { tenants: { key = "%{header:x-tenant}"; values: { acme = "acme-key"; }; }; own: { key = "%{client-header:x-api-key}"; values: { hush-own = "globex-key"; }; }; };';
  const text = config({ url: 'https://x.test', via: 'direct', secret: SECRETS, more, inject, tls: '' });
  const dir = writeFiles({ 'x.cfg': text });
  const env = { ...ENV, HTTPS_PROXY: 'direct', API_KEY: 'x' };
  const r = await run(['explain', '-f', join(dir, 'x.cfg'), 'GET', '/', '-H', 'X-Tenant: acme', '-H', 'X-Api-Key: hush-own'], { env });
  assert.match(r.stdout, /applied .* map: tenants: key "acme" is acme-key \(.*x\.cfg:\d+\)\n/);
  assert.match(r.stdout, /applied .* map: own: key of 8 bytes is globex-key \(/);
  assert.match(r.stdout, /Authorization: Bearer <secret acme-key: environment variable ACME, 11 bytes>\n/);
  assert.ok(!r.stdout.includes('hush'), r.stdout);
  const no = await run(['explain', '--json', '-f', join(dir, 'x.cfg'), 'GET', '/', '-H', 'X-Tenant: nobody'], { env });
  const j = JSON.parse(no.stdout);
  assert.deepEqual([j.answer.status, j.answer.type], [403, 'map_no_match']);
  assert.equal(j.rules.find((r) => r.action === 'map' && r.result === 'failed').why, 'tenants: key "nobody" has no entry');
});
