// SPDX-License-Identifier: MIT
// The usage log: a line for each answer, before its last byte, whatever happens to client, upstream, disk and process.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { constants, createReadStream, existsSync, mkdirSync, openSync, readFileSync, renameSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PATIENCE, SCALE, WRAPPER, scaled, tempDir } from './lib/env.mjs';
import { run, writeFiles } from './lib/gateway.mjs';
import { upstream } from './lib/upstream.mjs';
import { direct, get, post } from './lib/world.mjs';

const USAGE = `usage: { t: { input = "usage.in"; output = "usage.out"; cache-read = "usage.cr"; cache-write = "usage.cw"; reasoning = "usage.re"; model = "model"; }; };`;
const json = (n) => ({ model: 'm-1', usage: { in: n, out: 2, cr: 3, cw: 4, re: 5 } });
const parts = (file, more = {}) => ({ more: USAGE, global: `usage-log: { to = "${file}"; ${more.log ?? ''} }; ${more.global ?? ''}`, response: '{ usage = "t"; }', ...more.config });
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l)) : []);
const written = (gw, file, n) => gw.until(() => lines(file).length >= n && lines(file), `${n} lines`);
const number = (req) => Number(req.target.match(/(\d+)(\?|$)/)?.[1] ?? 1);
const handle = (req, res) => res.json(200, json(number(req)));

test('a line has the fields of the contract in their order, and no query', async (t) => {
  const file = join(tempDir('usage'), 'deep/er/token-usage.jsonl');
  const { gw } = await direct(t, { upstream: { handle }, config: parts(file) });
  assert.equal(statSync(file).mode & 0o777, 0o644); // before the first answer
  assert.equal(statSync(file).size, 0);
  const r = await gw.once(t, get('/v1/10?key=secret-4711'));
  // With the last byte of the answer the line is there, unless the disk (or this machine) took longer than 3 ms.
  if (lines(file).length === 0) assert.equal((await gw.counters()).usage_lines_delayed_total, 1);
  const [line, ...others] = await written(gw, file, 1);
  assert.equal(others.length, 0);
  assert.match(readFileSync(file, 'utf8'), /^\{"timestamp":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z","request_id":"[^"]+","provider":"api","model":"m-1","path":"\/v1\/10","status":200,"streaming":false,"input_tokens":10,"output_tokens":2,"cache_read_tokens":3,"cache_write_tokens":4,"duration_ms":\d+,"response_bytes":\d+,"reasoning_tokens":5,"backend":"api"\}\n$/);
  assert.equal(line.request_id, r.header('x-request-id'));
  assert.equal(line.response_bytes, r.body.length);
  const event = await gw.waitForLog((l) => l.event === 'token_usage', 'the event');
  assert.deepEqual([event.level, event.request_id, event.frontend, event.model, event.input_tokens, event.output_tokens, event.cache_read_tokens, event.cache_write_tokens, event.streaming],
    ['info', line.request_id, 'api', 'm-1', 10, 2, 3, 4, false]);
  const access = await gw.request('/v1/10');
  assert.deepEqual([access.usage, access.model, access.input_tokens, access.output_tokens, access.reasoning_tokens], ['measured', 'm-1', 10, 2, 5]);
  assert.ok(!gw.text().includes('secret-4711') && !readFileSync(file, 'utf8').includes('secret-4711'));
});

test('no line without a figure, or for an answer that is an error', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const handle = (req, res) => {
    if (req.target === '/none') return res.json(200, { model: 'x' });
    if (req.target === '/bad') return res.send(200, '{"usage":', { 'Content-Type': 'application/json' });
    if (req.target === '/text') return res.send(200, 'hello', { 'Content-Type': 'text/plain' });
    if (req.target === '/error') return res.json(529, json(1));
    if (req.method === 'HEAD') return res.head(200, { 'Content-Length': 61, 'Content-Type': 'application/json' });
    return res.json(200, json(1));
  };
  const { gw } = await direct(t, { upstream: { handle }, config: parts(file) });
  const plain = await gw.client(t); // which does not read the JSON
  for (const [i, path] of ['/none', '/bad', '/text', '/error'].entries()) {
    await plain.send(get(path));
    await plain.until(() => plain.responses.length > i);
  }
  await gw.once(t, get('/head').replace('GET', 'HEAD'), { method: 'HEAD' });
  await gw.once(t, get('/good'));
  assert.deepEqual((await written(gw, file, 1)).map((l) => l.path), ['/good']);
  const words = await Promise.all(['/none', '/bad', '/text', '/error'].map(async (p) => (await gw.request(p)).usage));
  assert.deepEqual(words, ['not_measured:no_figures', 'not_measured:bad_json', 'not_measured:unknown_type', 'measured']);
  const c = await gw.counters();
  assert.deepEqual([c.usage_measured_total, c.usage_not_measured_total, c.usage_lines_total, c.usage_taps, c.usage_tap_bytes], [2, 3, 1, 0, 0]);
});

