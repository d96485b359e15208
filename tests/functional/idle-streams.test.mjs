// SPDX-License-Identifier: MIT
// Many streams that wait for their next event, which is what agents do most: each is still there, and costs little.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { FIGURES, scaled } from './lib/env.mjs';
import { direct, post } from './lib/world.mjs';

const STREAMS = FIGURES ? 1000 : scaled(200, 20);
const TOGETHER = 50;
// KiB of a stream that waits. Of them OpenSSL 3.0 holds 17, and 3.5 twice that: its objects are larger, and the key
// of ML-KEM that it offers stays until the connection ends.
const MOST = /^OpenSSL 3\.0\./.test(execFileSync('openssl', ['version'], { encoding: 'utf8' })) ? 32 : 50;

// What a provider's SDK sends.
const HEADERS = [
  'Authorization: Bearer placeholder', 'Accept: application/json', 'Content-Type: application/json', 'User-Agent: OpenAI/JS 6.9.1',
  'X-Stainless-Retry-Count: 0', 'X-Stainless-Lang: js', 'X-Stainless-Package-Version: 6.9.1', 'X-Stainless-OS: Linux',
  'X-Stainless-Arch: x64', 'X-Stainless-Runtime: node', 'X-Stainless-Runtime-Version: v22.12.0', 'X-Stainless-Timeout: 600',
  'Accept-Language: *', 'Sec-Fetch-Mode: cors', 'Accept-Encoding: br, gzip, deflate', 'Connection: keep-alive',
].map((h) => `${h}\r\n`).join('');

test(`${STREAMS} streams at once`, { timeout: 120000 }, async (t) => {
  const open = [];
  const handle = async (req, res) => {
    await req.finished.promise;
    await res.head(200, { 'Content-Type': 'text/event-stream', 'Transfer-Encoding': 'chunked' });
    if (req.target === '/warm') return res.endChunks();
    open.push(res);
    await res.chunk('data: 1\n\n');
  };
  const { gw } = await direct(t, { upstream: { handle } });
  await gw.once(t, post('/warm', 'x'));
  const before = gw.status('VmRSS');
  const clients = [];
  while (clients.length < STREAMS) {
    const more = await Promise.all(Array.from({ length: Math.min(TOGETHER, STREAMS - clients.length) }, () => gw.client(t)));
    await Promise.all(more.map((c) => {
      c.send(post('/v1/responses', 'x'.repeat(2000), HEADERS));
      return c.until(() => c.events.length === 1, 'the first event');
    }));
    clients.push(...more);
  }
  const each = (gw.status('VmRSS') - before) / STREAMS;
  t.diagnostic(`a stream that waits: ${each.toFixed(1)} KiB`);
  if (FIGURES) assert.ok(each < MOST, `${each} KiB`);
  await Promise.all(open.map((res) => res.chunk('data: 2\n\n').then(() => res.endChunks())));
  const answers = await Promise.all(clients.map((c) => c.response()));
  assert.ok(answers.every((a) => a.status === 200 && a.body.toString() === 'data: 1\n\ndata: 2\n\n'));
  assert.equal((await gw.counters()).active_requests, 0);
});
