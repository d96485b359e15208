// SPDX-License-Identifier: MIT
// Guards that count: exact at any number of threads and clients, settled by what came of a request, kept over
// reloads and restarts.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { scaled, tempDir, within } from './lib/env.mjs';
import { run, writeFiles } from './lib/gateway.mjs';
import { config, direct, get, post, KEY } from './lib/world.mjs';

const guarded = (guards, request = '', more = {}) => ({ more: `guard: { ${guards} };\n${more.more ?? ''}`, request, ...more.config });

// Statuses of n requests, each on a connection of its own, all at once.
async function crowd(t, gw, n, bytes) {
  const clients = await Promise.all(Array.from({ length: n }, () => gw.client(t)));
  await Promise.all(clients.map((c) => c.send(bytes)));
  const answers = await Promise.all(clients.map((c) => c.response(0, 60000)));
  for (const c of clients) c.destroy();
  return answers;
}

const tally = (answers) => answers.reduce((all, r) => ({ ...all, [r.status]: (all[r.status] ?? 0) + 1 }), {});

test('8 threads, 500 clients at once, at most 100 runs: exactly 100 pass', async (t) => {
  const clients = scaled(500, 120);
  const { up, gw } = await direct(t, {
    config: { threads: 8, ...guarded('runs: { max-runs = 100; };', '{ guard = "runs"; }') },
  });
  const answers = await crowd(t, gw, clients, post('/v1/messages', 'x'));
  assert.deepEqual(tally(answers), { 200: 100, 429: clients - 100 });
  assert.equal(up.requests.length, 100);
  const refused = answers.find((r) => r.status === 429);
  assert.equal(
    refused.body.toString(),
    '{"error":{"type":"max_runs_exceeded","message":"Maximum LLM invocations exceeded (100 / 100).","invocation_count":100,"max_runs":100}}',
  );
  assert.equal(refused.header('retry-after'), undefined);
  assert.equal(refused.header('content-type'), 'application/json');
  assert.match(refused.header('x-request-id'), /^[0-9a-f-]{36}$/);
  const line = await gw.waitForLog((l) => l.event === 'guard_denied');
  assert.deepEqual(
    [line.level, line.guard, line.kind, line.reason, line.count, line.max, line.status, line.path],
    ['warn', 'runs', 'max-runs', 'limit', '100', '100', 429, '/v1/messages'],
  );
  assert.equal((await gw.counters()).guard_denied_total, clients - 100);
});

test('only what count-if and count-status say counts; what does not is refused too once the runs are used up', async (t) => {
  let status = 500;
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(req.method === 'POST' ? status : 200, 'x') },
    config: guarded('runs: { max-runs = 1; count-if = "call"; };', '{ guard = "runs"; }', {
      more: 'acl: { call: { method = "POST"; path = "*/v1/messages"; }; };',
    }),
  });
  const ask = async (bytes) => (await gw.once(t, bytes)).status;
  const call = post('/v1/messages', 'x');
  assert.equal(await ask(get('/v1/models')), 200);
  assert.equal(await ask(post('/v1/other', 'x')), 500);
  for (let i = 0; i < 3; i++) assert.equal(await ask(call), 500, 'a failed one is given back');
  status = 201;
  assert.equal(await ask(get('/v1/models')), 200);
  assert.equal(await ask(call), 201);
  assert.equal(await ask(call), 429);
  assert.equal(await ask(get('/v1/models')), 429);
});

test('a request that another rule or nobody answers uses up nothing', async (t) => {
  const { gw, up } = await direct(t, {
    config: guarded('one: { max-runs = 1; }; two: { max-runs = 1; };', '{ guard = "one"; }, { deny = 403; when: { path = "/denied"; }; }, { guard = "two"; }', {
      config: { backend: 'retry: { attempts = 1; };' },
    }),
  });
  for (let i = 0; i < 3; i++) assert.equal((await gw.once(t, get('/denied'))).status, 403);
  const port = up.port;
  await up.close();
  // Also not for the moment in which the client has its answer already.
  for (let i = 0; i < scaled(60, 10); i++) assert.equal((await gw.once(t, get('/x'))).status, 502, `request ${i}`);
  await up.listen(port);
  assert.equal((await gw.once(t, get('/x'))).status, 200);
  assert.equal((await gw.once(t, get('/x'))).status, 429);
});

