// SPDX-License-Identifier: MIT
// What a tap costs: how late events are with it and without, in runs that take turns, and processor time an event.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { FIGURES, scaled } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { docFile } from './lib/manual.mjs';
import { upstream } from './lib/upstream.mjs';
import { post } from './lib/world.mjs';

const event = (i) => `event: response.output_text.delta\ndata: ${JSON.stringify({ type: 'response.output_text.delta', item_id: 'msg_67c9fdcecf488190bdd9a0409de3a1ec07b8b0ad4e5eb654', output_index: 0, content_index: 0, delta: `word ${i} ` })}\n\n`;
const last = `data: ${JSON.stringify({ type: 'response.completed', response: { model: 'gpt-5', usage: { input_tokens: 1, output_tokens: 2 } } })}\n\n`;

const config = (url) => `include = [ "<usage-openai.cfg>" ];
global: { threads = 1; };
frontend: { on: { bind = "127.0.0.1:0"; backend = "on"; }; off: { bind = "127.0.0.1:0"; backend = "off"; }; };
backend: { on: { url = "${url}"; via = "direct"; response = ( { use = "usage-openai"; } ); }; off: { url = "${url}"; via = "direct"; }; };\n`;

const HEAD = { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' };
const start = async (t, handle) => {
  const up = await upstream(t, { handle, plain: true });
  return gateway(t, config(up.url('localhost')), { env: { HDRGATE_RULES_DIR: docFile('../rules') } });
};
const quantile = (sorted, q) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];

async function ask(t, gw, frontend) {
  const c = await gw.client(t, { frontend });
  await c.send(post('/v1/responses', '{}'));
  await c.response(0, 120000);
  c.destroy();
  return c;
}

test('events are as soon with a tap as without', async (t) => {
  const n = scaled(FIGURES ? 400 : 60, 20);
  let sent;
  const gw = await start(t, async (req, res) => {
    await res.head(200, HEAD);
    for (let i = 0; i < n; i++) {
      await sleep(2); // the stream's own rhythm
      sent.push(performance.now());
      res.chunk(event(i));
    }
    res.chunk(last);
    res.endChunks();
  });
  const late = { on: [], off: [] };
  for (let run = 0; run < 5; run++)
    for (const frontend of run % 2 ? ['on', 'off'] : ['off', 'on']) {
      sent = [];
      const c = await ask(t, gw, frontend);
      // Each event by its own number: two may come in one read.
      let k = 0;
      for (const [at, b] of c.events) for (const _ of b.toString().matchAll(/output_text\.delta\n/g)) late[frontend].push(at - sent[k++]);
      assert.equal(k, n);
    }
  const [on, off] = ['on', 'off'].map((f) => late[f].sort((a, b) => a - b));
  for (const q of [0.5, 0.99]) {
    const [a, b] = [quantile(on, q), quantile(off, q)];
    t.diagnostic(`${q * 100} % of events within ${a.toFixed(3)} ms with a tap, ${b.toFixed(3)} ms without`);
    if (FIGURES) assert.ok(a <= b * 1.03 || a - b <= 0.1, `${q}: ${a} ms with a tap, ${b} ms without`);
  }
});

// Nanoseconds on a processor, all threads.
const cpu = (pid) => readdirSync(`/proc/${pid}/task`).reduce((sum, id) => sum + Number(readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]), 0);

test('an event costs at most 3 us more with a tap', async (t) => {
  const n = scaled(FIGURES ? 20000 : 2000, 200);
  const batch = Buffer.from(Array.from({ length: 10 }, (_, i) => {
    const text = event(i);
    return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
  }).join(''));
  const gw = await start(t, async (req, res) => {
    await res.head(200, HEAD);
    for (let i = 0; i < n / 10; i++) await res.raw(batch);
    await res.chunk(last);
    await res.endChunks();
  });
  const used = { on: [], off: [] };
  for (let run = 0; run < 6; run++)
    for (const frontend of run % 2 ? ['on', 'off'] : ['off', 'on']) {
      const before = cpu(gw.ready.pid);
      await ask(t, gw, frontend);
      if (run > 0) used[frontend].push((cpu(gw.ready.pid) - before) / n / 1000);
    }
  const [on, off] = ['on', 'off'].map((f) => used[f].sort((a, b) => a - b)[2]);
  t.diagnostic(`an event takes ${on.toFixed(2)} us with a tap, ${off.toFixed(2)} us without (medians of five runs, ${n} events each)`);
  if (FIGURES) assert.ok(on - off <= 3, `${(on - off).toFixed(2)} us more`);
  assert.equal((await gw.waitForLog((l) => l.event === 'token_usage', 'the figures')).output_tokens, 2);
});
