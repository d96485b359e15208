// SPDX-License-Identifier: MIT
// Limits on the rate of requests and bytes: exact for all threads, given back when a request does not leave, and
// answered with what a client needs to wait for.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import http from 'node:http';
import { once } from 'node:events';
import { test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { deferred, tempDir } from './lib/env.mjs';
import { config, direct, get, post } from './lib/world.mjs';

const limit = (keys, more = '') => `{ rate-limit: { ${keys} }; ${more} }`;
// The first n refusals in the log.
const limited = async (gw, n) => {
  const all = () => gw.lines.filter((l) => l.event === 'rate_limited');
  await gw.waitForLog(() => all().length >= n, `${n} refusals in the log`);
  return all();
};
const statuses = async (t, gw, n, bytes = get('/')) => {
  const all = [];
  for (let i = 0; i < n; i++) all.push((await gw.once(t, bytes)).status);
  return all;
};

test('8 threads, 500 clients at once, a limit of 100: exactly 100 pass', async (t) => {
  const { up, gw } = await direct(t, { config: { threads: 8, request: limit('name = "rph"; requests = 100; per = "hour";') } });
  const clients = await Promise.all(Array.from({ length: 500 }, () => gw.client(t)));
  for (const c of clients) c.send(get('/'));
  const all = await Promise.all(clients.map((c) => c.response(0)));
  assert.equal(all.filter((r) => r.status === 200).length, 100);
  assert.equal(all.filter((r) => r.status === 429).length, 400);
  assert.equal(up.requests.length, 100);
  const counters = await gw.counters();
  assert.equal(counters.rate_limited_total, 400);
});

test('the refusal says what was exceeded and when to come again; other answers say nothing of it', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "rpm"; requests = 2; per = "minute";') } });
  const before = Math.floor(Date.now() / 1000);
  for (let i = 0; i < 2; i++) {
    const ok = await gw.once(t, get('/'));
    assert.deepEqual([ok.status, ok.header('retry-after'), ok.header('x-ratelimit-limit')], [200, undefined, undefined]);
  }
  const no = await gw.once(t, get('/no', 'X-Request-ID: mine\r\n'));
  const after = Number(no.header('retry-after'));
  assert.equal(no.status, 429);
  assert.ok(after > 57 && after <= 60, `Retry-After: ${after}`);
  assert.deepEqual([no.header('x-ratelimit-limit'), no.header('x-ratelimit-remaining'), no.header('x-request-id')], ['2', '0', 'mine']);
  const reset = Number(no.header('x-ratelimit-reset'));
  assert.ok(reset >= before + 57 && reset <= Math.ceil(Date.now() / 1000) + 61, `X-RateLimit-Reset: ${reset}`);
  assert.equal(no.header('content-type'), 'application/json');
  assert.deepEqual(no.json, {
    error: { type: 'rate_limit_error', message: `Rate limit rpm of api exceeded: 2 requests per minute. Retry after ${after} seconds.`, request_id: 'mine' },
  });
  const [line] = await limited(gw, 1);
  assert.deepEqual(
    [line.level, line.request_id, line.frontend, line.limit, line.counts, line.amount, line.per, line.retry_after, /hdrgate\.cfg:\d+$/.test(line.where)],
    ['warn', 'mine', 'api', 'rpm', 'requests', 2, 'minute', after, true],
  );
  const access = await gw.request('/no');
  assert.deepEqual([access.close, access.error, access.rule], ['rate_limited', 'rate_limit_error', line.where]);
});

test('an answer of its own: the body that AWF promises, letter by letter', async (t) => {
  const body = `{\\"error\\":{\\"type\\":\\"rate_limit_error\\",\\"message\\":\\"Rate limit exceeded for %{frontend} provider. Limit: %{limit} requests per %{limit-window}. Retry after %{retry-after} seconds.\\",\\"provider\\":\\"%{frontend}\\",\\"limit\\":%{limit},\\"window\\":\\"per_%{limit-window}\\",\\"retry_after\\":%{retry-after}}}`;
  const { gw } = await direct(t, {
    config: { request: limit(`name = "rpm"; requests = 2; per = "minute"; header = [ "X-Which", "%{limit-name} %{limit-remaining} %{limit-reset}" ]; body = "${body}";`) },
  });
  await statuses(t, gw, 2);
  const no = await gw.once(t, get('/'));
  const n = no.header('retry-after');
  assert.equal(
    no.body.toString(),
    `{"error":{"type":"rate_limit_error","message":"Rate limit exceeded for api provider. Limit: 2 requests per minute. Retry after ${n} seconds.","provider":"api","limit":2,"window":"per_minute","retry_after":${n}}}`,
  );
  assert.deepEqual([no.header('content-type'), no.header('x-which')], ['application/json', `rpm 0 ${no.header('x-ratelimit-reset')}`]);
});