test('a guard that passes gives its share back when the next one refuses', async (t) => {
  const { gw } = await direct(t, {
    config: guarded('many: { max-runs = 2; }; one: { max-runs = 1; };', '{ guard = "many"; }, { guard = "one"; unless = "free"; }', {
      more: 'acl: { free: { path = "/free"; }; };',
    }),
  });
  assert.equal((await gw.once(t, get('/x'))).status, 200);
  for (let i = 0; i < 3; i++) assert.equal((await gw.once(t, get('/x'))).status, 429);
  assert.equal((await gw.once(t, get('/free'))).status, 200);
  assert.equal((await gw.once(t, get('/free'))).status, 429);
});

test('a client that leaves before the answer has used its run: hanging up is no way round', async (t) => {
  const { gw, up } = await direct(t, {
    upstream: { handle: (req, res) => (req.target === '/hang' ? undefined : res.send(200, 'x')) },
    config: guarded('runs: { max-runs = 2; };', '{ guard = "runs"; }'),
  });
  const c = await gw.client(t);
  c.send(get('/hang'));
  await up.request();
  c.destroy();
  await gw.request('/hang');
  assert.equal((await gw.once(t, get('/x'))).status, 200);
  assert.equal((await gw.once(t, get('/x'))).status, 429);
});

test('permission-denied answers: the contract\'s text, and no request after the last one that may be', async (t) => {
  const statuses = [401, 200, 403, 500, 200];
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(statuses.shift(), 'x') },
    config: guarded('denied: { max-answers = 2; answers = [ 401, 403 ]; };', '{ guard = "denied"; }'),
  });
  for (const want of [401, 200, 403]) assert.equal((await gw.once(t, get('/x'))).status, want);
  const r = await gw.once(t, get('/x'));
  assert.equal(r.status, 403);
  assert.equal(
    r.body.toString(),
    '{"error":{"type":"permission_denied_limit_exceeded","message":"Permission denied limit exceeded (2 / 2). The run has been stopped due to repeated permission errors — check that all API keys and tokens are correctly configured.","denied_count":2,"max_permission_denied":2}}',
  );
  assert.equal(statuses.length, 2);
});

test('tokens reserve an estimate: parallel requests cannot take more than there is', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(200, 'not measured') },
    config: { threads: 8, ...guarded('tokens: { max-tokens = 20500; estimate = 1000; };', '{ guard = "tokens"; }') },
  });
  const answers = await crowd(t, gw, scaled(200, 60), get('/x'));
  assert.equal(tally(answers)[200], 20);
  assert.equal(
    answers.find((r) => r.status === 403).body.toString(),
    '{"error":{"type":"effective_tokens_limit_exceeded","message":"Maximum effective tokens exceeded (21000.00 / 20500).","total_effective_tokens":21000,"max_effective_tokens":20500}}',
  );
});

test('an error without figures gives its estimate back before the client has it', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.send(500, 'x'.repeat(100)) },
    config: { threads: 4, ...guarded('tokens: { max-tokens = 1000; estimate = 1000; };', '{ guard = "tokens"; }') },
  });
  for (let i = 0; i < scaled(60, 10); i++) assert.equal((await gw.once(t, get('/x'))).status, 500, `request ${i}`);
});

test('0, or a variable that is not set, is off; answers can be one\'s own; observe only says it', async (t) => {
  const { gw, up } = await direct(t, {
    gateway: { env: { MAX: '1' } },
    config: guarded(
      `off: { max-runs = "$<int:NOT_SET:-0>"; }; gone: { deny = "$<json:NOT_SET?>"; }; seen: { max-runs = 1; };
       own: { max-runs = "$<MAX>"; status = 402; header = ( [ "X-Guard", "%{guard-name}" ], [ "Retry-After", "60" ] );
              body = "%{guard-count} of %{guard-max}: %{guard-reason} for %{path}"; };`,
      '{ guard = "off"; }, { guard = "gone"; }, { guard = "seen"; observe = true; }, { guard = "own"; when: { path = "/own*"; }; }',
    ),
  });
  for (let i = 0; i < 3; i++) assert.equal((await gw.once(t, get('/x'))).status, 200);
  const line = await gw.waitForLog((l) => l.event === 'would_deny');
  assert.deepEqual([line.action, line.guard, line.count, line.max], ['guard', 'seen', '1', '1']);
  assert.equal((await gw.once(t, get('/own'))).status, 200);
  const r = await gw.once(t, get('/own/x'));
  assert.deepEqual([r.status, r.header('x-guard'), r.header('retry-after'), r.body.toString()], [402, 'own', '60', '1 of 1: limit for /own/x']);
  assert.match(r.header('content-type'), /^text\/plain/);
  assert.equal(up.requests.length, 4);
});

