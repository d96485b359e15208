// SPDX-License-Identifier: MIT
// Bytes leave in the turn in which they arrived, in both directions, and a slow reader stops the other side.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIGURES, scaled } from './lib/env.mjs';
import { direct, get, world } from './lib/world.mjs';

const event = (i) => `data: {"n":${i}}\n\n`;

// Sends n events with a pause between them and remembers when.
function sse(n, pause, sent) {
  return async (req, res) => {
    res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    for (let i = 0; i < n; i++) {
      await sleep(pause); // the stream's own rhythm
      sent.push(performance.now());
      res.chunk(event(i));
    }
    res.endChunks();
  };
}

async function run(t, n) {
  const sent = [];
  const { gw } = await world(t, { upstream: { handle: sse(n, 20, sent) } });
  const c = await gw.client(t);
  c.send(get('/events'));
  const r = await c.response(0, 60000);
  assert.equal(r.body.toString(), Array.from({ length: n }, (_, i) => event(i)).join(''));
  const reads = c.reads.filter(([, b]) => b.includes('data:'));
  const merged = n - reads.length; // events that came in one read with another
  const late = c.events.map(([at], i) => at - sent[i]).sort((a, b) => a - b);
  const p99 = late[Math.floor(n * 0.99) - 1];
  t.diagnostic(`delay of an event: median ${late[n >> 1].toFixed(2)} ms, 99 % ${p99.toFixed(2)} ms, most ${late.at(-1).toFixed(2)} ms`);
  return { p99, merged };
}

test('events 20 ms apart: each is a read of its own, 99 % within 5 ms', async (t) => {
  const n = scaled(FIGURES ? 200 : 80, 20);
  const tries = [];
  // Two more tries: the machine may have been busy with something else.
  do tries.push(await run(t, n));
  while ((tries.at(-1).merged || (FIGURES && tries.at(-1).p99 >= 5)) && tries.length < 3);
  const { p99, merged } = tries.at(-1);
  // A machine that stands still for 20 ms merges two events by itself; a gateway that gathers merges them all.
  assert.ok(merged <= (FIGURES ? 0 : n / 20), `${merged} events of ${n} did not come alone: ${JSON.stringify(tries)}`);
  if (FIGURES) assert.ok(p99 < 5, JSON.stringify(tries));
});

test('the head of an answer is passed on before its first body byte', async (t) => {
  const { up, gw } = await direct(t, {
    upstream: { handle: (req, res) => res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' }) },
  });
  const c = await gw.client(t);
  c.send(get('/'));
  await c.until(() => c.current?.status === 200, 'the head');
  assert.equal(up.requests[0].complete, true);
});

test('bytes of any other type are not held back either', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: (req, res) => res.head(200, { 'Content-Length': 3 }) } });
  const c = await gw.client(t);
  c.send(get('/'));
  const { connection } = await up.request();
  for (const n of [1, 2]) {
    await c.until(() => c.current?.body.length === n - 1);
    connection.socket.write('x');
  }
  await c.until(() => c.current?.body.length === 2);
});

// Writes until nothing moves any more: what the gateway holds is bounded, so the writer must be stopped.
async function fill(write, moved) {
  const block = Buffer.alloc(1 << 16, 'a');
  let total = 0;
  let blocked = 0;
  while (blocked < 5) {
    if (total > 200 << 20) throw new Error('no back-pressure: 200 MB went into the gateway');
    if (write(block)) blocked = 0;
    else {
      const before = moved();
      await sleep(100); // a time in which nothing must move
      blocked = moved() === before ? blocked + 1 : 0;
    }
    total += block.length;
  }
  return total;
}

test('a client that does not read stops the upstream; when it reads, everything comes', async (t) => {
  const { up, gw } = await direct(t, { upstream: { handle: () => {} } });
  const c = await gw.client(t, { keep: false });
  let got = 0;
  c.onData = (b) => (got += b.length);
  c.send(get('/'));
  const { socket } = (await up.request()).connection;
  c.socket.pause();
  socket.write('HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n');
  const before = gw.status('VmRSS');
  const total = await fill((b) => socket.write(b), () => socket.writableLength);
  const grown = gw.status('VmRSS') - before;
  if (FIGURES) assert.ok(grown < 2048, `grew by ${grown} KiB`);
  socket.end();
  c.socket.resume();
  await c.until(() => got === total, 'all bytes', 60000);
});

test('an upstream that does not read stops the client', async (t) => {
  const { up, gw } = await direct(t, { config: { defaults: 'limit: { body = "none"; };' }, upstream: { handle: () => {} } });
  const c = await gw.client(t);
  c.send('POST / HTTP/1.1\r\nHost: gate.test\r\nTransfer-Encoding: chunked\r\n\r\n');
  const r = await up.request();
  r.connection.socket.pause();
  const before = gw.status('VmRSS');
  const chunk = (b) => c.socket.write(Buffer.concat([Buffer.from('10000\r\n'), b, Buffer.from('\r\n')]));
  const total = await fill(chunk, () => c.socket.writableLength);
  const grown = gw.status('VmRSS') - before;
  if (FIGURES) assert.ok(grown < 2048, `grew by ${grown} KiB`);
  up.keep = false;
  c.send('0\r\n\r\n');
  r.connection.socket.resume();
  await up.until(() => r.complete, 'the whole body', 60000);
  assert.equal(r.length, total);
});