test('errors shape the standard answer, and its headers stay', async (t) => {
  const { gw } = await direct(t, {
    config: { request: limit('name = "rpm"; requests = 1;'), frontend: 'errors: { rate-limit-error: { status = 503; body = "<p>%{error-message}</p>"; }; };' },
  });
  await statuses(t, gw, 1);
  const no = await gw.once(t, get('/'));
  assert.deepEqual([no.status, no.header('x-ratelimit-limit'), no.header('content-type')], [503, '1', 'text/html; charset=utf-8']);
  assert.match(no.body.toString(), /^<p>Rate limit rpm of api exceeded/);
});

test('keys: the address behind a trusted hop, a header, and conditions', async (t) => {
  const { gw } = await direct(t, {
    config: {
      frontend: 'trusted-hops = "127.0.0.0/8";',
      request: [limit('name = "ip"; requests = 2; key = "%{client-ip}";'), limit('name = "tenant"; requests = 1; key = "%{header:x-tenant}";', 'when: { path = "/t"; };')].join(', '),
    },
  });
  const from = (ip, path = '/', more = '') => gw.once(t, get(path, `X-Forwarded-For: ${ip}\r\n${more}`)).then((r) => r.status);
  assert.deepEqual([await from('10.0.0.1'), await from('10.0.0.1'), await from('10.0.0.1'), await from('10.0.0.2')], [200, 200, 429, 200]);
  const tenant = (name) => from(`10.1.0.${(tenant.n = (tenant.n ?? 0) + 1)}`, '/t', name === null ? '' : `X-Tenant: ${name}\r\n`);
  assert.deepEqual([await tenant('a'), await tenant('a'), await tenant('b'), await tenant(null), await tenant(null)], [200, 429, 200, 200, 429]);
  assert.deepEqual((await limited(gw, 3)).map((l) => l.limit), ['ip', 'tenant', 'tenant']);
});

test('keys: the user at the other end of a unix socket', async (t) => {
  const { gw } = await direct(t, {
    config: { bind: `"unix:${join(tempDir('socket'), 's')}"`, request: limit('name = "user"; requests = 1; key = "%{peer-uid}";') },
  });
  assert.deepEqual(await statuses(t, gw, 2), [200, 429]);
});

test('what one window took is given back when another refuses, and when a rule answers', async (t) => {
  const { up, gw } = await direct(t, {
    config: {
      request: [limit('name = "all"; requests = 3; per = "hour";'), limit('name = "post"; requests = 1; per = "hour";', 'when: { method = "POST"; };'), '{ deny = 403; when: { path = "/deny"; }; }'].join(', '),
    },
  });
  const p = post('/', 'x');
  assert.deepEqual(await statuses(t, gw, 5, p), [200, 429, 429, 429, 429]);
  assert.deepEqual(await statuses(t, gw, 5, get('/deny')), [403, 403, 403, 403, 403]);
  assert.deepEqual(await statuses(t, gw, 3), [200, 200, 429]);
  assert.equal(up.requests.length, 3);
});

test('a request that a server was asked for counts, whatever comes of it', async (t) => {
  const { up, gw } = await direct(t, { config: { request: limit('name = "rph"; requests = 1; per = "hour";'), backend: 'retry: { attempts = 1; };' } });
  await up.close();
  const first = await gw.once(t, get('/'));
  assert.equal(first.status, 502);
  assert.equal((await gw.once(t, get('/'))).status, 429);
});

