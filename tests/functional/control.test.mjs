// SPDX-License-Identifier: MIT
// The control socket and the commands that use it.
import assert from 'node:assert/strict';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { WRAPPER, tempDir, within } from './lib/env.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { once } from './lib/raw.mjs';
import { config, direct, get } from './lib/world.mjs';

const own = (control, word = 'one', more = '') => `global: { threads = 2; ${control} ${more} };
frontend: { api: { bind = "127.0.0.1:0"; request = ( { respond: { status = 200; body = "${word}"; }; } ); }; };\n`;

async function start(t, more = '') {
  const path = join(tempDir('control'), 'c.sock');
  const control = `control = "unix:${path}";`;
  const gw = await gateway(t, own(control, 'one', more));
  return { gw, path, control, ask: (...args) => run([...args, '--control', path], { wrapper: [] }) };
}

// Sends bytes and gives all that comes back.
function raw(path, bytes, { half = false } = {}) {
  return within(
    new Promise((done, fail) => {
      const s = net.connect({ path, allowHalfOpen: true });
      let text = '';
      s.setEncoding('latin1').on('data', (d) => (text += d));
      s.on('end', () => (s.destroy(), done(text))).on('error', fail);
      if (half) s.end(bytes);
      else s.write(bytes);
    }),
    `an answer to ${JSON.stringify(bytes)}`,
  );
}

test('reload prints the result; an error is exit 1 with every diagnostic', async (t) => {
  const { gw, control, ask } = await start(t);
  gw.rewrite(own(control, 'two'));
  assert.deepEqual(await ask('reload'), {
    code: 0, signal: null, stderr: '',
    stdout: 'generation 2 is in force: 1 frontends, 0 backends, 1 listeners (0 opened, 0 closed)\n',
  });
  assert.equal((await gw.once(t, get('/'))).body.toString(), 'two');
  gw.rewrite(own(control, 'three').replace('status = 200', 'status = 2000; colour = 1'));
  const r = await ask('reload');
  assert.deepEqual([r.code, r.stdout], [1, '']);
  const lines = r.stderr.trim().split('\n');
  assert.equal(lines.length, 3, r.stderr);
  assert.match(r.stderr, /hdrgate\.cfg:2: .*status.*\n.*hdrgate\.cfg:2: .*colour.*\nthe configuration has errors; nothing was changed\n$/);
  assert.equal((await gw.once(t, get('/'))).body.toString(), 'two');
  const j = await ask('reload', '--json');
  assert.equal(j.code, 1);
  assert.deepEqual([JSON.parse(j.stderr).ok, JSON.parse(j.stderr).text], [false, r.stderr]);
  await gw.waitForLog((l) => l.event === 'control' && /^process \d+ of user \d+ asks: reload --json$/.test(l.message));
});

test('what takes effect at the next start is part of the answer', async (t) => {
  const { gw, path, ask } = await start(t);
  gw.rewrite(own(`control = "unix:${path}2"; user = "nobody";`));
  for (const n of [2, 3]) {
    const r = await ask('reload');
    assert.equal(r.code, 0);
    assert.equal(r.stdout, 'warning: global.user: the change takes effect at the next start\nwarning: global.control: the change takes effect at the next start\n' +
      `generation ${n} is in force: 1 frontends, 0 backends, 1 listeners (0 opened, 0 closed)\n`);
  }
});

test('many reloads at once: each is answered, by a plan read after it was asked for', async (t) => {
  const { gw, control, ask } = await start(t);
  const all = [];
  for (let i = 0; i < 12; i++) {
    gw.rewrite(own(control, `word${i}`));
    all.push(ask('reload'));
  }
  gw.kill('SIGHUP');
  for (const r of await Promise.all(all)) assert.deepEqual([r.code, r.stderr], [0, '']);
  assert.equal((await gw.once(t, get('/'))).body.toString(), 'word11');
});

