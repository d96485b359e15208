// SPDX-License-Identifier: MIT
// Every row of data/legal-input.mjs is accepted and reaches the upstream as it should.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { legal } from './data/legal-input.mjs';
import { direct, BEARER } from './lib/world.mjs';

async function exchange(t, gw, what, bytes, answers, pieces) {
  const c = await gw.client(t);
  if (pieces) for (const b of bytes) c.send(b);
  else c.send(bytes);
  for (const [i, status] of answers.entries()) {
    const r = await c.response(i);
    assert.equal(r.status, status, `${what}: ${r.body}`);
  }
  c.destroy();
}

function same(what, r, want) {
  for (const k of ['method', 'target', 'length']) if (k in want) assert.equal(r[k], want[k], `${what}: ${k}`);
  if ('body' in want) assert.equal(Buffer.concat(r.chunks).toString('latin1'), want.body, what);
  if (want.trailers) assert.deepEqual(r.trailers, want.trailers, what);
  for (const [n, v] of Object.entries(want.headers ?? {})) assert.equal(r.header(n) ?? null, v, `${what}: ${n}`);
  for (const [n, v] of Object.entries(want.all ?? {})) assert.deepEqual(r.all(n), v, `${what}: ${n}`);
  assert.deepEqual(r.all('authorization'), [BEARER], what);
  assert.deepEqual(r.all('host'), [`localhost:${r.connection.upstream.port}`], what);
}

test('there are enough rows, each with the section it is about', () => {
  assert.ok(legal.length >= 60);
  for (const row of legal) assert.match(row[3], /^\d{4} \d+(\.\d+)*$/, row[0]);
});

test('accepted', async (t) => {
  const { up, gw } = await direct(t);
  for (const [what, where, bytes, , want = {}] of legal) {
    await t.test(`${where}: ${what}`, async (t) => {
      const before = up.requests.length;
      const answers = want.answers ?? [200];
      await exchange(t, gw, what, bytes, answers);
      assert.equal(up.requests.length - before, answers.length, what);
      same(what, up.requests[before], want);
    });
  }
});

test('accepted when they arrive byte by byte', async (t) => {
  const { up, gw } = await direct(t);
  for (const [what, , bytes, , want = {}] of legal.filter((r) => r[2].length < 400)) {
    const before = up.requests.length;
    await exchange(t, gw, what, bytes, want.answers ?? [200], true);
    same(what, up.requests[before], want);
  }
});