test('bytes: a declared length is reserved, a chunked body counts as it comes and refuses the next', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "up"; bytes = "1000"; per = "hour";') } });
  assert.equal((await gw.once(t, post('/', 'x'.repeat(600)))).status, 200);
  const much = await gw.once(t, post('/', 'x'.repeat(401)));
  assert.deepEqual([much.status, much.header('x-ratelimit-remaining'), much.header('x-ratelimit-limit')], [429, '400', '1000']);
  assert.equal((await gw.once(t, get('/'))).status, 200); // without a body there is nothing to count
  const chunked = (size) => `POST / HTTP/1.1\r\nHost: gate.test\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'y'.repeat(size)}\r\n0\r\n\r\n`;
  assert.equal((await gw.once(t, chunked(3000))).status, 200); // it crosses the limit and is not cut
  assert.equal((await gw.once(t, chunked(1))).status, 429);
  assert.equal((await gw.once(t, post('/', 'x'))).status, 429);
});

test('bytes: a full window lets nothing of unknown length through', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "up"; bytes = "1000"; per = "hour";') } });
  assert.equal((await gw.once(t, post('/', 'x'.repeat(1000)))).status, 200);
  assert.equal((await gw.once(t, get('/'))).status, 200);
  assert.equal((await gw.once(t, 'POST / HTTP/1.1\r\nHost: gate.test\r\nTransfer-Encoding: chunked\r\n\r\n1\r\ny\r\n0\r\n\r\n')).status, 429);
});

test('a WebSocket is one request, and what the client sends through it counts as bytes', async (t) => {
  const upgrade = `GET /ws HTTP/1.1\r\nHost: gate.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`;
  const handle = (req, res) =>
    req.target === '/ws' ? res.head(101, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Accept': 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=' }) : res.send(200, 'x');
  const { gw } = await direct(t, {
    upstream: { handle },
    config: { request: [limit('name = "rph"; requests = 1; per = "hour";', 'when: { path = "/ws"; };'), limit('name = "up"; bytes = "100"; per = "hour";')].join(', ') },
  });
  const c = await gw.client(t);
  c.send(upgrade);
  await c.until(() => c.received.includes('101'), 'the upgrade');
  assert.equal((await gw.once(t, post('/', 'x'.repeat(100)))).status, 200);
  await new Promise((done) => c.socket.write('y'.repeat(200), done));
  c.destroy();
  await gw.request('/ws');
  assert.equal((await gw.once(t, get('/'))).status, 429);
  assert.equal((await gw.once(t, upgrade)).status, 429);
  assert.deepEqual((await limited(gw, 2)).map((l) => l.limit), ['up', 'rph']);
});

test('bytes: what a client did not send after all is given back', async (t) => {
  const { up, gw } = await direct(t, { config: { request: limit('name = "up"; bytes = "1000"; per = "hour";') } });
  const c = await gw.client(t);
  c.send(`POST /half HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 900\r\n\r\n${'x'.repeat(100)}`);
  await up.until(() => up.requests.length === 1, 'the request');
  c.destroy();
  await gw.request('/half');
  assert.equal((await gw.once(t, post('/', 'x'.repeat(900)))).status, 200);
  assert.equal((await gw.once(t, post('/', 'x'))).status, 429);
});

test('bytes: a request larger than the limit never passes, and is not told to wait', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "up"; bytes = "10"; burst = 5;') } });
  const no = await gw.once(t, post('/', 'x'.repeat(16)));
  assert.deepEqual([no.status, no.header('retry-after')], [429, undefined]);
  assert.match(no.json.error.message, /^This request alone is larger than rate limit up of api allows: 10 bytes per minute\.$/);
  assert.equal((await gw.once(t, post('/', 'x'.repeat(15)))).status, 200);
});

test('tokens: what is not measured stays at the estimate', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "tpm"; tokens = 1000; estimate = 400;') } });
  assert.deepEqual(await statuses(t, gw, 3), [200, 200, 429]);
});

