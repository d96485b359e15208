// SPDX-License-Identifier: MIT
// Ending, running out of descriptors, a log that nobody reads.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WRAPPER, scaled, tempDir, within } from './lib/env.mjs';
import { run, writeFiles } from './lib/gateway.mjs';
import { upstream } from './lib/upstream.mjs';
import { config, direct, get, post, world, KEY } from './lib/world.mjs';

// An upstream whose /sse goes on until the test says so: answers[n] is its n-th stream.
function streams() {
  const answers = [];
  const handle = async (req, res) => {
    if (req.target !== '/sse') return res.send(200, 'x');
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    await res.chunk('data: 1\n\n');
    answers.push(res);
  };
  return { answers, handle };
}

async function listening(c, text = 'data: 1\n\n') {
  await c.until(() => c.current?.body.toString().endsWith(text), 'an event');
}

// Each worker stops listening a moment after the signal; whoever still gets in must not be left waiting.
async function refused(gw, t) {
  for (;;) {
    const c = await gw.client(t).catch((e) => e);
    if (c instanceof Error) return assert.equal(c.code, 'ECONNREFUSED');
    await c.gone();
  }
}

for (const signal of ['SIGTERM', 'SIGINT']) {
  test(`${signal}: running exchanges finish, idle connections close, new ones are refused, exit 0`, async (t) => {
    const { answers, handle } = streams();
    const { gw } = await world(t, { upstream: { handle } });
    const stream = await gw.client(t);
    stream.send(get('/sse'));
    await listening(stream);
    const idle = await gw.client(t);
    idle.send(get('/first'));
    assert.equal((await idle.response()).status, 200);
    const fresh = await gw.client(t);
    const half = await gw.client(t); // a head that has begun counts as an exchange
    half.send('GET /half HTTP/1.1\r\n');
    assert.equal((await gw.once(t, get('/in-order'))).status, 200);

    gw.kill(signal);
    await gw.waitForLog((l) => l.event === 'shutdown');
    await Promise.all([idle.gone(), fresh.gone()]);
    await refused(gw, t);
    await half.send('Host: gate.test\r\n\r\n');
    const last = await half.response();
    assert.deepEqual([last.status, last.header('connection')], [200, 'close']);
    await half.gone();
    assert.equal(gw.exit, null);

    await answers[0].chunk('data: 2\n\n');
    await listening(stream, 'data: 2\n\n');
    await answers[0].chunk('data: 3\n\n');
    await answers[0].endChunks();
    assert.equal((await stream.response()).body.toString(), 'data: 1\n\ndata: 2\n\ndata: 3\n\n');
    await stream.gone();
    assert.deepEqual(await within(gw.ended, 'the end'), { code: 0, signal: null });
    assert.equal((await gw.request('/sse')).close, 'ok');
    const end = gw.lines.find((l) => l.event === 'stopped');
    assert.deepEqual([end.active_requests, end.sessions, end.upstream_open], [0, 0, 0]);
    await gw.stop();
  });
}

test('requests that came over kept connections before the signal are answered', async (t) => {
  const { gw } = await direct(t, { config: { threads: 1 } });
  const clients = await Promise.all(Array.from({ length: scaled(200, 30) }, () => gw.client(t)));
  for (const c of clients) c.send(get('/first'));
  for (const c of clients) await c.response();
  // Stopped, it finds all of them and the signal in one turn.
  gw.kill('SIGSTOP');
  await gw.until(() => /^State:\s+T/m.test(readFileSync(`/proc/${gw.pid}/status`, 'utf8')), 'it to stand still');
  await Promise.all(clients.map((c) => c.send(get('/second'))));
  gw.kill('SIGTERM');
  gw.kill('SIGCONT');
  for (const c of clients) {
    const r = await c.response(1);
    assert.equal(r.status, 200);
    await c.gone();
  }
  await gw.stop();
});

test('an upload that has begun is finished', async (t) => {
  const { gw } = await direct(t);
  const c = await gw.client(t);
  c.send(post('/up', 'x'.repeat(100000)).slice(0, -10));
  await gw.once(t, get('/in-order'));
  gw.kill('SIGTERM');
  await gw.waitForLog((l) => l.event === 'shutdown');
  c.send('x'.repeat(10));
  const r = await c.response();
  assert.deepEqual([r.status, r.json.length], [200, 100000]);
  await gw.stop();
});

test('the grace time is over: what is left is cut, and seen to be cut', async (t) => {
  const { handle } = streams();
  const { gw, up } = await direct(t, { upstream: { handle }, config: { global: 'drain = "500ms";' } });
  const c = await gw.client(t);
  c.send(get('/sse'));
  await listening(c);
  const began = performance.now();
  gw.kill('SIGTERM');
  await c.gone();
  assert.ok(performance.now() - began > 450, 'before the grace time');
  assert.equal(c.responses.length, 0); // no last chunk
  assert.deepEqual(await within(gw.ended, 'the end'), { code: 0, signal: null });
  assert.equal((await gw.request('/sse')).close, 'shutdown');
  assert.ok(gw.lines.some((l) => l.event === 'drain_timeout'));
  await up.until((u) => u.live.size === 0);
  await gw.stop();
});

