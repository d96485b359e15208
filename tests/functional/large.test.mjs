// SPDX-License-Identifier: MIT
// 1 GiB each way through Squid and TLS: the right bytes, and a process that does not grow.
import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { test } from 'node:test';
import { FIGURES, scaled } from './lib/env.mjs';
import { get, post, world } from './lib/world.mjs';

const BLOCK = 1 << 20;
// The full size where the figures count.
const SIZE = scaled(FIGURES ? 1024 : 64, 4) * BLOCK;

// A stream of bytes that no compression and no luck can imitate, and cheap to make.
function* blocks() {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, 1), Buffer.alloc(16));
  const zeros = Buffer.alloc(BLOCK);
  for (let at = 0; at < SIZE; at += BLOCK) yield cipher.update(zeros);
}

function wantedSum() {
  const h = createHash('sha256');
  for (const b of blocks()) h.update(b);
  return h.digest('hex');
}

async function pour(socket) {
  for (const b of blocks()) if (!socket.write(b)) await new Promise((go) => socket.once('drain', go));
}

// Warmed up with a small exchange each way, so that only growth counts.
async function scene(t) {
  const w = await world(t, {
    config: { defaults: 'limit: { body = "none"; };' },
    upstream: {
      handle: async (req, res) => {
        if (req.method === 'GET') {
          res.head(200, { 'Content-Length': SIZE });
          await pour(res.socket);
          return;
        }
        const h = createHash('sha256');
        req.onData = (b) => h.update(b);
        await req.finished.promise;
        await res.json(200, { length: req.length, sha256: h.digest('hex') });
      },
    },
  });
  w.up.keep = false;
  for (let i = 0; i < 8; i++) await w.gw.once(t, post('/', 'x'.repeat(100000)));
  return { ...w, before: w.gw.status('VmRSS') };
}

function noGrowth(t, gw, before) {
  const grown = gw.status('VmHWM') - before;
  t.diagnostic(`the process grew by at most ${grown} KiB (from ${before} KiB)`);
  if (FIGURES) assert.ok(grown < 4096, `grew by ${grown} KiB`);
}

test(`an answer of ${SIZE / BLOCK} MiB`, { timeout: 600000 }, async (t) => {
  const { gw, before } = await scene(t);
  const h = createHash('sha256');
  let length = 0;
  const c = await gw.client(t, { keep: false, onData: (b) => (h.update(b), (length += b.length)) });
  c.send(get('/'));
  await c.response(0, 500000);
  assert.deepEqual([length, h.digest('hex')], [SIZE, wantedSum()]);
  noGrowth(t, gw, before);
});

for (const framing of [`Content-Length: ${SIZE}`, 'Transfer-Encoding: chunked']) {
  test(`an upload of ${SIZE / BLOCK} MiB, ${framing.split(':')[0]}`, { timeout: 600000 }, async (t) => {
    const { gw, before } = await scene(t);
    const c = await gw.client(t);
    c.send(`POST / HTTP/1.1\r\nHost: gate.test\r\n${framing}\r\n\r\n`);
    if (framing.includes('chunked')) {
      const { socket } = c;
      const write = socket.write.bind(socket);
      await pour({ write: (b) => (write('100000\r\n'), write(b), write('\r\n')), once: (e, f) => socket.once(e, f) });
      c.send('0\r\n\r\n');
    } else {
      await pour(c.socket);
    }
    const { json } = await c.response(0, 500000);
    assert.deepEqual(json, { length: SIZE, sha256: wantedSum() });
    noGrowth(t, gw, before);
  });
}