test('tokens: the estimate is reserved while an answer is under way, and becomes what the answer says', async (t) => {
  const go = deferred();
  const handle = async (req, res) => {
    if (req.target === '/wait') await go.promise;
    return res.json(200, { usage: { in: req.target === '/large' ? 5000 : 10, out: 2 } });
  };
  const usage = 'usage: { u: { input = "usage.in"; output = "usage.out"; }; };';
  const { gw, up } = await direct(t, { upstream: { handle }, config: { threads: 4, more: usage, response: '{ usage = "u"; }', request: limit('name = "tpm"; tokens = 1000; estimate = 400; per = "hour";') } });
  const clients = await Promise.all(Array.from({ length: 3 }, () => gw.client(t)));
  for (const c of clients) c.send(get('/wait'));
  await up.request(1);
  const refused = await Promise.race(clients.map(async (c) => (await c.response()) && c));
  assert.deepEqual([refused.responses[0].status, refused.responses[0].header('x-ratelimit-remaining')], [429, '200']);
  go.done();
  assert.deepEqual(await Promise.all(clients.map(async (c) => (await c.response()).status)).then((s) => s.sort()), [200, 200, 429]);
  // 24 are used: what is reserved for the next two is given back as soon as they are answered.
  assert.deepEqual(await statuses(t, gw, 5), [200, 200, 200, 200, 200]);
  // 84 are used. An answer may take more than was reserved for it; the next request finds that.
  assert.deepEqual(await statuses(t, gw, 2, get('/large')), [200, 429]);
  assert.equal((await limited(gw, 2))[1].counts, 'tokens');
});

test('tokens of a WebSocket count with each of its messages, not only at its end', async (t) => {
  const server = http.createServer((req, res) => res.end('{}'));
  new WebSocketServer({ server }).on('connection', (s) => s.on('message', (m) => s.send(JSON.stringify({ usage: { in: Number(m), out: 0 } }))));
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  t.after(() => { server.close(); server.closeAllConnections(); });
  const usage = 'usage: { u: { input = "usage.in"; output = "usage.out"; events = "sum"; }; };';
  const { gw } = await direct(t, { config: { server: `{ url = "http://127.0.0.1:${server.address().port}"; }`, tls: '', inject: '', more: usage, response: '{ usage = "u"; }', request: limit('name = "tpm"; tokens = 1000; estimate = 100; per = "hour";') } });
  const c = new WebSocket(`ws://${gw.address('api')}/ws`);
  t.after(() => c.terminate());
  await once(c, 'open');
  const ask = async (n) => {
    c.send(String(n));
    await once(c, 'message');
    return (await gw.once(t, get('/', 'Connection: close\r\n'))).status;
  };
  assert.equal(await ask(500), 200, '500 and the estimate of the next');
  assert.equal(await ask(500), 429, 'all is used, and the WebSocket is open');
  c.terminate();
  assert.equal((await gw.request('/ws')).input_tokens, 1000);
});

test('a burst is lent', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "rph"; requests = 2; burst = 3; per = "hour";') } });
  assert.deepEqual(await statuses(t, gw, 6), [200, 200, 200, 200, 200, 429]);
});

test('a full table refuses new keys, or forgets the oldest', async (t) => {
  const key = (name) => get('/', `X-Key: ${name}\r\n`);
  for (const [when, expected] of [['refuse', [200, 200, 429, 429]], ['evict', [200, 200, 200, 200]]]) {
    const { gw } = await direct(t, {
      config: {
        more: `table: { small: { size = 2; when-full = "${when}"; }; };`,
        request: limit('name = "k"; requests = 1; per = "hour"; key = "%{header:x-key}"; table = "small";'),
      },
    });
    const all = [];
    for (const k of ['a', 'b', 'c', 'a']) all.push((await gw.once(t, key(k))).status);
    assert.deepEqual(all, expected, when);
    if (when === 'refuse') assert.deepEqual((await limited(gw, 2)).map((l) => l.table_full ?? false), [true, false]);
  }
});

test('a limit of the same name in a table is one, in whichever frontend', async (t) => {
  const { gw } = await direct(t, {
    config: {
      more: `table: { shared: { }; }; rule: { one: { request = ( ${limit('name = "s"; requests = 2; per = "hour"; table = "shared"; key = "all";')} ); };
        apart: { request = ( ${limit('name = "a"; requests = 1; per = "hour";')} ); }; };`,
      request: '{ use = "one"; when: { path = "/s"; }; }, { use = "apart"; when: { path = "/a"; }; }',
      moreFrontend: 'other: { bind = "127.0.0.1:0"; request = ( { use = "one"; when: { path = "/s"; }; }, { use = "apart"; when: { path = "/a"; }; } ); backend = "api"; };',
    },
  });
  const ask = (frontend, path) => gw.once(t, get(path), { frontend }).then((r) => r.status);
  assert.deepEqual([await ask('api', '/s'), await ask('other', '/s'), await ask('api', '/s'), await ask('other', '/s')], [200, 200, 429, 429]);
  assert.deepEqual([await ask('api', '/a'), await ask('other', '/a'), await ask('api', '/a'), await ask('other', '/a')], [200, 200, 429, 429]);
});