test('a second signal ends at once', async (t) => {
  const { handle } = streams();
  const { gw } = await direct(t, { upstream: { handle }, config: { global: 'drain = "1h";' } });
  const c = await gw.client(t);
  c.send(get('/sse'));
  await listening(c);
  const tunnel = await gw.client(t);
  gw.kill('SIGTERM');
  await gw.waitForLog((l) => l.event === 'shutdown');
  await tunnel.gone();
  assert.equal(gw.exit, null);
  gw.kill('SIGINT');
  assert.deepEqual(await within(gw.ended, 'the end', 5000), { code: 0, signal: null });
  assert.equal(c.responses.length, 0);
  assert.equal((await gw.request('/sse')).close, 'shutdown');
  await gw.stop();
});

test('many signals at the very end do no harm', async (t) => {
  const { gw } = await direct(t);
  await gw.once(t, get('/'));
  while (!gw.exit) {
    gw.kill('SIGTERM');
    await new Promise(setImmediate);
  }
  await gw.stop();
});

test('SIGHUP and SIGUSR1 do not end it', async (t) => {
  const { gw } = await direct(t);
  gw.kill('SIGHUP');
  await gw.waitForLog((l) => l.event === 'reload');
  gw.kill('SIGUSR1');
  await gw.waitForLog((l) => l.event === 'status' && l.sessions === 0);
  assert.equal((await gw.once(t, get('/'))).status, 200);
});

test('a client or an upstream that is gone while hdrgate writes (SIGPIPE)', async (t) => {
  const { gw } = await direct(t, { upstream: { handle: (req, res) => res.send(200, 'x'.repeat(5 << 20)) } });
  for (let i = 0; i < 5; i++) {
    const c = await gw.client(t);
    await c.send(get('/'));
    await c.until(() => c.received.length > 0);
    c.reset();
  }
  assert.equal((await gw.once(t, get('/'))).body.length, 5 << 20);
});

// ---- descriptors ----

const limit = (pid, n) => execFileSync('prlimit', ['--pid', String(pid), `--nofile=${n}:${n}`]);

test('no descriptors left: accepting pauses, the log says so, and it goes on when there are some', async (t) => {
  const { answers, handle } = streams();
  const { gw } = await direct(t, { upstream: { handle }, config: { threads: 1, request: '{ respond: { status = 204; }; when: { path = "/own"; }; }' } });
  const stream = await gw.client(t);
  stream.send(get('/sse'));
  await listening(stream);
  limit(gw.ready.pid, 64);
  const clients = await Promise.all(Array.from({ length: 80 }, () => gw.client(t)));
  const line = await gw.waitForLog((l) => l.event === 'accept_paused');
  assert.equal(line.level, 'error');
  assert.match(line.message, /^no new connections on 127\.0\.0\.1:\d+ for now: Too many open files; raise the limit/);

  // Who is in is served, a waiting one is not lost.
  await answers[0].chunk('data: 2\n\n');
  await listening(stream, 'data: 2\n\n');
  for (const c of clients) c.send(get('/own'));
  assert.equal((await clients[0].response()).status, 204);
  const used = () => Number(/([\d.]+)\n?$/.exec(execFileSync('ps', ['-o', 'cputimes=', '-p', String(gw.ready.pid)]).toString())[1]);
  const before = used();
  await new Promise((done) => setTimeout(done, 1000));
  assert.ok(used() - before <= 1, 'it spins');
  assert.equal(gw.lines.filter((l) => l.event === 'accept_paused').length, 1); // once, not at every try
  for (const c of clients.slice(0, 60)) c.destroy();
  const rest = await Promise.all(clients.slice(60).map((c) => c.response()));
  assert.deepEqual(new Set(rest.map((r) => r.status)), new Set([204]));
  await gw.waitForLog((l) => l.event === 'accept_resumed');
  for (const c of clients) c.destroy();
  assert.equal((await gw.once(t, get('/'))).status, 200);
  await answers[0].endChunks();
  assert.equal((await stream.response()).status, 200);
});

test('no descriptor for the upstream: a clear answer, and the next request works', async (t) => {
  // The upstream closes, so that the descriptor of its connection is free before the others are taken.
  const up = await upstream(t, { handle: (req, res) => res.send(200, 'x', { Connection: 'close' }).then(() => res.close()) });
  const { gw } = await direct(t, { up, config: { threads: 1, url: up.url('127.0.0.1') } });
  const a = await gw.client(t);
  const clients = [a];
  a.send(get('/own'));
  await a.response();
  limit(gw.ready.pid, 64);
  while (!gw.lines.some((l) => l.event === 'accept_paused')) clients.push(await gw.client(t));
  a.send(get('/none'));
  const r = await a.response(1);
  assert.ok(r.status === 502 || r.status === 503, String(r.status));
  assert.match(r.json.error.message, /Too many open files|descriptor/i);
  for (const c of clients.slice(1)) c.destroy();
  await gw.client(t);
  await gw.waitForLog((l) => l.event === 'accept_resumed');
  a.send(get('/again'));
  assert.equal((await a.response(2)).status, 200);
});

