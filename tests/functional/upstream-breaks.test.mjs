// SPDX-License-Identifier: MIT
// An upstream that breaks off, or says what is not HTTP: the client sees an error, never a clean end.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { direct, get, post, world } from './lib/world.mjs';

const HEADS = {
  length: 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc',
  chunked: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n',
};
const BREAKS = { reset: (res) => res.reset(), 'early close': (res) => res.close() };

for (const [framing, head] of Object.entries(HEADS)) {
  for (const [how, breakOff] of Object.entries(BREAKS)) {
    test(`${framing}, ${how} in mid-body: passed on as a break`, async (t) => {
      const answers = [];
      const { up, gw } = await world(t, { upstream: { handle: (req, res) => (res.raw(head), answers.push(res)) } });
      const c = await gw.client(t);
      c.send(get('/break'));
      await c.until(() => c.current?.body.length === 3, 'the beginning of the body');
      breakOff(answers[0]);
      await c.until(() => c.closed, 'the connection to be closed');
      assert.equal(c.responses.length, 0, 'a complete answer was seen');
      assert.ok(!c.received.includes('\r\n0\r\n'), 'a last chunk was written');
      assert.equal((await gw.request('/break')).close, 'upstream_reset');

      // And as an ordinary client sees it.
      const error = new Promise((done) => {
        http.get(`${gw.url()}/client`, (res) => {
          res.on('error', done).on('end', () => done(new Error('a clean end'))).once('data', () => breakOff(answers[1]));
        });
      });
      assert.match((await error).message, /aborted|hang up|ECONNRESET/);
      await up.until((u) => u.live.size === 0, 'the broken connection to be closed, not pooled');
    });
  }
}

test('until-close: a reset, and an end without close_notify, are breaks', async (t) => {
  const ways = [(res) => res.reset(), (res) => res.socket.below.end()];
  for (const [i, way] of ways.entries()) {
    const { gw } = await direct(t, {
      upstream: { handle: (req, res) => res.raw('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nabc').then(() => way(res)) },
    });
    const c = await gw.client(t);
    c.send(get(`/close${i}`));
    await c.until(() => c.closed, 'the connection to be closed');
    assert.equal(c.responses.length, 0, `way ${i}: ${c.received}`);
    assert.match((await gw.request(`/close${i}`)).close, /^upstream_(reset|failed)$/);
  }
});

test('chunks that are wrong in mid-body end the answer as a break', async (t) => {
  const bad = { size: 'zz\r\nabc\r\n', end: '3\r\nabcdef\r\n', trailer: '0\r\nContent-Length: 3\r\n\r\n', lf: '3\nabc\n0\n\n' };
  const { gw, up } = await direct(t, { upstream: { handle: (req, res) => res.raw(HEADS.chunked + bad[req.target.slice(1)]) } });
  for (const name of Object.keys(bad)) {
    const c = await gw.client(t);
    c.send(get(`/${name}`));
    await c.until(() => c.closed || c.ended, 'the connection to be closed');
    assert.equal(c.responses.length, 0, name);
    assert.equal((await gw.request(`/${name}`)).close, 'upstream_bad_body', name);
  }
  await up.until((u) => u.live.size === 0);
});

const NOT_HTTP = {
  'no status line': 'hello\r\n\r\n',
  'a status of two digits': 'HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n',
  'HTTP/2': 'HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n',
  'two framings': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
  'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc',
  'an unknown coding': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nabc',
  'a folded header': 'HTTP/1.1 200 OK\r\nX-A: b\r\n c\r\nContent-Length: 0\r\n\r\n',
  'a space before the colon': 'HTTP/1.1 200 OK\r\nX-A : b\r\nContent-Length: 0\r\n\r\n',
  'a NUL': 'HTTP/1.1 200 OK\r\nX-A: b\0\r\nContent-Length: 0\r\n\r\n',
  'a bare CR': 'HTTP/1.1 200 OK\r\nX-A: b\rSet-Cookie: c\r\nContent-Length: 0\r\n\r\n',
  'a head without end': `HTTP/1.1 200 OK\r\nX-A: ${'a'.repeat(2 << 20)}`,
};

test('answers that are not HTTP/1.1 become a 502', async (t) => {
  const names = Object.keys(NOT_HTTP);
  const { up, gw } = await direct(t, { upstream: { handle: (req, res) => void res.raw(NOT_HTTP[names[req.target.slice(1)]]) } });
  for (const [i, name] of names.entries()) {
    const r = await gw.once(t, get(`/${i}`));
    assert.deepEqual([r.status, r.json.error.type], [502, 'upstream_bad_response'], name);
    const line = await gw.request(`/${i}`);
    assert.equal(line.error, 'upstream_bad_response', name);
    if (name === 'a head without end') assert.match(line.error_detail, /: the head is too large$/); // limit.head is for clients
  }
  await up.until((u) => u.live.size === 0, 'no such connection may be pooled');
});

test('bytes behind an answer: the connection is not used again', async (t) => {
  const { up, gw } = await direct(t, {
    config: { threads: 1 },
    upstream: { handle: (req, res) => res.raw('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil') },
  });
  for (let i = 0; i < 5; i++) {
    const r = await gw.once(t, i % 2 ? post('/', 'x') : get('/'));
    assert.deepEqual([r.status, r.body.toString()], [200, 'ok']);
  }
  assert.equal(up.accepted, 5);
});

test('silence in mid-answer ends it after timeout.idle', async (t) => {
  const { gw } = await direct(t, {
    config: { defaults: 'timeout: { idle = "200ms"; };' },
    upstream: { handle: (req, res) => void res.raw(HEADS.chunked) },
  });
  const c = await gw.client(t);
  c.send(get('/silence'));
  await c.until(() => c.closed || c.ended, 'the connection to be closed');
  assert.equal(c.responses.length, 0);
  assert.equal((await gw.request('/silence')).close, 'upstream_idle');
});
