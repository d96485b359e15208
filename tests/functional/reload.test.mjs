// SPDX-License-Identifier: MIT
// Another configuration in a running process: what changes, what stays, and who notices.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificate, trust } from './lib/ca.mjs';
import { tempDir, within } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { once } from './lib/raw.mjs';
import { config, direct, get } from './lib/world.mjs';

const { cert, key } = certificate();
const TLS = `tls: { cert = "${cert}"; key = "${key}"; };`;

// Frontends that answer with their name and a word: { name: bind }.
const own = (frontends, word = 'one', more = '') =>
  `global: { threads = 2; };\nfrontend: {\n${Object.entries(frontends)
    .map(([name, bind]) => `  ${name}: { bind = ( ${bind} ); ${more}
    request = ( { respond: { status = 200; body = "%{frontend} ${word}"; }; } ); };`)
    .join('\n')}\n};\n`;
const said = async (t, address, tls) => (await once(t, address, get('/'), { tls })).body.toString();

// An upstream whose /sse goes on until the test says so.
function streams() {
  const answers = [];
  const handle = async (req, res) => {
    if (req.target !== '/sse') return res.send(200, req.headers.get?.('x-plan') ?? 'x');
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    await res.chunk('data: 1\n\n');
    answers.push(res);
  };
  return { answers, handle };
}

test('new rules are in force for the next request, also on a connection that was there before', async (t) => {
  const gw = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const c = await gw.client(t);
  const silent = await gw.client(t);
  c.send(get('/'));
  assert.equal((await c.response(0)).body.toString(), 'api one');
  const address = gw.address();
  const line = await gw.again(own({ api: '"127.0.0.1:0"' }, 'two'));
  assert.equal(line.message, 'generation 2 is in force: 1 frontends, 0 backends, 1 listeners (0 opened, 0 closed)');
  assert.equal(gw.address(), address);
  for (const [one, n] of [[c, 1], [silent, 0]]) {
    one.send(get('/'));
    assert.equal((await one.response(n)).body.toString(), 'api two');
  }
  assert.equal(await said(t, gw.address()), 'api two');
});

test('a head that has begun has the room it began with, the next one that of the new plan', async (t) => {
  const text = (head) => own({ api: '"127.0.0.1:0"' }, head, `limit: { head = "${head}"; }; timeout: { request-head = "5s"; };`);
  const large = `GET / HTTP/1.1\r\nHost: gate.test\r\nX-A: ${'a'.repeat(60000)}\r\n\r\n`;
  const gw = await gateway(t, text('64k'));
  const c = await gw.client(t);
  await c.send(large.slice(0, 20000));
  await gw.again(text('1k'));
  await c.send(large.slice(20000) + get('/').slice(0, 10));
  assert.deepEqual((await c.response(0)).status, 200);
  await gw.again(text('63k'));
  await c.send(get('/').slice(10) + large);
  assert.deepEqual([(await c.response(1)).status, (await c.response(2)).body.toString()], [200, 'api 63k']);
});

test('a stream goes on with the plan it began with, the next request on its connection has the new one', async (t) => {
  const { answers, handle } = streams();
  const set = (word) => ({ response: `{ set-header = [ "x-plan", "${word}" ]; }` });
  const { gw, up } = await direct(t, { upstream: { handle }, config: set('one') });
  const c = await gw.client(t);
  c.send(get('/sse'));
  await c.until(() => c.current?.body.length > 0, 'an event');
  const text = config({ url: up.url('localhost'), via: 'direct', ...set('two') });
  assert.equal((await gw.again(text)).event, 'reload');
  await answers[0].chunk('data: 2\n\n');
  await answers[0].endChunks();
  const r = await c.response(0);
  assert.deepEqual([r.body.toString(), r.header('x-plan')], ['data: 1\n\ndata: 2\n\n', 'one']);
  c.send(get('/'));
  assert.equal((await c.response(1)).header('x-plan'), 'two');
});

