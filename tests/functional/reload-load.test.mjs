// SPDX-License-Identifier: MIT
// Two hundred reloads under streams and steady requests: nobody notices, and nothing is left behind.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { FIGURES, scaled, tempDir, within } from './lib/env.mjs';
import { config, direct, get } from './lib/world.mjs';

const RELOADS = scaled(200, 20);
const STREAMS = scaled(64, 8);
const RATE = FIGURES ? 2000 : scaled(400, 40);
const CLIENTS = 40;
const BROKEN_EVERY = 10;

function ask(path, line) {
  return within(
    new Promise((done, fail) => {
      const s = net.connect({ path });
      let text = '';
      s.setEncoding('utf8').on('data', (d) => (text += d)).on('end', () => done(text)).on('error', fail);
      s.write(`${line}\n`);
    }),
    `an answer to ${line}`,
    30000,
  );
}

// Every stream gets the same numbers until the test ends it.
function numbers() {
  const open = new Set();
  let n = 0;
  const handle = async (req, res) => {
    if (req.target !== '/stream') return res.send(200, req.target);
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    open.add(res);
  };
  const tick = setInterval(() => {
    n++;
    for (const res of open) res.chunk(`${n}\n`);
  }, 50);
  const end = async () => {
    clearInterval(tick);
    await Promise.all([...open].map((res) => res.endChunks()));
  };
  return { handle, end, open };
}

// One number behind the other, none missing.
function unbroken(text) {
  const seen = text.trim().split('\n').map(Number);
  return seen.length > 3 && seen.every((v, i) => i === 0 || v === seen[i - 1] + 1);
}

// Requests at a steady rate on connections that stay. Each must be answered with its own path, by one of the plans.
function load(clients) {
  const result = { sent: 0, answered: 0, wrong: [], words: new Map() };
  const free = [...clients];
  const look = (c) => {
    if (!c.busy) return;
    const r = c.responses.pop();
    if (!r && !c.closed) return;
    c.busy = false;
    if (!r) return void result.wrong.push(`closed: ${c.error}`);
    const word = r.header('x-plan');
    if (r.status !== 200 || r.body.toString() !== c.path || !word) result.wrong.push(`${r.status} ${r.body}`);
    result.words.set(word, (result.words.get(word) ?? 0) + 1);
    result.answered++;
    free.push(c);
  };
  let due = 0;
  let last = performance.now();
  const tick = setInterval(() => {
    const now = performance.now();
    due = Math.min(due + ((now - last) / 1000) * RATE, RATE);
    last = now;
    for (; due >= 1 && free.length; due--) {
      const c = free.shift();
      c.path = `/r${result.sent++}`;
      c.busy = true;
      c.send(get(c.path));
    }
    for (const c of clients) look(c);
  }, 5);
  return {
    result,
    stop: async () => {
      clearInterval(tick);
      while (clients.some((c) => c.busy)) {
        await sleep(5);
        clients.forEach(look);
      }
    },
  };
}

test(`${RELOADS} reloads under ${STREAMS} streams and ${RATE} requests a second`, { timeout: 280000 }, async (t) => {
  const path = join(tempDir('control'), 'c.sock');
  const { handle, end, open } = numbers();
  const parts = (word) => ({
    threads: 2,
    global: `control = "unix:${path}";`,
    response: `{ set-header = [ "x-plan", "${word}" ]; }`,
    bind: word === 'one' ? '"127.0.0.1:0"' : '"127.0.0.1:0", "127.0.0.1:0"',
    moreFrontend: word === 'one' ? '' : 'extra: { bind = "127.0.0.1:0"; request = ( { respond: { status = 204; }; } ); };',
  });
  const { gw, up } = await direct(t, { upstream: { handle, keep: false }, config: parts('one') });
  const text = (word) => config({ url: up.url('localhost'), via: 'direct', ...parts(word) });
  const texts = { one: text('one'), two: text('two'), broken: text('one').replace('x-plan', 'Content-Length') };
  const reload = (word) => {
    gw.rewrite(texts[word]);
    return ask(path, 'reload');
  };
  const generations = async () => JSON.parse((await ask(path, '--json status')).replace(/^ok\n/, ''));

  const streams = await Promise.all(Array.from({ length: STREAMS }, () => gw.client(t)));
  streams.forEach((c) => c.send(get('/stream')));
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => gw.client(t)));
  await Promise.all(streams.map((c) => c.until(() => c.current?.body.length > 0, 'the first number')));
  const steady = load(clients);

  // Warm: buffers, TLS sessions and pools are there, and a few plans have come and gone.
  for (let i = 0; i < 10; i++) assert.match(await reload(i % 2 ? 'one' : 'two'), /^ok\n/);
  await sleep(500);
  const before = gw.status('RssAnon');
  const first = (await generations()).generation;
  const began = performance.now();
  const answeredBefore = steady.result.answered;
  let broken = 0;
  for (let i = 0; i < RELOADS; i++) {
    if (i % BROKEN_EVERY === 5) {
      const said = await reload('broken');
      assert.match(said, /^error\n[^]*Content-Length[^]*nothing was changed\n$/);
      broken++;
    }
    assert.match(await reload(i % 2 ? 'one' : 'two'), /^ok\n[^]*generation \d+ is in force/);
  }
  const seconds = (performance.now() - began) / 1000;
  const rate = (steady.result.answered - answeredBefore) / seconds;
  const s = await generations();
  assert.deepEqual([s.generation - first, s.reload_failures], [RELOADS, broken]);
  await steady.stop();
  const { result } = steady;
  assert.deepEqual(result.wrong.slice(0, 5), []);
  assert.equal(result.answered, result.sent);
  assert.deepEqual([...result.words.keys()].sort(), ['one', 'two']);
  assert.equal(clients.filter((c) => c.closed).length, 0);

  await within(
    (async () => {
      while ((await generations()).older_generations > 1) await sleep(50);
    })(),
    'the plans that only the requests used to go',
  );
  const after = gw.status('RssAnon');
  t.diagnostic(
    `${RELOADS} reloads and ${broken} refused in ${seconds.toFixed(1)} s under ${STREAMS} streams and ${Math.round(rate)} requests a second: ` +
      `${result.answered} requests, ${result.wrong.length} failed; ${before} KiB before, ${after} KiB after`,
  );
  if (FIGURES) {
    assert.ok(after - before < 2048, `${after - before} KiB more than before`);
    assert.ok(rate > RATE * 0.9, `only ${Math.round(rate)} requests a second: the machine is busy, or requests waited`);
  }

  assert.equal(open.size, STREAMS);
  await end();
  for (const c of streams) {
    const r = await c.response(0);
    assert.equal(r.header('x-plan'), 'one');
    assert.ok(unbroken(r.body.toString()), r.body.toString().slice(0, 200));
  }
  await within(
    (async () => {
      while ((await generations()).older_generations > 0) await sleep(50);
    })(),
    'the first plan to go with the last stream',
  );
  // The connections of the streams take the plan in force for their next request.
  streams[0].send(get('/last'));
  assert.equal((await streams[0].response(1)).header('x-plan'), 'one');
  await gw.stop();
});