const event = (v) => `data: ${JSON.stringify(v)}\n\n`;

// Answers with events, and waits for the test between them.
function stepwise() {
  const steps = [];
  const handle = async (req, res) => {
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    await res.chunk(event(json(7)));
    steps.push(res);
    up.up.watch.changed();
  };
  const up = { handle, steps };
  return up;
}

test('a client that leaves in the middle, or right after the last event, has its line, and it says so', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const s = stepwise();
  s.up = await upstream(t, { handle: s.handle });
  const { gw } = await direct(t, { up: s.up, config: parts(file) });
  const ask = async (path) => {
    const c = await gw.client(t);
    await c.send(post(path, '{}'));
    await c.until(() => c.received.includes('data:'), 'the first event');
    return c;
  };
  (await ask('/middle')).reset();
  await gw.request('/middle');
  const c = await ask('/last');
  await s.up.until(() => s.steps.length === 2);
  await s.steps[1].chunk('data: [DONE]\n\n');
  await c.until(() => c.received.includes('[DONE]'), 'the last event');
  c.reset();
  await gw.request('/last');
  await gw.until(() => lines(file).length === 2, 'two lines');
  for (const [i, path] of ['/middle', '/last'].entries()) {
    const l = lines(file)[i];
    assert.deepEqual([l.path, l.streaming, l.input_tokens, l.partial, l.partial_reason], [path, true, 7, true, 'client_left']);
    const access = await gw.request(path);
    assert.deepEqual([access.usage, access.close, access.input_tokens], ['partial', 'client_left', 7]);
  }
});

test('an upstream that breaks off: what was seen is there', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const handle = async (req, res) => {
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    await res.chunk(event(json(7)));
    await req.body();
    res.reset();
  };
  const { gw } = await direct(t, { upstream: { handle }, config: parts(file) });
  const c = await gw.client(t);
  await c.send(post('/cut', 'x'));
  await c.gone();
  const access = await gw.request('/cut');
  await gw.until(() => lines(file).length === 1, 'the line');
  const [l] = lines(file);
  assert.deepEqual([l.partial, l.partial_reason, l.input_tokens, access.usage], [true, access.close, 7, 'partial']);
});

test('a rotated file is followed: SIGUSR2, the command, a reload, and without a word', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const { gw, text } = await direct(t, { upstream: { handle }, config: parts(file, { log: 'mode = "0600";' }) });
  await gw.once(t, get('/1'));
  await written(gw, file, 1);
  renameSync(file, `${file}.1`);
  await gw.once(t, get('/2'));
  await written(gw, file, 1);
  renameSync(file, `${file}.2`);
  gw.kill('SIGUSR2');
  await gw.waitForLog((l) => l.event === 'log_reopened');
  await gw.once(t, get('/3'));
  await written(gw, file, 1);
  assert.deepEqual([`${file}.1`, `${file}.2`, file].map((f) => lines(f).map((l) => l.input_tokens)), [[1], [2], [3]]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  // Elsewhere; where it cannot be made it goes on where it was; off, and on again.
  assert.equal((await gw.again(text.replaceAll(file, `${file}-b`))).event, 'reload');
  await gw.once(t, get('/4'));
  await written(gw, `${file}-b`, 1);
  assert.deepEqual(lines(`${file}-b`).map((l) => l.input_tokens), [4]);
  assert.equal((await gw.again(text.replaceAll(file, '/dev/null/u'))).event, 'reload');
  await gw.waitForLog((l) => l.event === 'token_log_init_error' && /global\.usage-log\.to: \/dev\/null\/u: Not a directory; it goes on where it was/.test(l.message));
  await gw.once(t, get('/5'));
  await written(gw, `${file}-b`, 2);
  assert.deepEqual(lines(`${file}-b`).map((l) => l.input_tokens), [4, 5]);
  await gw.again(text.replace(/usage-log: \{[^}]*\};/, ''));
  await gw.once(t, get('/6'));
  await gw.again(text);
  await gw.once(t, get('/7'));
  await written(gw, file, 2);
  assert.deepEqual([lines(`${file}-b`), lines(file)].map((l) => l.map((x) => x.input_tokens)), [[4, 5], [3, 7]]);
});