test('a reload forgets nothing, and a new limit holds at once', async (t) => {
  const { gw, text } = await direct(t, { config: guarded('runs: { max-runs = 2; };', '{ guard = "runs"; }') });
  const again = async (n) => assert.equal((await gw.again(text.replace('max-runs = 2', `max-runs = ${n}`))).event, 'reload', gw.text());
  for (const want of [200, 200, 429]) assert.equal((await gw.once(t, get('/x'))).status, want);
  await again(2);
  assert.equal((await gw.once(t, get('/x'))).status, 429);
  await again(3);
  for (const want of [200, 429]) assert.equal((await gw.once(t, get('/x'))).status, want);
});

// A count in a file. Returns what starts a gateway with it, again and again.
function kept(t, limit = 3) {
  const file = join(tempDir('guard'), 'runs');
  const parts = guarded(`runs: { max-runs = ${limit}; file = "${file}"; };`, '{ guard = "runs"; }');
  const text = () => readFileSync(file, 'utf8');
  return { file, text, start: async (options) => (await direct(t, { config: parts, ...options })).gw };
}

test('a file carries the count over a restart, and over a kill but for the last second', async (t) => {
  const { start, text } = kept(t);
  let gw = await start();
  assert.equal(text(), 'hdrgate-guard 1 runs max-runs 0\n');
  assert.equal((await gw.once(t, get('/x'))).status, 200);
  await gw.stop();
  assert.equal(text(), 'hdrgate-guard 1 runs max-runs 1\n');
  gw = await start();
  assert.equal((await gw.once(t, get('/x'))).status, 200);
  await gw.until(() => text() === 'hdrgate-guard 1 runs max-runs 2\n', 'the count in the file');
  gw.kill('SIGKILL');
  await gw.ended;
  gw.stopped = true;
  gw = await start();
  for (const want of [200, 429]) assert.equal((await gw.once(t, get('/x'))).status, want);
});

test('a file that is not such a count ends the start with one sentence; and a reload, which then changes nothing', async (t) => {
  const { file, start } = kept(t);
  writeFileSync(file, 'rubbish\n');
  const text = config({ url: 'https://localhost:1', via: 'direct', ...guarded(`runs: { max-runs = 1; file = "${file}"; };`, '{ guard = "runs"; }') });
  const dir = writeFiles({ 'hdrgate.cfg': text });
  const r = await run(['run', '-f', join(dir, 'hdrgate.cfg')], { env: { API_KEY: KEY, HTTPS_PROXY: 'direct' } });
  assert.equal(r.code, 1);
  assert.match(r.stderr, new RegExp(`hdrgate\\.cfg:4: guard\\.runs: the count in ${file} cannot be used: it is not a guard's file \\(remove the file to begin at 0\\)`));
  rmSync(file);
  symlinkSync(file, file); // what cannot be looked at is no missing file
  const loop = await run(['run', '-f', join(dir, 'hdrgate.cfg')], { env: { API_KEY: KEY, HTTPS_PROXY: 'direct' } });
  assert.deepEqual([loop.code, /cannot be used: .*symbolic links/.test(loop.stderr)], [1, true], loop.stderr);
  rmSync(file);
  const { gw, text: first } = await direct(t, { config: guarded('other: { max-runs = 1; };', '{ guard = "other"; }') });
  writeFileSync(file, '');
  const line = await gw.again(first.replace('guard: {', `guard: { runs: { max-runs = 1; file = "${file}"; };`));
  assert.equal(line.event, 'reload_failed');
  assert.match(line.message, /it is empty \(remove the file/);
  rmSync(file);
  await (await start()).stop();
  assert.ok(existsSync(file));
});

test('a file that cannot be written is a warning and a counter, and the guard holds', async (t) => {
  const { file, start } = kept(t, 1);
  mkdirSync(`${file}.new`); // in the way of the new file, also for root
  const gw = await start();
  const line = await gw.waitForLog((l) => l.event === 'guard_file');
  assert.equal(line.level, 'warn');
  assert.match(line.message, /^guard runs: \S+ cannot be written: /);
  for (const want of [200, 429]) assert.equal((await gw.once(t, get('/x'))).status, want);
  assert.ok((await gw.counters()).guard_file_failures_total >= 1);
  assert.equal(gw.lines.filter((l) => l.event === 'guard_file').length, 1);
});

test('tokens are settled with what a tap has read: weights, and the multiplier of the model', async (t) => {
  const usage = { prompt_tokens: 100, completion_tokens: 10 };
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.json(200, { model: req.target === '/big' ? 'big-1' : 'small', usage }) },
    config: {
      ...guarded('tokens: { max-tokens = 500; estimate = 1; weight: { output = "4"; }; multiplier = [ "big-*", "2.5" ]; };', '{ guard = "tokens"; }', {
        more: 'usage: { u: { input = "usage.prompt_tokens"; output = "usage.completion_tokens"; model = "model"; }; };',
      }),
      response: '{ usage = "u"; }',
    },
  });
  // 140 for each small one, 350 for the big one: 140 + 350 leaves room for an estimate of 1, and then none.
  for (const path of ['/small', '/big', '/small']) assert.equal((await gw.once(t, get(path))).status, 200);
  const r = await gw.once(t, get('/small'));
  assert.equal(r.status, 403);
  assert.equal(r.json.error.total_effective_tokens, 630);
  assert.equal(r.json.error.message, 'Maximum effective tokens exceeded (630.00 / 500).');
});

