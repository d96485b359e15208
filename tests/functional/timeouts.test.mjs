// SPDX-License-Identifier: MIT
// A deadline is for what is waited for: bytes of another kind, however steadily they drip in, do not prolong it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { certificate } from './lib/ca.mjs';
import { direct, get, post } from './lib/world.mjs';

// Sends bytes one at a time until it is over: a promise is kept, or the text ends.
async function drip(send, text, until) {
  let i = 0;
  const timer = setInterval(() => (i < text.length ? send(text[i++]) : clearInterval(timer)), 30);
  return until.finally(() => clearInterval(timer));
}

const PIPELINED = `GET /next HTTP/1.1\r\nHost: gate.test\r\nX-Long: ${'and longer, '.repeat(100)}\r\n`;

const back = (times) => ({ backend: `timeout: { ${times} };` });

test('pipelined bytes do not prolong timeout.response-head', async (t) => {
  const { gw } = await direct(t, { upstream: { handle: () => {} }, config: back('response-head = "500ms";') });
  const c = await gw.client(t);
  await c.send(get('/waits'));
  const r = await drip((b) => c.send(b), PIPELINED, c.response());
  c.destroy();
  assert.deepEqual([r.status, r.json.error.type], [504, 'response_timeout']);
});

test('pipelined bytes do not prolong timeout.idle in the middle of an answer', async (t) => {
  const handle = async (req, res) => {
    await res.head(200, { 'Content-Length': 10 });
    await res.raw('abc');
  };
  const { gw } = await direct(t, { upstream: { handle }, config: back('idle = "500ms";') });
  const c = await gw.client(t);
  await c.send(get('/stalls'));
  await drip((b) => c.send(b), PIPELINED, c.gone());
  assert.equal(c.responses.length, 0);
  assert.equal((await gw.request('/stalls')).close, 'upstream_idle');
});

test('an answer whose head drips in has the time of a head', async (t) => {
  const handle = (req, res) => drip((b) => res.raw(b), `HTTP/1.1 200 OK\r\nX-A: ${'and longer, '.repeat(100)}\r\n`, req.connection.closed.promise);
  const { gw } = await direct(t, { upstream: { handle }, config: back('response-head = "500ms";') });
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.json.error.type], [504, 'response_timeout']);
});

test('what is waited for prolongs it: a slow upload, a slow answer, interim answers', async (t) => {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const handle = async (req, res) => {
    await req.finished.promise;
    for (let i = 0; i < 3; i++) {
      await wait(250);
      await res.raw('HTTP/1.1 102 Processing\r\n\r\n');
    }
    await res.head(200, { 'Transfer-Encoding': 'chunked' });
    for (let i = 0; i < 3; i++) {
      await wait(250);
      await res.chunk('x');
    }
    await res.endChunks();
  };
  const { gw } = await direct(t, { upstream: { handle }, config: back('response-head = "600ms"; idle = "600ms";') });
  const c = await gw.client(t);
  await c.send(post('/', 'abcd').slice(0, -4));
  for (const b of 'abcd') {
    await wait(250);
    await c.send(b);
  }
  const r = await c.response();
  assert.deepEqual([r.status, r.body.toString()], [200, 'xxx']);
});

test('a TLS handshake that drips in has timeout.request-head', async (t) => {
  const { cert, key } = certificate();
  const frontend = `tls: { cert = "${cert}"; key = "${key}"; }; timeout: { request-head = "500ms"; };`;
  const { gw } = await direct(t, { config: { frontend } });
  const c = await gw.client(t);
  await c.send(Buffer.from('160301200001001ffc0303', 'hex'));
  await drip((b) => c.send(b), '\0'.repeat(1000), c.gone());
  assert.equal(c.responses.length, 0);
});