test('a file that cannot be made: no start, one sentence', async (t) => {
  const dir = writeFiles({ 'a.cfg': 'global: { usage-log = "/dev/null/u"; };\nfrontend: { api: { bind = "127.0.0.1:0"; request = ( { respond: { status = 204; }; } ); }; };\n' });
  const r = await run(['run', '-f', join(dir, 'a.cfg')]);
  assert.deepEqual([r.code, r.stderr], [1, 'hdrgate: global.usage-log.to: /dev/null/u: Not a directory\n']);
});

test('a full disk: one warning, no answer is held up, and nothing is lost when there is room again', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const { gw } = await direct(t, { upstream: { handle }, config: parts(file) });
  await gw.once(t, get('/1'));
  await written(gw, file, 1);
  const limit = (n) => execFileSync('prlimit', ['--pid', String(gw.ready.pid), `--fsize=${n}:unlimited`]);
  limit(statSync(file).size + 10);
  for (let i = 2; i < 8; i++) assert.equal((await gw.once(t, get(`/${i}`))).status, 200);
  await gw.waitForLog((l) => l.event === 'token_log_error' && l.level === 'warn', 'the warning');
  limit('unlimited');
  await gw.waitForLog((l) => l.event === 'token_log_recovered', 'the recovery');
  await gw.until(() => lines(file).length === 7, 'all lines');
  assert.deepEqual(lines(file).map((l) => l.input_tokens), [1, 2, 3, 4, 5, 6, 7]);
  assert.equal(gw.lines.filter((l) => l.event === 'token_log_error').length, 1);
  const c = await gw.counters();
  assert.ok(c.usage_log_errors_total >= 1 && c.usage_lines_delayed_total >= 1 && c.usage_lines_dropped_total === 0, JSON.stringify(c));
});

test('a slow disk: answers do not wait, the queue is bounded, what does not fit is counted', async (t) => {
  const file = join(tempDir('usage'), 'fifo');
  execFileSync('mkfifo', [file]);
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  const { gw } = await direct(t, { upstream: { handle }, config: parts(file, { log: 'queue = "16k";' }) });
  const c = await gw.client(t);
  let n = 0;
  let slowest = 0;
  for (; n < 600 && !gw.lines.some((l) => l.event === 'token_log_backpressure'); n++) {
    const began = performance.now();
    await c.send(get(`/${n}`));
    assert.equal((await c.response(n)).status, 200);
    slowest = Math.max(slowest, performance.now() - began);
  }
  await gw.waitForLog((l) => l.event === 'token_log_backpressure', 'the warning');
  const counts = await gw.counters();
  assert.ok(counts.usage_lines_delayed_total > 0 && counts.usage_lines_dropped_total > 0, JSON.stringify(counts));
  assert.ok(slowest < 5000, `an answer took ${slowest} ms`);
  // Somebody reads: what was taken comes, whole and in order.
  let text = '';
  const reader = createReadStream(null, { fd, encoding: 'utf8', autoClose: false });
  reader.on('data', (b) => (text += b)).on('error', () => {});
  const want = n - counts.usage_lines_dropped_total;
  const poke = setInterval(() => reader.read?.(), 20);
  await gw.until(() => text.split('\n').length - 1 >= Math.min(want, 10), 'lines');
  clearInterval(poke);
  const got = text.split('\n').slice(0, -1).map((l) => JSON.parse(l).input_tokens);
  assert.deepEqual(got, [...got].sort((a, b) => a - b));
  reader.destroy();
});

// A name that takes the kernel about a millisecond to walk: the writer looks where its file's name leads before each
// line, so that it is much slower than an answer, and yet within the time that an answer waits.
function longWay(links = 20) {
  const dir = tempDir('usage');
  mkdirSync(join(dir, 'x'));
  for (let i = 0; i < links; i++) symlinkSync('x/../'.repeat(800) + (i + 1 < links ? `s${i + 1}` : 'x'), join(dir, `s${i}`));
  return { slow: join(dir, 's0/u'), file: join(dir, 'x/u') };
}