test('leaving before the last figures is no way round: what broke off counts at least as its estimate', async (t) => {
  const { gw } = await direct(t, {
    upstream: {
      handle: async (req, res) => {
        await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
        await res.chunk(`data: {"usage":{"in":${req.target.slice(1)}}}\n\n`);
      },
    },
    config: {
      ...guarded('tokens: { max-tokens = 4500; estimate = 1000; };', '{ serve = "reflect"; when: { path = "/reflect"; }; }, { guard = "tokens"; }', {
        more: 'usage: { u: { input = "usage.in"; }; };',
      }),
      response: '{ usage = "u"; }',
    },
  });
  const used = [];
  for (const n of [5, 2500]) {
    const c = await gw.client(t);
    c.send(get(`/${n}`));
    await c.until(() => c.received.includes('usage'), 'the first figures');
    c.destroy();
    assert.equal((await gw.request(`/${n}`)).usage, 'partial');
    used.push((await gw.once(t, get('/reflect'))).json.effective_tokens.total_effective_tokens);
  }
  assert.deepEqual(used, [1000, 3500]);
});

// A server of WebSockets that answers a number with a message that used so many tokens; behind it an open guard.
async function talkers(t, guard, { raw, request = '{ guard = "tokens"; }', more = '' } = {}) {
  const server = http.createServer((req, res) => res.end('{}'));
  const sockets = [];
  new WebSocketServer({ server, perMessageDeflate: true }).on('connection', (s) => {
    sockets.push(s);
    s.on('message', (m) => (raw ? raw(s, Number(m)) : s.send(JSON.stringify({ model: 'm', usage: { in: Number(m) }, text: 'x'.repeat(2000) }))));
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const file = join(tempDir('usage'), 'u');
  const { gw } = await direct(t, {
    config: {
      server: `{ url = "http://127.0.0.1:${server.address().port}"; }`, tls: '', inject: '', threads: 4, global: `usage-log = "${file}";`,
      ...guarded(`tokens: { ${guard} }; ${more}`, `{ serve = "reflect"; when: { path = "/reflect"; }; }, ${request}`, { more: 'usage: { u: { input = "usage.in"; model = "model"; events = "sum"; }; };' }),
      response: '{ usage = "u"; }',
    },
  });
  const all = [];
  t.after(() => {
    for (const c of all) c.terminate();
    server.close();
    server.closeAllConnections();
  });
  const open = async (path, perMessageDeflate = false) => {
    const c = new WebSocket(`ws://${gw.address('api')}${path}`, { perMessageDeflate });
    all.push(c);
    c.got = [];
    c.on('message', (m) => c.got.push(m.toString()));
    c.end = new Promise((done) => c.on('close', (code, reason) => done([code, reason.toString()])));
    await within(once(c, 'open'), 'the upgrade');
    c.ask = async (n) => {
      c.send(String(n));
      await within(once(c, 'message'), 'the message');
    };
    return c;
  };
  const used = async () => (await gw.once(t, get('/reflect', 'Connection: close\r\n'))).json.effective_tokens.total_effective_tokens;
  return { gw, open, used, sockets, file };
}

test('tokens of a WebSocket are spent as they come; when none are left it is closed behind the message, and so is any other that goes on', async (t) => {
  const { gw, open, used, sockets, file } = await talkers(t, 'max-tokens = 1000; estimate = 100;');
  const [one, two] = [await open('/one'), await open('/two', true)];
  assert.equal(await used(), 200, 'an estimate for each');
  await one.ask(30);
  assert.equal(await used(), 200, 'out of what was reserved');
  await one.ask(370);
  assert.equal(await used(), 500);
  await two.ask(400);
  assert.equal(await used(), 800);
  await one.ask(250);
  assert.deepEqual(await within(one.end, 'the end', 5000).catch(() => 'open'), [1008, 'effective_tokens_limit_exceeded']);
  assert.equal(one.got.length, 3);
  assert.equal(JSON.parse(one.got[2]).usage.in, 250, 'the message that crossed is whole');
  await gw.until(() => sockets[0].readyState === WebSocket.CLOSED, 'the end at the upstream');
  assert.equal(await used(), 1050);
  assert.equal((await gw.once(t, get('/x'))).status, 403);
  await assert.rejects(open('/three'), /403/);
  // The other is cut when it spends again.
  assert.equal(two.readyState, WebSocket.OPEN);
  await two.ask(1);
  assert.deepEqual(await within(two.end, 'the end'), [1008, 'effective_tokens_limit_exceeded']);
  assert.equal(await used(), 1051, 'nothing stays reserved');
  const access = await gw.request('/one');
  assert.deepEqual([access.status, access.close, access.error, access.usage, access.input_tokens], [101, 'denied', 'effective_tokens_limit_exceeded', 'measured', 650]);
  const event = await gw.waitForLog((l) => l.event === 'guard_denied' && l.path === '/one');
  assert.deepEqual([event.guard, event.count, event.max, event.status], ['tokens', '1050', '1000', 101]);
  assert.equal((await gw.counters()).guard_denied_total, 4);
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l));
  assert.deepEqual(lines.map((l) => [l.path, l.input_tokens, l.partial]), [['/one', 650, undefined], ['/two', 401, undefined]]);
});