test('a reload forgets nothing, and takes new numbers', async (t) => {
  const set = (n, name = 'rph') => ({ request: limit(`name = "${name}"; requests = ${n}; per = "hour";`) });
  const { up, gw } = await direct(t, { config: set(3) });
  const again = async (parts) => assert.equal((await gw.again(config({ url: up.url('localhost'), via: 'direct', ...parts }))).event, 'reload');
  assert.deepEqual(await statuses(t, gw, 2), [200, 200]);
  await again(set(3));
  assert.deepEqual(await statuses(t, gw, 2), [200, 429]);
  await again(set(5));
  assert.deepEqual(await statuses(t, gw, 3), [200, 200, 429]);
  await again(set(1, 'another'));
  assert.deepEqual(await statuses(t, gw, 2), [200, 429]);
});

test('observe only says what it would have refused', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "rpm"; requests = 1;', 'observe = true;') } });
  assert.deepEqual(await statuses(t, gw, 3), [200, 200, 200]);
  assert.deepEqual((await limited(gw, 2)).map((l) => l.observed), [true, true]);
  const counters = await gw.counters();
  assert.deepEqual([counters.rate_limited_total, counters.rate_limit_observed_total], [0, 2]);
});

test('a limit of 0 is none', async (t) => {
  const { gw } = await direct(t, { config: { request: limit('name = "rpm"; requests = "$<LIMIT:-0>";') } });
  assert.deepEqual(await statuses(t, gw, 3), [200, 200, 200]);
});

// Figures of usage are what an upstream says: they can fill a window, and no more.
test('tokens: numbers without sense fill the window, from two slots at once and in a sum that would wrap', async (t) => {
  const held = {};
  const answer = (res, used, out = 0) => res.send(200, `{"usage":{"in":${used},"out":${out}}}`, { 'Content-Type': 'application/json' });
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => (req.target.startsWith('/held') ? (held[req.target] = res) : answer(res, req.target === '/wraps' ? '18446744073709551615' : 1, 1)) },
    config: {
      more: 'usage: { u: { input = "usage.in"; output = "usage.out"; }; };',
      request: [limit('name = "short"; tokens = 1000; estimate = 1; per = "second";', 'when: { path = [ "/held*", "/x" ]; };'), limit('name = "long"; tokens = 1000; estimate = 10; per = "hour";', 'when: { path = [ "/wraps", "/y" ]; };')].join(', '),
      response: '{ usage = "u"; }',
    },
  });
  const clients = { '/held1': await gw.client(t), '/held2': await gw.client(t) };
  for (const path of Object.keys(clients)) clients[path].send(get(path));
  await gw.until(() => Object.keys(held).length === 2, 'both at the upstream');
  for (const path of Object.keys(clients)) {
    answer(held[path], '18446744073709551000');
    assert.equal((await clients[path].response(0)).status, 200);
    const since = Date.now();
    await gw.until(() => Date.now() > since + 40, 'another slot'); // of a sixtieth of a second
  }
  for (let status = 429; status !== 200;) ({ status } = await gw.once(t, get('/x'))); // until the window has moved on
  assert.deepEqual([...(await statuses(t, gw, 1, get('/wraps'))), ...(await statuses(t, gw, 1, get('/y')))], [200, 429]);
});

test('tokens: of an answer that breaks off the estimate stays where its figures were less', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: async (req, res) => { await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' }); await res.chunk('data: {"usage":{"in":5}}\n\n'); } },
    config: { more: 'usage: { u: { input = "usage.in"; }; };', request: limit('name = "t"; tokens = 2000; estimate = 1000; per = "hour";'), response: '{ usage = "u"; }' },
  });
  for (const path of ['/1', '/2']) {
    const c = await gw.client(t);
    c.send(get(path));
    await c.until(() => c.received.includes('usage'), 'the first figures');
    c.destroy();
    const line = await gw.request(path);
    assert.deepEqual([line.close, line.usage, line.input_tokens], ['client_left', 'partial', 5]);
  }
  assert.equal((await gw.once(t, get('/3'))).status, 429);
});