test('an error changes nothing, and all of them are reported', async (t) => {
  const gw = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const c = await gw.client(t);
  const broken = own({ api: '"127.0.0.1:0"', other: '"127.0.0.1:nothing"' }, 'two', 'colour = "red";');
  const line = await gw.again(broken);
  assert.equal(line.event, 'reload_failed');
  assert.equal(line.message, 'the configuration has errors; generation 1 goes on');
  const errors = gw.lines.filter((l) => l.event === 'config_error').map((l) => l.message.replace(/^.*hdrgate\.cfg:/, ''));
  assert.equal(errors.length, 3, JSON.stringify(errors));
  assert.match(errors.join('\n'), /colour[^]*colour[^]*has no valid port/);
  c.send(get('/'));
  assert.equal((await c.response()).body.toString(), 'api one');
  assert.equal(await said(t, gw.address()), 'api one');
  gw.rewrite('frontend: { api: {');
  assert.equal((await gw.again()).event, 'reload_failed');
  assert.equal((await gw.again(own({ api: '"127.0.0.1:0"' }, 'three'))).event, 'reload');
  assert.equal(await said(t, gw.address()), 'api three');
});

test('binds come and go: TCP, unix, port 0, TLS; what stays keeps its socket', async (t) => {
  const dir = tempDir('unix');
  const [a, b] = ['a', 'b'].map((n) => join(dir, `${n}.sock`));
  const gw = await gateway(t, own({ api: `"127.0.0.1:0", "unix:${a}"`, gone: `"127.0.0.1:0", "unix:${join(dir, 'gone.sock')}"` }));
  const [tcp, goneTcp] = [gw.address('api'), gw.address('gone')];
  const inode = lstatSync(a).ino;
  const stays = await gw.client(t);
  const leaves = await gw.client(t, { frontend: 'gone' });
  stays.send(get('/'));
  await stays.response(0);
  const line = await gw.again(
    own({ api: `"127.0.0.1:0", { to = "unix:${a}"; mode = "0666"; }, { to = "127.0.0.1:0"; ${TLS} }`, more: `"unix:${b}", "[::1]:0"` }, 'two'),
  );
  assert.match(line.message, /^generation 2 is in force: 2 frontends, 0 backends, 5 listeners \(3 opened, 2 closed\)$/);
  assert.equal(gw.address('api'), tcp);
  assert.equal(lstatSync(a).ino, inode);
  assert.equal(lstatSync(a).mode & 0o777, 0o666);
  await leaves.gone();
  await assert.rejects(said(t, goneTcp), /ECONNREFUSED/);
  assert.ok(!existsSync(join(dir, 'gone.sock')));
  stays.send(get('/'));
  assert.equal((await stays.response(1)).body.toString(), 'api two');
  assert.equal(await said(t, `unix:${a}`), 'api two');
  assert.equal(await said(t, `unix:${b}`), 'more two');
  assert.equal(await said(t, gw.address('api', 2), trust()), 'api two');
  assert.equal(await said(t, gw.address('more', 1)), 'more two');
});

test('an address moves to another frontend; a unix socket whose file was removed is made again', async (t) => {
  const path = join(tempDir('unix'), 'gate.sock');
  const gw = await gateway(t, own({ one: `"unix:${path}"` }));
  const c = await gw.client(t, { frontend: 'one' });
  c.send(get('/'));
  assert.equal((await c.response(0)).body.toString(), 'one one');
  assert.equal((await gw.again(own({ two: `"unix:${path}"` }))).event, 'reload');
  c.send(get('/'));
  assert.equal((await c.response(1)).body.toString(), 'two one');
  rmSync(path);
  assert.match((await gw.again()).message, /1 listeners \(1 opened, 1 closed\)/);
  assert.equal(await said(t, `unix:${path}`), 'two one');
});

test('from one address to all of them on the same port, and back', async (t) => {
  const first = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const port = first.address().replace(/.*:/, '');
  await first.stop();
  const gw = await gateway(t, own({ api: `"127.0.0.1:${port}"` }));
  for (const [bind, word] of [[`"*:${port}"`, 'two'], [`"127.0.0.1:${port}"`, 'three']]) {
    assert.equal((await gw.again(own({ api: bind }, word))).event, 'reload');
    assert.equal(await said(t, `127.0.0.1:${port}`), `api ${word}`);
  }
});

