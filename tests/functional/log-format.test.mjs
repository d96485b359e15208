// SPDX-License-Identifier: MIT
// Log formats: AWF's lines by configuration alone, text lines, whose events a format is for, and what clients send.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { direct, get, KEY, post } from './lib/world.mjs';

const AWF = readFileSync(new URL('data/awf-log.cfg', import.meta.url), 'utf8');
const KEYS = (line) => Object.keys(line);
const COMMON = ['timestamp', 'level', 'event'];

// The scene with AWF's format; its frontend has a name of ours.
const awf = (more = {}) => ({
  ...more, config: { threads: 1, global: 'log: { format = "awf"; };', more: AWF.replace('%{configured:openai}', '%{configured:api}'), ...more.config },
});
const line = (gw, check, what) => gw.waitForLog(check, what);

test("AWF's events have AWF's fields, in its order, with its types", async (t) => {
  const { up, gw } = await direct(t, awf({ gateway: { env: { HTTPS_PROXY: 'http://user:hush@10.0.0.1:3128', ANTHROPIC_API_KEY: 'x' } } }));
  await gw.once(t, post('/v1/chat?key=hush', 'hello', 'X-Request-ID: one\r\n'));
  const complete = await line(gw, (l) => l.event === 'request_complete');
  const startup = await line(gw, (l) => l.event === 'startup');
  const start = await line(gw, (l) => l.event === 'request_start');
  assert.deepEqual(KEYS(startup), [...COMMON, 'message', 'squid_proxy', 'api_targets', 'api_base_paths', 'providers']);
  assert.equal(startup.squid_proxy, 'http://10.0.0.1:3128');
  assert.deepEqual(startup.api_targets, { openai: 'api.openai.com', anthropic: 'api.anthropic.com' });
  assert.deepEqual(startup.api_base_paths, { openai: '(none)', anthropic: '(none)' });
  assert.deepEqual(startup.providers, { openai: true, anthropic: true });
  assert.match(startup.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(KEYS(start), [...COMMON, 'request_id', 'provider', 'method', 'path', 'upstream_host']);
  const host = new URL(up.url('localhost')).host;
  assert.deepEqual([start.level, start.request_id, start.provider, start.path, start.upstream_host], ['info', 'one', 'api', '/v1/chat', host]);
  const names = ['request_id', 'provider', 'method', 'path', 'status', 'duration_ms', 'request_bytes', 'response_bytes', 'upstream_host'];
  assert.deepEqual(KEYS(complete), [...COMMON, ...names]);
  const types = names.map((n) => typeof complete[n]);
  assert.deepEqual(types, ['string', 'string', 'string', 'string', 'number', 'number', 'number', 'number', 'string']);
  assert.deepEqual([complete.status, complete.request_bytes], [200, 5]);
  assert.ok(gw.lines.indexOf(start) < gw.lines.indexOf(complete));
  await gw.stop();
  const shutdown = gw.lines.filter((l) => l.event === 'shutdown');
  assert.deepEqual(shutdown.map((l) => [KEYS(l).join(), l.message]), [['timestamp,level,event,message', 'Received SIGTERM, shutting down gracefully']]);
  const known = new Set(['startup', 'server_start', 'request_start', 'request_complete', 'shutdown']);
  assert.deepEqual(gw.lines.filter((l) => !known.has(l.event)), []);
  assert.ok(!gw.text().includes('hush') && !gw.text().includes(KEY), gw.text());
});

test('an exchange that breaks is a request_error, one that we refuse is complete; a 401 is said', async (t) => {
  const handle = (req, res) => (req.target.startsWith('/401') ? res.send(401, 'no') : res.reset());
  const { gw } = await direct(t, awf({ upstream: { handle }, config: { backend: 'retry: { on = "none"; };', request: '{ deny = 405; when: { path = "/denied"; }; }' } }));
  await gw.once(t, get('/reset'));
  const broken = await line(gw, (l) => l.event === 'request_error');
  assert.deepEqual(KEYS(broken), [...COMMON, 'request_id', 'provider', 'method', 'path', 'duration_ms', 'error', 'upstream_host']);
  assert.deepEqual([broken.level, broken.path], ['error', '/reset']);
  assert.ok(broken.error.length > 3, broken.error);
  await gw.once(t, get('/denied'));
  assert.equal((await line(gw, (l) => l.path === '/denied')).event, 'request_complete');
  assert.ok(!gw.lines.some((l) => l.event === 'request_start' && l.path === '/denied'));
  await gw.once(t, get('/401'));
  const refused = await line(gw, (l) => l.event === 'upstream_auth_error');
  assert.deepEqual([refused.level, refused.status, refused.path], ['warn', 401, '/401']);
  assert.match(refused.message, /^Upstream returned 401 — check/);
  assert.equal((await line(gw, (l) => l.event === 'request_complete' && l.path === '/401')).status, 401);
});

test('upgrades have events of their own', async (t) => {
  const key = 'dGhlIHNhbXBsZSBub25jZQ==';
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const handle = (req, res) => (req.target === '/no' ? res.send(400, 'no') : res.head(101, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Accept': accept }));
  const { gw } = await direct(t, awf({ upstream: { handle } }));
  const upgrade = (path) => get(path, `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n`);
  const c = await gw.client(t);
  await c.send(upgrade('/ws'));
  await c.until(() => c.responses.length === 1, 'the answer');
  assert.equal((await line(gw, (l) => l.event === 'websocket_upgrade_start')).path, '/ws');
  c.fin();
  const over = await line(gw, (l) => l.event === 'websocket_upgrade_complete');
  assert.deepEqual(KEYS(over), [...COMMON, 'request_id', 'provider', 'path', 'upstream_host', 'duration_ms']);
  await gw.once(t, upgrade('/no'));
  assert.equal((await line(gw, (l) => l.event === 'websocket_upgrade_failed')).path, '/no');
  assert.ok(!gw.lines.some((l) => /^request_/.test(l.event)), gw.text());
});

test('who is over a limit, and what tokens an answer took', async (t) => {
  const wsAccept = (key) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
  const handle = async (req, res) => {
    const usage = JSON.stringify({ model: 'm\x07-1', usage: { in: 12, out: 3, cr: 4, cw: 5 } });
    if (req.target === '/stream') return res.send(200, `data: ${usage}\n\n`, { 'Content-Type': 'text/event-stream' });
    if (req.target !== '/ws') return res.send(200, req.target === '/none' ? '{}' : usage, { 'Content-Type': 'application/json' });
    await res.head(101, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Accept': wsAccept(req.header('sec-websocket-key')) });
    await res.raw(Buffer.concat([Buffer.from([0x81, Buffer.byteLength(usage)]), Buffer.from(usage), Buffer.from([0x88, 2, 3, 232])]));
    return res.close();
  };
  const more = 'usage: { u: { input = "usage.in"; output = "usage.out"; cache-read = "usage.cr"; cache-write = "usage.cw"; model = "model"; }; };';
  const scene = awf({ upstream: { handle }, config: { response: '{ usage = "u"; }', request: '{ rate-limit: { name = "rpm"; requests = 4; per = "minute"; }; }' } });
  scene.config.more += more;
  const { gw } = await direct(t, scene);
  const id = (name) => `X-Request-ID: ${name}\r\n`;
  for (const path of ['none', 'plain', 'stream']) assert.equal((await gw.once(t, get(`/${path}`, id(path)))).status, 200);
  const c = await gw.client(t);
  await c.send(get('/ws', `${id('ws')}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n`));
  await c.gone();
  c.destroy();
  const no = await gw.once(t, get('/plain', id('refused')));
  const limited = await line(gw, (l) => l.event === 'rate_limited');
  assert.deepEqual(KEYS(limited), [...COMMON, 'request_id', 'provider', 'limit_type', 'limit', 'retry_after']);
  assert.deepEqual([limited.level, limited.request_id, limited.provider, limited.limit_type, limited.limit, String(limited.retry_after)], ['warn', 'refused', 'api', 'rpm', 4, no.header('retry-after')]);
  await line(gw, (l) => l.event === 'token_usage' && l.request_id === 'ws');
  const used = gw.lines.filter((l) => l.event === 'token_usage');
  const names = ['request_id', 'provider', 'model', 'input_tokens', 'output_tokens', 'cache_read_tokens', 'cache_write_tokens', 'streaming'];
  assert.deepEqual(used.map((l) => [l.level, ...names.map((n) => l[n]), l.transport]), [
    ['info', 'plain', 'api', 'm-1', 12, 3, 4, 5, false, undefined], ['info', 'stream', 'api', 'm-1', 12, 3, 4, 5, true, undefined], ['info', 'ws', 'api', 'm-1', 12, 3, 4, 5, true, 'websocket'],
  ]);
  assert.deepEqual(used.map(KEYS), [[...COMMON, ...names], [...COMMON, ...names], [...COMMON, ...names, 'transport']]);
});

// Text lines go to a file: what the gateway says on its standard output has to be JSON in all tests.
const CLF = `log-format: { clf: { others = "off"; events: { request-complete: {
  line = "%{client-ip} - - [%{time-clf}] \\"%{method} %{path} %{protocol}\\" %{status} %{bytes-out} \\"%{client-header:referer}\\" \\"%{client-header:user-agent}\\"";
}; }; }; };`;

test('the Common Log Format with the combined fields, whatever a client sends', async (t) => {
  const file = join(tempDir('log'), 'access.log');
  const { gw } = await direct(t, { config: { threads: 1, global: `log: { to = "${file}"; format = "clf"; };`, more: CLF } });
  const agents = ['curl/8', 'a"b', 'back\\slash', 'caf\xe9', `long-${'x'.repeat(4000)}`, '%{path} $<API_KEY>'];
  for (const a of agents) await gw.once(t, get('/a?q=hush', `User-Agent: ${a}\r\n`));
  await gw.once(t, get('/b', 'Referer: https://x.test/\r\n'));
  await gw.stop();
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  const shape = /^127\.0\.0\.1 - - \[(\d\d)\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000\] "GET (\/[ab]) HTTP\/1\.1" 200 (\d+) "([^"]*)" "([^"]*)"$/;
  const said = lines.map((l) => shape.exec(l) ?? assert.fail(l));
  assert.equal(lines.length, agents.length + 1);
  assert.deepEqual(said.map((m) => m[5]), ['curl/8', 'a\\x22b', 'back\\x5cslash', 'caf\\xe9', `long-${'x'.repeat(195)}`, '%{path} $<API_KEY>', '-']);
  assert.equal(said.at(-1)[4], 'https://x.test/');
  assert.ok(!lines.join().includes('hush'));
});

test('whose events a format is for: the global, the defaults, the frontend; a level; off', async (t) => {
  const respond = 'request = ( { respond: { status = 200; }; } );';
  const formats = ['one', 'two', 'three'].map((n) => `${n}: { events: { request-complete: { event = "${n}"; field = [ "path", "%{path}" ]; }; startup: { event = "up-${n}"; }; }; };`);
  const text = `global: { threads = 1; log: { format = "one"; }; };
log-format: { ${formats.join(' ')} };
include = [ "second.cfg" ];
frontend: {
  plain: { bind = "127.0.0.1:0"; ${respond} };
  own: { bind = "127.0.0.1:0"; log: { format = "two"; }; ${respond} };
  ours: { bind = "127.0.0.1:0"; log: { format = "standard"; }; ${respond} };
  quiet: { bind = "127.0.0.1:0"; log: { level = "warn"; }; request = ( { deny = 403; when: { path = "/no"; }; }, { respond: { status = 200; }; } ); };
  silent: { bind = "127.0.0.1:0"; log: { off = true; }; request = ( { deny = 403; } ); };
};
`;
  const second = `defaults: { log: { format = "three"; }; }; frontend: { third: { bind = "127.0.0.1:0"; ${respond} }; };`;
  const gw = await gateway(t, text, { files: { 'second.cfg': second } });
  for (const frontend of ['plain', 'own', 'third', 'ours', 'silent']) await gw.once(t, get(`/${frontend}`), { frontend });
  for (const path of ['/yes', '/no']) await gw.once(t, get(path), { frontend: 'quiet' });
  await gw.stop();
  const said = gw.lines.filter((l) => l.path).map((l) => [l.event, l.path]);
  assert.deepEqual(said, [['one', '/plain'], ['two', '/own'], ['three', '/third'], ['request_complete', '/ours'], ['one', '/no']]);
  assert.equal(gw.lines.filter((l) => l.event === 'up-one').length, 1);
  assert.match(gw.lines.find((l) => l.event === 'up-one').message, /is ready/);
});

test('a reload changes formats, and none is used that is gone', async (t) => {
  const { gw, text } = await direct(t, { config: { more: 'log-format: { a: { events: { request-complete: { event = "before"; }; reload: { event = "reload"; field = [ "generation", "first" ]; }; }; }; };', global: 'log: { format = "a"; };' } });
  await gw.once(t, get('/'));
  await line(gw, (l) => l.event === 'before');
  for (let i = 0; i < 3; i++) {
    await gw.again(text.replace('"before"', `"after${i}"`).replace('"first"', `"g${i}"`));
    await gw.once(t, get('/'));
    await line(gw, (l) => l.event === `after${i}`);
  }
  assert.deepEqual(gw.lines.filter((l) => l.event === 'reload').map((l) => l.generation), ['g0', 'g1', 'g2']);
});

test('dump writes a format so that it reads the same', async () => {
  const text = `${AWF.replace('%{configured:openai}', '%{configured:f}')}global: { log: { format = "awf"; }; };
frontend: { f: { bind = "127.0.0.1:0"; log: { level = "warn"; }; request = ( { deny = 403; } ); }; };`;
  const dir = writeFiles({ 'hdrgate.cfg': text });
  const one = await run(['dump', '-f', join(dir, 'hdrgate.cfg')]);
  assert.equal(one.code, 0, one.stderr);
  const again = writeFiles({ 'hdrgate.cfg': one.stdout });
  const two = await run(['dump', '-f', join(again, 'hdrgate.cfg')]);
  assert.equal(two.stdout, one.stdout);
  assert.match(one.stdout, /\[ "provider", "%\{frontend\}" \]/);
});

test('explain says how the request would be logged', async () => {
  const part = (name, log) => `${name}: { bind = "127.0.0.1:0"; ${log} request = ( { deny = 403; } ); };`;
  const dir = writeFiles({ 'hdrgate.cfg': `${CLF}\nfrontend: { ${part('a', 'log: { format = "clf"; };')} ${part('b', 'log: { off = true; };')} ${part('c', '')} };` });
  const explain = async (...args) => (await run(['explain', ...args, '-f', join(dir, 'hdrgate.cfg'), 'GET', '/'])).stdout;
  assert.match(await explain('--frontend', 'a'), /^ {2}log format clf$/m);
  assert.match(await explain('--frontend', 'b'), /^ {2}log off$/m);
  assert.doesNotMatch(await explain('--frontend', 'c'), /^ {2}log/m);
  assert.equal(JSON.parse(await explain('--json', '--frontend', 'a')).frontend.log, 'clf');
});
