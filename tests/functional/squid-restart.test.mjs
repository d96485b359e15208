// SPDX-License-Identifier: MIT
// Squid dies and comes back: what runs fails plainly, what comes next works, and hdrgate is not restarted.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { get, post, world } from './lib/world.mjs';

test('killed and started again', async (t) => {
  const handle = async (req, res) => {
    if (req.target !== '/stream') return res.send(200, 'ok');
    await res.head(200, { 'Transfer-Encoding': 'chunked', 'Content-Type': 'text/event-stream' });
    return res.chunk('data: 1\n\n');
  };
  const { up, sq, gw } = await world(t, { upstream: { handle }, config: { threads: 1 } });
  const running = await gw.client(t);
  await running.send(get('/stream'));
  await running.until((c) => c.events.length === 1, 'the first event');
  const idle = await gw.client(t);
  await idle.send(get('/idle'));
  assert.equal((await idle.response()).status, 200);

  await sq.kill();
  await running.gone();
  assert.equal(running.responses.length, 0, 'a stream that was broken off must not look complete');
  assert.equal((await gw.request('/stream')).close, 'upstream_reset');
  const down = await gw.once(t, post('/down', 'x'));
  assert.deepEqual([down.status, down.json.error.type], [502, 'proxy_unreachable']);

  await sq.start();
  await idle.send(post('/again', 'x'.repeat(60000)));
  assert.equal((await idle.response(1)).status, 200);
  assert.equal((await gw.once(t, get('/new'))).status, 200);
  assert.ok(up.requests.every((r) => r.header('authorization')));
  await gw.stop();
  const last = gw.lines.at(-1);
  assert.deepEqual([last.event, last.active_requests, last.sessions, last.upstream_open], ['stopped', 0, 0, 0]);
});
