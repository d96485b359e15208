// SPDX-License-Identifier: MIT
// Limits on the rate, with clocks that the test sets (libfaketime). It and a sanitizer want the same functions first:
// with Debian 13's the program does not even start, so the release build is asked.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { direct, get } from './lib/world.mjs';

const limit = (keys) => `{ rate-limit: { ${keys} }; }`;

// Clocks that the test sets: both, or the wall clock alone.
function clocks(wallOnly) {
  const lib = readdirSync('/usr/lib').map((d) => join('/usr/lib', d, 'faketime/libfaketimeMT.so.1')).find(existsSync);
  assert.ok(lib, 'libfaketime is not installed (tests/install-packages.sh test)');
  const file = join(tempDir('clock'), 'offset');
  const set = (seconds) => {
    writeFileSync(`${file}.new`, `${seconds < 0 ? '-' : '+'}${Math.abs(seconds)}\n`);
    renameSync(`${file}.new`, file);
  };
  set(0);
  const env = { LD_PRELOAD: lib, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1', FAKETIME_DONT_RESET: '1' };
  if (wallOnly) env.FAKETIME_DONT_FAKE_MONOTONIC = env.DONT_FAKE_MONOTONIC = '1';
  return { env, set };
}

test('a jump of the wall clock frees nothing and blocks nothing', async (t) => {
  const { env, set } = clocks(true);
  const { gw } = await direct(t, { gateway: { env }, config: { request: limit('name = "rpm"; requests = 1;') } });
  const day = 86400;
  assert.equal((await gw.once(t, get('/'))).status, 200);
  for (const offset of [0, day, -day]) {
    set(offset);
    const before = Date.now() / 1000;
    const no = await gw.once(t, get('/'));
    const after = Number(no.header('retry-after'));
    assert.equal(no.status, 429, `${offset}`);
    assert.ok(after > 50 && after <= 60, `${offset}: Retry-After: ${after}`);
    const off = Number(no.header('x-ratelimit-reset')) - (before + offset + after);
    assert.ok(off > -3 && off < 10, `${offset}: X-RateLimit-Reset is ${off} s off`);
  }
});

test('Retry-After is right for a burst and for steady load: so long refused, then let through', async (t) => {
  const { env, set } = clocks(false);
  const { gw } = await direct(t, { gateway: { env }, config: { request: limit('name = "rpm"; requests = 3;') } });
  const at = async (seconds, n = 1) => {
    set(seconds);
    const all = [];
    for (let i = 0; i < n; i++) all.push(await gw.once(t, get('/')));
    return all;
  };
  const status = async (...a) => (await at(...a)).map((r) => r.status);
  // A burst: all of it comes free with its slot.
  assert.deepEqual(await status(0, 3), [200, 200, 200]);
  const [burst] = await at(10);
  const first = Number(burst.header('retry-after'));
  assert.ok(first >= 48 && first <= 50, `Retry-After: ${first}`);
  assert.deepEqual(await status(10 + first - 3), [429]);
  // Steady load: one comes free at a time.
  const begin = 10 + first;
  assert.deepEqual([await status(begin), await status(begin + 20), await status(begin + 40)].flat(), [200, 200, 200]);
  const [steady] = await at(begin + 45);
  const next = Number(steady.header('retry-after'));
  assert.ok(next >= 13 && next <= 15, `Retry-After: ${next}`);
  assert.deepEqual(await status(begin + 45 + next - 3), [429]);
  assert.deepEqual(await status(begin + 45 + next, 2), [200, 429]);
});