test('a start with too few descriptors is a sentence and exit 1', { skip: WRAPPER.length > 0 && 'the wrapper needs descriptors too' }, async () => {
  const text = config({ url: 'https://api.test.example', bind: Array(20).fill('"127.0.0.1:0"').join() });
  const file = join(writeFiles({ 'x.cfg': text }), 'x.cfg');
  for (const n of [8, 10, 16, 30]) {
    const r = await run(['run', '-f', file], {
      env: { API_KEY: KEY, HTTPS_PROXY: 'http://127.0.0.1:1' },
      wrapper: ['sh', '-c', `ulimit -n ${n}; exec "$@"`, 'sh'],
    });
    assert.equal(r.code, 1, r.stderr);
    assert.match(r.stderr, /^hdrgate: [^\n]*(Too many open files|descriptors)[^\n]*\n$/);
  }
});

// ---- the log's reader ----

test('a log that nobody reads does not hold requests up; lines are lost, counted, and reported', async (t) => {
  const dir = tempDir('log');
  const fifo = join(dir, 'log');
  execFileSync('mkfifo', [fifo]);
  const fd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK); // a reader that does not read
  t.after(() => closeSync(fd));
  const { gw } = await direct(t, { config: { global: `log: { to = "${fifo}"; };`, request: '{ respond: { status = 204; }; }' } });
  const n = scaled(6000, 3000);
  const path = `/${'p'.repeat(700)}`;
  const c = await gw.client(t, { keep: false });
  for (let sent = 0; sent < n; sent += 500) {
    c.send(get(path).repeat(500));
    await c.until(() => c.responses.length >= sent + 500, 'the answers', 60000);
  }
  const log = [];
  let afters = 0;
  const drain = () => {
    for (const b = Buffer.alloc(65536); ;) {
      try {
        log.push(Buffer.from(b.subarray(0, readSync(fd, b))));
      } catch (e) {
        if (e.code === 'EAGAIN') return Buffer.concat(log).toString();
        throw e;
      }
    }
  };
  // Reading on: all that was kept comes, each line whole, and a count of the others.
  await within((async () => {
    for (; !/"event":"log-dropped"/.test(drain()); afters++) {
      await gw.once(t, get('/after'));
      await new Promise((done) => setTimeout(done, 20));
    }
  })(), 'the report', 30000);
  await gw.once(t, get('/end'));
  await within((async () => {
    while (!/"path":"\/end"/.test(drain())) await new Promise((done) => setTimeout(done, 20));
  })(), 'the last line');
  const lines = drain().trim().split('\n').map((l) => JSON.parse(l));
  const kept = lines.filter((l) => l.path?.startsWith('/ppp')).length; // the log cuts long paths
  const lost = lines.filter((l) => l.event === 'log-dropped').reduce((sum, l) => sum + l.lines, 0);
  assert.ok(lost > 0);
  assert.ok(lines.every((l) => l.event));
  const after = lines.filter((l) => l.path === '/after').length;
  assert.ok(kept + lost >= n && kept + lost <= n + afters - after, `${kept} kept, ${lost} lost, ${after} of ${afters} behind, ${n} sent`);
  await gw.stop();
});

test('a stdout that stalls: requests go on, and the end waits for it only a moment', async (t) => {
  const { gw } = await direct(t, { config: { request: '{ respond: { status = 204; }; }' } });
  gw.process.stdout.pause();
  const c = await gw.client(t, { keep: false });
  c.send(get(`/${'p'.repeat(700)}`).repeat(2000));
  await c.until(() => c.responses.length >= 2000, 'the answers', 60000);
  c.destroy();
  gw.kill('SIGTERM');
  setTimeout(() => gw.process.stdout.resume(), 2000);
  await gw.ended;
  gw.lines = gw.lines.filter((l) => l.event !== 'NOT JSON'); // the last one may be cut
  await gw.stop();
});

test('a log file, and one that cannot be opened', async (t) => {
  const dir = tempDir('log');
  const { gw } = await direct(t, { config: { global: `log: { to = "${dir}/a.log"; };` } });
  await gw.once(t, get('/logged'));
  await gw.stop();
  const lines = readFileSync(join(dir, 'a.log'), 'utf8').trim().split('\n').map((l) => JSON.parse(l));
  assert.equal(lines.filter((l) => l.path === '/logged').length, 1);
  assert.deepEqual(gw.lines, []);
  const bad = writeFiles({ 'x.cfg': config({ url: 'https://api.test.example', global: 'log: { to = "/no/such/folder/a.log"; };' }) });
  const r = await run(['run', '-f', join(bad, 'x.cfg')], { env: { API_KEY: KEY, HTTPS_PROXY: 'http://127.0.0.1:1' } });
  assert.deepEqual([r.code, r.stderr], [1, 'hdrgate: global.log.to: /no/such/folder/a.log: No such file or directory\n']);
});
