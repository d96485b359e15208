// SPDX-License-Identifier: MIT
// Answers of every framing, and request bodies re-framed and streamed.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { sha256 } from './lib/upstream.mjs';
import { direct, get } from './lib/world.mjs';

const ANSWERS = {
  '/length': (res) => res.send(200, 'hello', { 'X-A': 'b' }),
  '/empty': (res) => res.send(200, ''),
  '/chunked': async (res) => {
    res.head(200, { 'Transfer-Encoding': 'chunked' });
    await res.chunk('hel');
    await res.chunk('lo');
    res.endChunks();
  },
  '/extensions': (res) => res.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a="b"\r\nhello\r\n0;x\r\n\r\n'),
  '/trailers': (res) => res.raw('HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n'),
  '/close': (res) => res.head(200, { Connection: 'close' }).then(() => res.raw('hello')).then(() => res.close()),
  '/http10': (res) => res.raw('HTTP/1.0 200 OK\r\n\r\nhello').then(() => res.close()),
  '/http10-length': (res) => res.raw('HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello').then(() => res.close()),
  '/no-reason': (res) => res.raw('HTTP/1.1 200 \r\nContent-Length: 5\r\n\r\nhello'),
  '/204': (res) => res.raw('HTTP/1.1 204 No Content\r\n\r\n'),
  '/304': (res) => res.raw('HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\nETag: "x"\r\n\r\n'),
  '/599': (res) => res.raw('HTTP/1.1 599 Own Words\r\nContent-Length: 5\r\n\r\nhello'),
};
const handle = (req, res) => ANSWERS[req.target](res, req);

test('each framing of an answer is read rightly, and the connection goes on', async (t) => {
  const { gw } = await direct(t, { upstream: { handle } });
  const c = await gw.client(t);
  const answers = Object.keys(ANSWERS);
  for (const [i, path] of answers.entries()) {
    await c.send(get(path), 'GET');
    const r = await c.response(i);
    const want = path === '/empty' || /^.[23]04$/.test(path) ? '' : 'hello';
    assert.equal(r.body.toString(), want, path);
    assert.equal(r.status, Number(path.slice(1)) || 200, path);
    assert.deepEqual(r.trailers, path === '/trailers' ? ['X-Sum: 1'] : [], path);
    assert.equal(r.header('connection'), undefined, path);
    if (path === '/304') assert.deepEqual([r.header('content-length'), r.header('etag')], ['5', '"x"']);
    if (path === '/204') assert.equal(r.header('content-length') ?? r.header('transfer-encoding'), undefined);
  }
  assert.equal(c.closed, false);
});

test('HEAD: the headers of an answer with a body, without one', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => res.raw('HTTP/1.1 200 OK\r\nContent-Length: 12345\r\nX-A: b\r\n\r\n') },
  });
  const c = await gw.client(t);
  for (let i = 0; i < 3; i++) {
    await c.send(get('/').replace('GET', 'HEAD'), 'HEAD');
    const r = await c.response(i);
    assert.deepEqual([r.status, r.header('content-length'), r.body.length], [200, '12345', 0]);
  }
  assert.equal(up.accepted, 1);
});

test('HTTP/1.0 clients get a body they can read: until the close, or with a length', async (t) => {
  const { gw } = await direct(t, { upstream: { handle } });
  for (const path of ['/length', '/chunked', '/close', '/trailers']) {
    const c = await gw.client(t);
    c.send(`GET ${path} HTTP/1.0\r\n\r\n`);
    await c.gone();
    const r = await c.response();
    assert.equal(r.body.toString(), 'hello', path);
    assert.equal(r.header('transfer-encoding'), undefined, path);
    assert.match(c.received.toString(), /^HTTP\/1\.1 200/, path);
  }
});

test('HTTP/1.0 with keep-alive keeps the connection', async (t) => {
  const { gw } = await direct(t, { upstream: { handle } });
  const c = await gw.client(t);
  for (let i = 0; i < 2; i++) {
    await c.send('GET /length HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.equal((await c.response(i)).header('connection'), 'keep-alive');
  }
});

test('a request body leaves as it arrives, before its end', async (t) => {
  const { up, gw } = await direct(t);
  for (const [i, framing] of ['Content-Length: 9', 'Transfer-Encoding: chunked'].entries()) {
    const c = await gw.client(t);
    const part = (s) => c.send(i ? `${s.length}\r\n${s}\r\n` : s);
    c.send(`POST / HTTP/1.1\r\nHost: gate.test\r\n${framing}\r\n\r\n`);
    const r = await up.request(i);
    for (const [n, s] of ['abc', 'def', 'ghi'].entries()) {
      part(s);
      await up.until(() => r.length === 3 * (n + 1), `part ${n + 1}`);
    }
    if (i) c.send('0\r\nX-Sum: 1\r\n\r\n');
    assert.equal((await c.response()).json.length, 9);
    assert.equal(r.framing, i ? 'chunked' : 'length');
    assert.deepEqual(r.trailers, i ? ['X-Sum: 1'] : []);
  }
});

test('5 MB in both directions, in chunks of many sizes', async (t) => {
  const { gw } = await direct(t, {
    upstream: {
      handle: async (req, res) => {
        const body = await req.body();
        res.head(200, { 'Transfer-Encoding': 'chunked', 'X-Sum': sha256(body) });
        for (let at = 0, n = 1; at < body.length; at += n, n = (n * 3) % 70001 || 1) await res.chunk(body.subarray(at, at + n));
        res.endChunks();
      },
    },
  });
  const bytes = randomBytes(5 << 20);
  const c = await gw.client(t);
  c.send(Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: g\r\nContent-Length: ${bytes.length}\r\n\r\n`), bytes]));
  const r = await c.response(0, 60000);
  assert.equal(r.header('x-sum'), sha256(bytes));
  assert.equal(sha256(r.body), sha256(bytes));
});