test('status, as text and as JSON', async (t) => {
  const { gw, ask } = await start(t);
  await gw.once(t, get('/'));
  await ask('reload');
  const text = (await ask('status')).stdout;
  assert.match(text, new RegExp(`^hdrgate \\S+, process ${gw.ready.pid}, 2 threads, since 20\\S+Z\ngeneration 2, \\d+ before it still in use\nlast reload: ok at \\S+Z, 0 failed so far\nlog level: info, 0 lines lost\nlisteners:\n  api ${gw.address()}\nservers:\ncounters:\n`));
  assert.match(text, /\n {2}requests_total 1\n/);
  const s = JSON.parse((await ask('status', '--json')).stdout);
  assert.deepEqual([s.ok, s.pid, s.generation, s.last_reload, s.draining, s.counters.requests_total], [true, gw.ready.pid, 2, 'ok', false, 1]);
  assert.deepEqual(s.listeners, [{ frontend: 'api', address: gw.address() }]);
  assert.deepEqual(s.servers, []);
});

test('log-level: shown, set, and the configuration has it again after a reload', async (t) => {
  const { gw, ask } = await start(t);
  assert.equal((await ask('log-level')).stdout, 'info\n');
  assert.equal((await ask('log-level', 'error')).code, 0);
  await gw.once(t, get('/quiet'));
  assert.equal((await ask('log-level')).stdout, 'error\n');
  const bad = await ask('log-level', 'loud');
  assert.deepEqual([bad.code, bad.stderr], [1, 'there is no level "loud" (expected debug, info, warn or error)\n']);
  await ask('reload');
  assert.equal((await ask('log-level')).stdout, 'info\n');
  await gw.once(t, get('/loud'));
  await gw.request('/loud');
  assert.ok(!gw.lines.some((l) => l.path === '/quiet'));
});

test('server disable, drain and enable; the state outlives a reload', async (t) => {
  const path = join(tempDir('control'), 'c.sock');
  const { gw } = await direct(t, { config: { global: `control = "unix:${path}";` } });
  const ask = (...args) => run([...args, '--control', path], { wrapper: [] });
  const state = async () => JSON.parse((await ask('status', '--json')).stdout).servers[0];
  const { backend, server } = await state();
  assert.equal(backend, 'api');
  for (const [verb, now] of [['disable', 'disabled'], ['drain', 'drain']]) {
    assert.equal((await ask('server', verb, `api/${server}`)).code, 0);
    assert.equal((await state()).state, now);
    assert.equal((await gw.once(t, get('/'))).status, 503);
    assert.equal((await ask('reload')).code, 0);
    assert.equal((await state()).state, now);
  }
  assert.equal((await ask('server', 'enable', `api/${server}`)).stdout, `server api/${server} is enabled\n`);
  assert.equal((await gw.once(t, get('/'))).status, 200);
  for (const [args, what] of [[['enable', 'api'], /a server is named BACKEND\/SERVER/], [['enable', 'no/x'], /no/], [['enable', 'api/no'], /no/], [['halt', 'api/x'], /enable, drain or disable/]]) {
    const r = await ask('server', ...args);
    assert.equal(r.code, 1, r.stdout);
    assert.match(r.stderr, what);
  }
});

test('drain: as SIGTERM, but answered; reload is refused from then on', async (t) => {
  const path = join(tempDir('control'), 'c.sock');
  let stream;
  const handle = async (req, res) => {
    await res.head(200, { 'Transfer-Encoding': 'chunked' });
    await res.chunk('1');
    stream = res;
  };
  const { gw } = await direct(t, { upstream: { handle }, config: { global: `control = "unix:${path}";` } });
  const ask = (...args) => run([...args, '--control', path], { wrapper: [] });
  const c = await gw.client(t);
  c.send(get('/'));
  await c.until(() => c.current?.body.length > 0, 'the first byte');
  assert.match((await ask('drain')).stdout, /^draining: 1 requests under way; ends when they have, at the latest after 30000 ms\n$/);
  assert.deepEqual([(await ask('reload')).stderr, (await ask('drain')).code], ['hdrgate is shutting down; nothing was changed\n', 0]);
  assert.equal(JSON.parse((await ask('status', '--json')).stdout).draining, true);
  await stream.endChunks();
  assert.equal((await c.response()).body.toString(), '1');
  await within(gw.ended, 'the end');
  assert.ok(!existsSync(path));
  await gw.stop();
});