test('a new address that is taken: nothing changes, what was opened is closed again', async (t) => {
  const other = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const path = join(tempDir('unix'), 'new.sock');
  const gw = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const before = gw.descriptors();
  const line = await gw.again(own({ api: '"127.0.0.1:0"', more: `"unix:${path}", "${other.address()}"` }, 'two'));
  assert.equal(line.event, 'reload_failed');
  assert.match(line.message, /hdrgate\.cfg:\d+: bind 127\.0\.0\.1:\d+: cannot listen: Address already in use; something else listens there; generation 1 goes on$/);
  assert.ok(!existsSync(path));
  assert.equal(gw.descriptors(), before);
  assert.equal(await said(t, gw.address()), 'api one');
});

test('a removed frontend: running exchanges finish, or are cut when timeout.drain is over', async (t) => {
  const { answers, handle } = streams();
  const bind = '"127.0.0.1:0"';
  const parts = (name, drain) => ({ moreFrontend: `${name}: { bind = ( ${bind} ); backend = "api"; timeout: { drain = "${drain}"; }; };` });
  const { gw, up } = await direct(t, { upstream: { handle }, config: parts('slow', '1h') });
  const text = (more) => config({ url: up.url('localhost'), via: 'direct', ...more });
  const slow = await gw.client(t, { frontend: 'slow' });
  slow.send(get('/sse'));
  await slow.until(() => slow.current?.body.length > 0, 'an event');
  await gw.again(text(parts('fast', '300ms')));
  const fast = await gw.client(t, { frontend: 'fast' });
  fast.send(get('/sse'));
  await fast.until(() => fast.current?.body.length > 0, 'an event');
  const began = performance.now();
  await gw.again(text({}));
  await fast.gone();
  assert.ok(performance.now() - began > 250, 'before timeout.drain');
  assert.equal(fast.responses.length, 0);
  await answers[0].chunk('data: 2\n\n');
  await answers[0].endChunks();
  assert.equal((await slow.response()).body.toString(), 'data: 1\n\ndata: 2\n\n');
  await slow.gone();
});

test('a bind that becomes TLS: who came in without it cannot stay', async (t) => {
  const gw = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const c = await gw.client(t);
  c.send(get('/'));
  await c.response(0);
  await gw.again(own({ api: '"127.0.0.1:0"' }, 'two', TLS));
  await c.gone();
  assert.equal(await said(t, gw.address(), trust()), 'api two');
});

test('what takes effect at the next start is said', async (t) => {
  const gw = await gateway(t, own({ api: '"127.0.0.1:0"' }));
  const path = join(tempDir('control'), 'c.sock');
  const others = `threads = 3; user = "nobody"; group = "nogroup"; control = "unix:${path}"`;
  await gw.again(own({ api: '"127.0.0.1:0"' }, 'two').replace('threads = 2', others));
  const said = gw.lines.filter((l) => l.event === 'config_warning').map((l) => l.message);
  assert.deepEqual(said, ['threads', 'user', 'group', 'control'].map((k) => `global.${k}: the change takes effect at the next start`));
  assert.ok(!existsSync(path));
  assert.equal((await gw.once(t, get('/'))).body.toString(), 'api two');
  await gw.again(own({ api: '"127.0.0.1:0"' }, 'three')); // as it was at the start: nothing to say
  assert.equal(gw.lines.filter((l) => l.event === 'config_warning').length, 4);
});

test('SIGHUP many times, and while it drains', async (t) => {
  const { answers, handle } = streams();
  const { gw } = await direct(t, { upstream: { handle } });
  const c = await gw.client(t);
  c.send(get('/sse'));
  await c.until(() => c.current?.body.length > 0, 'an event');
  for (let i = 0; i < 50; i++) gw.kill('SIGHUP');
  await gw.waitForLog((l) => l.event === 'reload');
  gw.kill('SIGTERM');
  await gw.waitForLog((l) => l.event === 'shutdown');
  gw.kill('SIGHUP');
  await gw.waitForLog((l) => l.event === 'reload_failed' && /^hdrgate is shutting down; generation \d+ goes on$/.test(l.message));
  assert.equal(gw.exit, null);
  await answers[0].endChunks();
  await c.response();
  await within(gw.ended, 'the end');
  await gw.stop();
});