test('a WebSocket costs at least its estimate: what was under way at its end has no figures', async (t) => {
  const { gw, open, used } = await talkers(t, 'max-tokens = 1000; estimate = 100;');
  const c = await open('/one');
  await c.ask(30);
  c.terminate();
  await gw.request('/one');
  assert.equal(await used(), 100);
});

test('a WebSocket is a run', async (t) => {
  const { gw, open } = await talkers(t, 'max-tokens = 1000000;', { request: '{ guard = "runs"; }', more: 'runs: { max-runs = 2; };' });
  const all = [await open('/one'), await open('/two')];
  await assert.rejects(open('/three'), /429/);
  assert.equal((await gw.once(t, get('/x'))).status, 429);
  for (const c of all) c.terminate();
  await Promise.all(all.map((c) => c.end));
});

test('a WebSocket that is cut ends between two frames, however they come', async (t) => {
  const frame = (v) => {
    const text = Buffer.from(JSON.stringify(v));
    return Buffer.concat([Buffer.from([0x81, 126, text.length >> 8, text.length & 0xff]), text]);
  };
  const next = frame({ text: 'y'.repeat(300) });
  let rest;
  const raw = (s, n) => {
    s._socket.write(Buffer.concat([frame({ usage: { in: n }, pad: 'x'.repeat(200) }), next.subarray(0, 100)]));
    rest = () => s._socket.write(next.subarray(100));
  };
  const { open, used } = await talkers(t, 'max-tokens = 50;', { raw });
  const c = await open('/x');
  await c.ask(70);
  assert.equal(await used(), 70);
  assert.equal(c.readyState, WebSocket.OPEN, 'in the middle of a frame');
  rest();
  assert.deepEqual(await within(c.end, 'the end'), [1008, 'effective_tokens_limit_exceeded']);
  assert.equal(JSON.parse(c.got[1]).text.length, 300);
});

test('a guard that only observes cuts no WebSocket', async (t) => {
  const { open, gw } = await talkers(t, 'max-tokens = 50;', { request: '{ guard = "tokens"; observe = true; }' });
  const c = await open('/x');
  for (const n of [70, 80]) await c.ask(n);
  const again = await open('/y');
  await again.ask(1);
  assert.deepEqual([c.readyState, again.readyState], [WebSocket.OPEN, WebSocket.OPEN]);
  await gw.waitForLog((l) => l.event === 'would_deny' && l.guard === 'tokens');
  for (const x of [c, again]) x.terminate();
});
