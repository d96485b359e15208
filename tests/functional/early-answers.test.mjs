// SPDX-License-Identifier: MIT
// Upstreams that answer while the client still sends: the answer arrives at once, and what follows is clean.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct, get } from './lib/world.mjs';

const head = (framing, path = '/') => `POST ${path} HTTP/1.1\r\nHost: gate.test\r\n${framing}\r\n\r\n`;

test('an error answer in the middle of an upload reaches a client that sends first and reads then', async (t) => {
  const { gw } = await direct(t, {
    upstream: { handle: (req, res) => res.json(401, { error: 'no' }, { Connection: 'close' }).then(() => res.close()) },
  });
  const c = await gw.client(t);
  const block = Buffer.alloc(1 << 16, 'a');
  c.send(head(`Content-Length: ${128 * block.length}`));
  for (let i = 0; i < 128; i++) c.send(block);
  const r = await c.response();
  assert.deepEqual([r.status, r.json.error], [401, 'no']);
});

test('an early answer that is whole: the upstream connection is not pooled half-sent', async (t) => {
  const { up, gw } = await direct(t, {
    config: { threads: 1 },
    upstream: { handle: (req, res) => res.send(200, `answer ${req.target}`) },
  });
  const c = await gw.client(t);
  c.send(`${head('Content-Length: 10', '/early')}abc`);
  assert.equal((await c.response()).body.toString(), 'answer /early');
  assert.equal((await gw.once(t, get('/next'))).body.toString(), 'answer /next');
  assert.equal(up.accepted, 2);
  assert.equal(up.requests[0].complete, false);
});

test('answer and upload overlap: both run to their ends', async (t) => {
  // Sends back each piece as it comes.
  const handle = async (req, res) => {
    req.onData = (b) => res.chunk(b);
    res.head(200, { 'Transfer-Encoding': 'chunked' });
    if (await req.finished.promise) res.endChunks();
  };
  const { gw } = await direct(t, { upstream: { handle } });
  for (const framing of ['Content-Length: 30', 'Transfer-Encoding: chunked']) {
    const c = await gw.client(t);
    const part = (s) => c.send(/chunked/.test(framing) ? `${s.length.toString(16)}\r\n${s}\r\n` : s);
    c.send(head(framing));
    await c.until(() => c.current?.status === 200, 'the head');
    for (let i = 1; i <= 3; i++) {
      part(`piece ${i} ..`);
      await c.until(() => (c.current ?? c.responses[0]).body.length === 10 * i, `piece ${i}`);
    }
    if (/chunked/.test(framing)) c.send('0\r\n\r\n');
    const r = await c.response();
    assert.equal(r.body.toString(), 'piece 1 ..piece 2 ..piece 3 ..');
    // The answer began before the request was whole, so its head has promised the client nothing.
    assert.equal(r.header('connection'), 'close');
    await c.gone();
    assert.equal(c.error, null);
  }
});

test('a body that turns bad after the answer has begun: the answer is broken off', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => void res.raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n') },
  });
  const c = await gw.client(t);
  c.send(`${head('Transfer-Encoding: chunked', '/bad')}3\r\nabc\r\n`);
  await c.until(() => c.current?.body.length === 3);
  c.send('zz\r\n');
  await c.until(() => c.closed || c.ended, 'the connection to be closed');
  assert.equal(c.responses.length, 0);
  assert.equal((await gw.request('/bad')).close, 'bad_request_body');
  assert.equal(up.requests[0].complete, false);
});

test('a 413 of ours reaches a client that goes on sending', async (t) => {
  const { up, gw } = await direct(t, { config: { frontend: 'limit: { body = "1M"; };' } });
  for (const framing of [`Content-Length: ${8 << 20}`, 'Transfer-Encoding: chunked']) {
    const c = await gw.client(t);
    const block = 'a'.repeat(1 << 16);
    c.send(head(framing));
    for (let i = 0; i < 128; i++) c.send(/chunked/.test(framing) ? `10000\r\n${block}\r\n` : block);
    const r = await c.response();
    assert.deepEqual([r.status, r.json.error.type], [413, 'body_too_large'], framing);
  }
  for (const r of up.requests) {
    await r.connection.closed.promise;
    assert.equal(r.complete, false);
  }
});

// The reset that follows an early answer must not cost the client that answer.
for (const plain of [false, true]) {
  test(`an early 413 and a close in mid-upload reach the client (${plain ? 'plain' : 'TLS'})`, async (t) => {
    const handle = (req, res) => {
      req.connection.socket.pause();
      return res.send(413, 'large', { Connection: 'close' }).then(() => req.connection.socket.destroy());
    };
    const backend = plain ? 'plain-ok = true;' : '';
    const { gw } = await direct(t, { upstream: { handle, plain }, config: plain ? { backend, tls: '' } : {} });
    for (let i = 0; i < 20; i++) {
      const c = await gw.client(t);
      c.send(`POST /${i} HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3000000)}`);
      const r = await c.response();
      assert.deepEqual([r.status, r.body.toString()], [413, 'large'], `request ${i}`);
      c.destroy();
    }
  });
}