test('the socket: mode 0600, or what the config says; a stale file is replaced, a live one is an error', async (t) => {
  const { path, gw, control } = await start(t);
  assert.equal(lstatSync(path).mode & 0o7777, 0o600);
  const second = writeFiles({ 'x.cfg': own(control) });
  const r = await run(['run', '-f', join(second, 'x.cfg')]);
  assert.deepEqual([r.code, r.stderr], [1, `hdrgate: global.control: unix:${path}: cannot listen: Address already in use; is another hdrgate running?\n`]);
  gw.kill('SIGKILL');
  await gw.ended;
  gw.stopped = true;
  assert.ok(existsSync(path));
  const next = await gateway(t, own(`control: { to = "unix:${path}"; mode = "0660"; };`));
  assert.equal(lstatSync(path).mode & 0o7777, 0o660);
  await next.stop();
  assert.ok(!existsSync(path));
  writeFileSync(path, 'mine');
  const file = await run(['run', '-f', join(second, 'x.cfg')]);
  assert.deepEqual([file.code, lstatSync(path).isFile()], [1, true]);
});

test('what is not a command is answered, or at least ended', { timeout: 60000 }, async (t) => {
  const { gw, path, ask } = await start(t);
  for (const [bytes, what] of [
    ['\n', /^error\nno command; "help" lists them\n$/],
    ['reloaf\n', /^error\nthere is no command "reloaf"; did you mean reload\n$/],
    ['xyzzy\n', /^error\nthere is no command "xyzzy"; "help" lists them\n$/],
    ['GET / HTTP/1.1\r\nHost: x\r\n\r\n', /^error\nthere is no command "GET"/],
    ['reload now\n', /^error\nusage: reload /],
    ['\0\0\0\n', /^error\na command is one line of printable ASCII characters\n$/],
    ['stat\x1bus\n', /^error\na command is one line/],
    [`${'x'.repeat(5000)}\n`, /^error\nthe command is too long\n$/],
    [`${'x '.repeat(100)}\n`, /^error\ntoo many words\n$/],
    ['log-level info\nreload\n', /^ok\nthe log level is info until the next reload\n$/],
    ['  --json   log-level  \r\n', /^ok\n\{"ok":true,"text":"info\\n"\}\n$/],
    ['help\n', /^ok\nreload .*\n(.*\n){4,}/],
  ]) {
    assert.match(await raw(path, bytes).catch((e) => `error\n${e.code === 'ECONNRESET' ? 'the command is too long' : e}\n`), what, JSON.stringify(bytes.slice(0, 40)));
  }
  assert.match(await raw(path, 'log-level', { half: true }), /^ok\ninfo\n$/);
  assert.equal(await raw(path, '', { half: true }), '');
  assert.equal((await ask('status')).code, 0);
  for (const [args, what] of [[['reload', '--loud'], /unknown option --loud/], [['reload', '--control'], /a path is missing/], [['log-level', 'a b'], /one word/]]) {
    const r = await run(args, { wrapper: [] });
    assert.deepEqual([r.code, what.test(r.stderr)], [2, true], r.stderr);
  }
  const none = await run(['reload', '--control', `${path}.no`], { wrapper: [] });
  assert.deepEqual([none.code, none.stderr], [1, `hdrgate: the control socket ${path}.no: No such file or directory (global.control of the configuration sets it; name it with --control)\n`]);
  assert.equal((await gw.once(t, get('/'))).status, 200);
});

test('silent and slow clients hold up neither requests nor other commands', async (t) => {
  const { gw, path, ask } = await start(t);
  const sockets = Array.from({ length: 60 }, () => net.connect({ path }).on('error', () => {}));
  t.after(() => sockets.forEach((s) => s.destroy()));
  await Promise.all(sockets.map((s) => new Promise((done) => s.on('connect', done))));
  sockets.slice(0, 30).forEach((s) => s.write('rel'));
  sockets.slice(30).forEach((s) => (s.pause(), s.write('status\n')));
  for (let i = 0; i < 20; i++) {
    assert.equal((await gw.once(t, get('/'))).status, 200);
    if (i % 5 === 0) assert.equal((await ask('reload')).code, 0);
  }
  assert.ok(gw.descriptors() < 60, `${gw.descriptors()} descriptors`);
});
