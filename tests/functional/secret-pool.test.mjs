// SPDX-License-Identifier: MIT
// Several secrets for one backend: in turn, with a rest for the one that was refused; and placeholders that must not
// leave.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE } from './lib/env.mjs';
import { direct, get, post } from './lib/world.mjs';

const ENV = { KEY_A: 'value-a', KEY_B: 'value-b' };
const pool = (more = '') => `a: { from = "$<KEY_A>"; }; b: { from = "$<KEY_B>"; }; k: { any = [ "a", "b" ]; ${more} };`;

// busy: keys that get a 429 (or what `refuse` does).
async function scene(t, more, refuse = (res) => res.send(429, 'slow down')) {
  const busy = new Set();
  const handle = async (req, res) => {
    await req.body();
    return busy.has(req.header('authorization').slice(-1)) ? refuse(res) : res.send(200, req.header('authorization'));
  };
  const w = await direct(t, { upstream: { handle }, config: { secret: pool(more) }, gateway: { env: ENV } });
  const ask = async () => w.gw.once(t, post('/v1', 'x'));
  const used = () => w.up.requests.map((r) => r.header('authorization').slice(-1)).join('');
  return { ...w, busy, ask, used };
}

test('two secrets take turns', async (t) => {
  const { ask, used } = await scene(t, '');
  for (let i = 0; i < 4; i++) assert.equal((await ask()).status, 200);
  assert.ok(['abab', 'baba'].includes(used()), used());
});

test('the one that got a 429 rests, the request goes out with the other', async (t) => {
  const { gw, busy, ask, used } = await scene(t, 'balance = "first"; cool-down = "1h";');
  busy.add('a');
  for (let i = 0; i < 3; i++) {
    const r = await ask();
    assert.deepEqual([r.status, r.body.toString()], [200, 'Bearer value-b']);
  }
  assert.equal(used(), 'abbb');
  const l = await gw.waitForLog((x) => x.event === 'secret_resting');
  assert.match(l.message, /secret a of k rests for 3600000 ms: localhost:\d+ answered 429/);
  const c = await gw.counters();
  assert.deepEqual([c.secret_rests_total, c.secret_resends_total], [1, 1]);
});

test('when all rest the last answer is passed on, and then requests get 503 with Retry-After', async (t) => {
  const { busy, ask, used } = await scene(t, '', (res) => res.send(429, 'slow down', { 'Retry-After': '7' }));
  busy.add('a').add('b');
  const first = await ask();
  assert.deepEqual([first.status, first.header('retry-after')], [429, '7']);
  const r = await ask();
  assert.deepEqual([r.status, r.json.error.type], [503, 'credential_resting']);
  assert.match(r.json.error.message, /secret k \(secrets a, b\)/);
  assert.ok(Number(r.header('retry-after')) >= 1 && Number(r.header('retry-after')) <= 7);
  assert.equal(used().length, 2);
});

test('after cool-down it is used again; resend = false leaves the answer to the client', async (t) => {
  const { busy, ask, used } = await scene(t, 'balance = "first"; cool-down = "300ms"; cool-down-on = [ 401, 429 ]; resend = false;', (res) => res.send(401, 'no'));
  busy.add('a');
  assert.equal((await ask()).status, 401);
  assert.equal((await ask()).status, 200);
  busy.clear();
  await sleep(400 * PATIENCE);
  assert.equal((await ask()).status, 200);
  assert.equal(used(), 'aba');
});

const P = 'sk-placeholder-0815';
const basic = Buffer.from(`user:${P}`).toString('base64');
const LEAKS = [
  ['in a header', '/', `X-Custom: Bearer ${P}\r\n`],
  ['in the path', `/bot${P}/send`, ''],
  ['in the query', `/?token=${P}`, ''],
  ['in the query, escaped', `/?token=${P.replaceAll('-', '%2d')}`, ''],
  ['inside Basic', '/', `X-Auth: basic ${basic}\r\n`],
];

test('a placeholder that would leave refuses the request, and is not shown', async (t) => {
  const { up, gw } = await direct(t, { config: { secret: `k: { from = "$<API_KEY>"; placeholder = [ "other-one", "${P}" ]; };` } });
  for (const [what, path, header] of LEAKS) {
    const r = await gw.once(t, get(path, header));
    assert.deepEqual([r.status, r.json.error.type], [400, 'placeholder_leak'], what);
    assert.match(r.json.error.message, /secret k /);
    assert.ok(!r.body.includes(P));
  }
  // Where a rule replaces it, it is what it is for.
  assert.equal((await gw.once(t, get('/', `Authorization: Bearer ${P}\r\n`))).status, 200);
  assert.equal(up.requests.length, 1);
});
