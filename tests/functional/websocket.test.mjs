// SPDX-License-Identifier: MIT
// Upgrades to WebSocket: the credential goes into the request, then bytes go both ways until either side ends.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import https from 'node:https';
import { test } from 'node:test';
import WebSocket, { WebSocketServer } from 'ws';
import { serverOptions } from './lib/ca.mjs';
import { deferred, scaled, within } from './lib/env.mjs';
import { direct, world, BEARER } from './lib/world.mjs';

const KEY = 'dGhlIHNhbXBsZSBub25jZQ==';
const accept = (key) => createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
const upgrade = (path = '/ws', more = '') => `GET ${path} HTTP/1.1\r\nHost: gate.test\r\nConnection: Upgrade\r\nUpgrade: websocket
Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n${more}\r\n`.replace(/\r?\n/g, '\r\n');
const switched = (req, res) =>
  res.head(101, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Accept': accept(req.header('sec-websocket-key')) });

// The ws package's own server behind TLS. It echoes what it gets, and keeps what it saw.
async function wsUpstream(t) {
  const server = https.createServer(serverOptions());
  const up = { sockets: [], requests: [], closes: [], url: (name = 'api.test.example') => `https://${name}:${up.port}` };
  const joined = [];
  up.next = () => new Promise((done) => joined.push(done));
  const ws = new WebSocketServer({ server, maxPayload: 64 << 20 });
  ws.on('connection', (socket, req) => {
    up.requests.push(req);
    socket.on('error', () => {});
    socket.on('message', (data, binary) => socket.send(data, { binary }));
    joined.shift()?.(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  up.port = server.address().port;
  t.after(() => {
    for (const c of ws.clients) c.terminate();
    server.close();
    server.closeAllConnections();
  });
  return up;
}

async function open(t, gw, path = '/ws', { protocols = [], ...options } = {}) {
  const ws = new WebSocket(`ws://${gw.address()}${path}`, protocols, options);
  t.after(() => ws.terminate());
  await within(once(ws, 'open'), 'the upgrade');
  return ws;
}

const closed = (ws) => within(new Promise((done) => ws.on('close', (code, reason) => done([code, reason.toString()]))), 'the close');

// A client, and the socket of the upstream that belongs to it.
async function pair(t, gw, up, path) {
  const other = up.next();
  return [await open(t, gw, path), await within(other, 'the upgrade at the upstream')];
}

test('the ws client echoes 1 MB messages, on several sockets at once', async (t) => {
  const { gw, up, sq } = await world(t, { up: await wsUpstream(t) });
  const sockets = await Promise.all([0, 1, 2, 3].map((i) => open(t, gw, `/echo/${i}?secret=no`)));
  const size = 1 << 20;
  await Promise.all(sockets.map(async (ws) => {
    const sent = Array.from({ length: scaled(6, 2) }, (_, i) => (i % 3 ? randomBytes(size) : randomBytes(size / 2).toString('hex')));
    const back = [];
    const all = deferred();
    ws.on('message', (data, binary) => back.push(binary ? data : data.toString()) === sent.length && all.done());
    for (const m of sent) ws.send(m);
    await within(all.promise, 'the echoes', 60000);
    sent.forEach((m, i) => assert.ok(typeof m === 'string' ? m === back[i] : m.equals(back[i]), `message ${i}`));
    const end = closed(ws);
    ws.close(1000);
    await end;
  }));
  for (let i = 0; i < 4; i++) {
    const line = await gw.request(`/echo/${i}`);
    assert.deepEqual([line.status, line.close, line.upgraded, line.level], [101, 'tunnel_closed', true, 'info']);
    assert.ok(line.bytes_in >= scaled(6, 2) * size && line.bytes_out >= scaled(6, 2) * size, JSON.stringify(line));
  }
  const tunnels = (l) => l.filter((one) => / CONNECT /.test(one));
  await sq.waitForLog((l) => tunnels(l).length >= 4);
  assert.equal(tunnels(sq.log()).length, 4); // one each: an upgraded connection is never shared
});

test('the credential is set on the upgrade request, the placeholder never gets there', async (t) => {
  const { gw, up } = await world(t, { up: await wsUpstream(t) });
  const ws = await open(t, gw, '/v1/realtime?model=x', {
    protocols: ['realtime', 'other'],
    headers: { Authorization: 'Bearer placeholder-1', 'X-Api-Key': 'placeholder-2', 'X-Kept': 'yes' },
  });
  const { headers, url, rawHeaders } = up.requests[0];
  assert.deepEqual([headers.authorization, headers['x-api-key'], headers['x-kept'], url], [BEARER, undefined, 'yes', '/v1/realtime?model=x']);
  assert.equal(headers.host, `api.test.example:${up.port}`);
  assert.ok(!/placeholder/.test(rawHeaders.join()));
  assert.equal(ws.protocol, 'realtime');
});

test('ping and pong pass both ways', async (t) => {
  const { gw, up } = await direct(t, { up: await wsUpstream(t) });
  const [client, server] = await pair(t, gw, up);
  for (const [from, name] of [[client, 'client'], [server, 'server']]) {
    const pong = within(once(from, 'pong'), `the pong for the ${name}`);
    from.ping(`are you there, ${name}?`);
    assert.equal((await pong)[0].toString(), `are you there, ${name}?`);
  }
});

test('close codes and reasons pass both ways', async (t) => {
  const { gw, up } = await world(t, { up: await wsUpstream(t) });
  for (const [code, reason] of [[1000, ''], [4001, 'enough'], [1011, 'a reason of some length, to the byte']]) {
    for (const who of [0, 1]) {
      const both = await pair(t, gw, up, `/close/${code}/${who}`);
      const ends = both.map(closed);
      both[who].close(code, reason);
      assert.deepEqual(await Promise.all(ends), [[code, reason], [code, reason]]);
      assert.equal((await gw.request(`/close/${code}/${who}`)).close, 'tunnel_closed');
    }
  }
});

test('an upgrade that the upstream refuses is a plain answer', async (t) => {
  const handle = (req, res) => {
    return res.json(401, { error: 'no such key' }, { 'WWW-Authenticate': 'Bearer', Connection: 'close' }).then(() => res.close());
  };
  const { gw } = await world(t, { upstream: { handle } });
  const ws = new WebSocket(`ws://${gw.address()}/refused`);
  ws.on('error', () => {});
  const [, answer] = await within(once(ws, 'unexpected-response'), 'the refusal');
  assert.deepEqual([answer.statusCode, answer.headers['www-authenticate']], [401, 'Bearer']);
  assert.deepEqual(JSON.parse((await answer.toArray()).join('')), { error: 'no such key' });
  const line = await gw.request('/refused');
  assert.deepEqual([line.status, line.close, line.upgraded], [401, 'ok', undefined]);
});

for (const how of ['reset', 'close']) {
  test(`the upstream drops the upgrade (${how}): 502`, async (t) => {
    const { gw } = await world(t, { upstream: { handle: (req, res) => res[how]() } });
    const r = await gw.once(t, upgrade('/dropped'));
    assert.deepEqual([r.status, typeof r.json.error.message], [502, 'string']);
    const line = await gw.request('/dropped');
    assert.deepEqual([line.status, line.close, line.upgraded], [502, 'upstream_failed', undefined]);
  });
}

test('a 101 that nobody asked for is a bad answer', async (t) => {
  const { gw } = await direct(t, { upstream: { handle: (req, res) => switched(req, res) } });
  const r = await gw.once(t, upgrade('/h2c').replace('Upgrade: websocket', 'Upgrade: h2c'));
  assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_bad_response']);
});

// Through Squid a reset becomes an end; without it hdrgate sees the reset itself.
for (const [scene, start] of [['through squid', world], ['direct', direct]]) {
  test(`the client's abrupt end ends the upstream's side, ${scene}`, async (t) => {
    const { gw, up } = await start(t, { up: await wsUpstream(t) });
    for (const how of ['reset', 'fin']) {
      const [client, server] = await pair(t, gw, up, `/${how}`);
      const end = closed(server);
      client.on('error', () => {});
      if (how === 'reset') client._socket.resetAndDestroy();
      else client.terminate();
      assert.deepEqual(await end, [1006, '']);
      assert.deepEqual([(await gw.request(`/${how}`)).status, (await gw.request(`/${how}`)).close], [101, 'tunnel_closed']);
    }
  });

  test(`the upstream's abrupt end ends the client's side, ${scene}`, async (t) => {
    const answers = [];
    const { gw, up } = await start(t, { upstream: { handle: (req, res) => switched(req, res).then(() => answers.push(res)) } });
    for (const how of ['reset', 'destroy']) {
      const client = await open(t, gw, `/${how}`);
      const end = closed(client);
      const res = answers.pop();
      if (how === 'reset') res.reset();
      else res.socket.below.destroy(); // an end of TCP without close_notify
      assert.equal((await end)[0], 1006);
      assert.deepEqual([(await gw.request(`/${how}`)).status, (await gw.request(`/${how}`)).close], [101, 'tunnel_closed']);
      await up.until((u) => u.live.size === 0);
    }
  });
}

test('a client that does not read does not hold up what it sends; and what was sent before an end arrives', async (t) => {
  const bytes = randomBytes(scaled(8 << 20, 1 << 20));
  const back = [];
  const handle = async (req, res) => {
    req.on.raw = (b) => {
      back.push(b);
      if (Buffer.concat(back).toString() === 'and this goes the other way') res.close();
    };
    await switched(req, res);
    res.raw(bytes);
  };
  const { gw, up } = await world(t, { upstream: { handle } });
  const c = await gw.client(t);
  c.send(upgrade('/last'));
  const r = await c.response();
  c.socket.pause();
  await c.send('and this goes the other way');
  await up.until((u) => u.requests[0].connection.socket.writableEnded, 'the bytes of the client');
  c.socket.resume();
  await c.until(() => r.body.length >= bytes.length, 'all bytes', 60000);
  assert.ok(bytes.equals(r.body));
  await c.gone();
  c.fin();
  assert.equal((await gw.request('/last')).bytes_out, bytes.length);
});

test('bytes that follow the upgrade request at once wait for the 101', async (t) => {
  const seen = deferred();
  const handle = async (req, res) => {
    req.on.raw = (b) => seen.done(b.toString());
    if (up.requests.length === 1) await new Promise((done) => setTimeout(done, 20));
    await switched(req, res);
  };
  const { gw, up } = await direct(t, { upstream: { handle } });
  const c = await gw.client(t);
  c.send(`${upgrade()}early bytes`);
  assert.equal((await c.response()).status, 101);
  assert.equal(await within(seen.promise, 'the early bytes'), 'early bytes');
});

test('an idle tunnel stays within timeout.idle, and ends after it', async (t) => {
  const { gw, up } = await direct(t, { up: await wsUpstream(t), config: { defaults: 'timeout: { idle = "1s"; };' } });
  const [client, server] = await pair(t, gw, up, '/idle');
  const ends = [client, server].map(closed);
  server.send('x'); // starts the time anew
  await within(once(client, 'message'), 'the message');
  const began = performance.now();
  await Promise.all(ends);
  assert.ok(performance.now() - began > 800);
  const line = await gw.request('/idle');
  assert.deepEqual([line.status, line.close], [101, 'upstream_idle']);
});