test('a client that has read the end of an answer finds its line in the file, plain or streamed', async (t) => {
  const { slow, file } = longWay();
  const chunked = { 'Transfer-Encoding': 'chunked' };
  const body = (req) => `${event({ model: 'm' })}${event(json(number(req)))}data: [DONE]\n\n`;
  const kinds = {
    plain: handle,
    length: (req, res) => res.send(200, body(req), { 'Content-Type': 'text/event-stream' }),
    streamed: async (req, res) => {
      await res.head(200, { 'Content-Type': 'text/event-stream', ...chunked });
      await res.chunk(event({ model: 'm' }));
      await res.chunk(`${event(json(number(req)))}data: [DONE]\n\n`);
      await res.endChunks();
    },
    close: async (req, res) => {
      await res.raw('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n');
      await res.raw(body(req));
      res.close();
    },
  };
  const { gw } = await direct(t, { upstream: { handle: (req, res) => kinds[req.target.split('/')[1]](req, res) }, config: parts(slow) });
  const answers = scaled(400, 80);
  const missing = [];
  let id = 0;
  // One after the other: no line waits for another.
  for (const kind of Object.keys(kinds)) {
    const c = await gw.client(t);
    for (let i = 0; i < answers / 4; i++) {
      const mine = ++id;
      await c.send(get(`/${kind}/${mine}`));
      await c.response(i);
      // Nothing is waited for here.
      if (!readFileSync(file, 'utf8').includes(`/${kind}/${mine}"`)) missing.push(`${kind}/${mine}`);
    }
  }
  await written(gw, file, answers);
  assert.equal(new Set(lines(file).map((l) => l.path)).size, answers);
  // A line that took longer than 3 ms keeps no answer waiting: each of those is counted.
  const late = (await gw.counters()).usage_lines_delayed_total;
  t.diagnostic(`${answers} answers, ${missing.length} without their line at their end, ${late} were not waited for`);
  assert.ok(missing.length <= late, `${missing.length} answers ended before their line, ${late} are counted: ${missing.slice(0, 9)}`);
  if (SCALE === 1 && !WRAPPER.length) assert.ok(late <= answers * 0.9, `of ${answers} lines ${late} were not waited for: this machine is too slow to tell`);
});

test('SIGTERM under load: within a second each answer that a client has whole has its line, and none is lost at the end', async (t) => {
  const { slow, file } = longWay();
  const kinds = [handle, async (req, res) => {
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    for (const one of [{ model: 'm' }, json(number(req))]) await res.chunk(event(one));
    await res.endChunks();
  }];
  const { gw } = await direct(t, { upstream: { handle: (req, res) => kinds[number(req) % 2](req, res) }, config: parts(slow) });
  const got = new Set();
  let next = 0;
  let stop = false;
  const client = async () => {
    const c = await gw.client(t);
    for (let i = 0; !stop; i++) {
      const id = ++next;
      await c.send(get(`/${id}`)).catch(() => {});
      const r = await c.response(i).catch(() => null);
      if (!r) return;
      got.add(id);
      if (r.header('connection') === 'close') return;
    }
  };
  const all = Promise.all(Array.from({ length: 16 }, client));
  await gw.until(() => got.size > scaled(200, 60), 'load', 30000);
  const began = performance.now();
  gw.kill('SIGTERM');
  const second = 1000 * PATIENCE;
  const how = await Promise.race([gw.ended.then(() => 'ended'), delay(second, 'a second', { ref: false })]);
  const took = performance.now() - began;
  const finished = [...got];
  const seen = new Set(lines(file).map((l) => l.input_tokens));
  assert.deepEqual(finished.filter((id) => !seen.has(id)), [], `${how}: answers without a line ${took.toFixed(0)} ms after SIGTERM`);
  await gw.ended;
  stop = true;
  await all;
  const at = new Set(lines(file).map((l) => l.input_tokens));
  assert.deepEqual([...got].filter((id) => !at.has(id)), []);
  assert.equal(at.size, lines(file).length, 'no line twice');
  assert.ok(!gw.lines.some((l) => l.event === 'token_log_lost'));
  t.diagnostic(`${finished.length} answers, ${seen.size} lines, looked ${took.toFixed(0)} ms after SIGTERM (${how})`);
});
