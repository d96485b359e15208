// SPDX-License-Identifier: MIT
// Secrets in files rotate under a running gateway: by rename, in place, and as Kubernetes does it.
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { PATIENCE, tempDir } from './lib/env.mjs';
import { run, writeFiles } from './lib/gateway.mjs';
import { config, direct, get } from './lib/world.mjs';

// What the issue promises: the next request after this uses the new value.
const SOON = 200 * PATIENCE;

async function scene(t, path, options = {}) {
  const w = await direct(t, { config: { secret: `k: { file = "${path}"; ${options.more ?? ''} };` }, gateway: options.gateway });
  let n = 0;
  const used = async () => {
    const r = await w.gw.once(t, get(`/${++n}`));
    return r.status === 200 ? w.up.requests.at(-1).header('authorization') : r;
  };
  return { ...w, used };
}

function replace(path, text) {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

test('a file replaced by a rename is used by a request 200 ms later', async (t) => {
  const path = join(tempDir('secret'), 'key');
  writeFileSync(path, 'value-1\n');
  const { gw, used } = await scene(t, path);
  assert.equal(await used(), 'Bearer value-1');
  for (let i = 2; i < 6; i++) {
    replace(path, `value-${i}\n`);
    await sleep(SOON);
    assert.equal(await used(), `Bearer value-${i}`);
  }
  assert.equal((await gw.counters()).secrets_rotated_total, 4);
  assert.ok(!/value-/.test(gw.text()), 'a value in the log');
});

test('a file written in place is used once it is closed', async (t) => {
  const path = join(tempDir('secret'), 'key');
  writeFileSync(path, 'value-1');
  const { used } = await scene(t, path);
  assert.equal(await used(), 'Bearer value-1');
  writeFileSync(path, 'value-2');
  await sleep(SOON);
  assert.equal(await used(), 'Bearer value-2');
});

test('a swap of ..data, as Kubernetes does it, is used by a request 200 ms later', async (t) => {
  const dir = tempDir('volume');
  const put = (name, value) => {
    mkdirSync(join(dir, name));
    writeFileSync(join(dir, name, 'key'), value);
    symlinkSync(name, join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  };
  put('..2026_01', 'value-1');
  symlinkSync(join('..data', 'key'), join(dir, 'key'));
  const { used } = await scene(t, join(dir, 'key'));
  assert.equal(await used(), 'Bearer value-1');
  put('..2026_02', 'value-2');
  rmSync(join(dir, '..2026_01'), { recursive: true });
  await sleep(SOON);
  assert.equal(await used(), 'Bearer value-2');
  put('..2026_03', 'value-3');
  await sleep(SOON);
  assert.equal(await used(), 'Bearer value-3');
});

test('a link to another folder: its target is watched too', async (t) => {
  const dir = tempDir('link'), far = tempDir('far');
  writeFileSync(join(far, 'token'), 'value-1');
  symlinkSync(join(far, 'token'), join(dir, 'key'));
  const { used } = await scene(t, join(dir, 'key'));
  assert.equal(await used(), 'Bearer value-1');
  replace(join(far, 'token'), 'value-2');
  await sleep(SOON);
  assert.equal(await used(), 'Bearer value-2');
});

test('a file that turns empty or goes keeps the last good value: one line each, and a counter', async (t) => {
  const path = join(tempDir('secret'), 'key');
  writeFileSync(path, 'value-1');
  const { gw, used } = await scene(t, path, { more: 'validate = "^value-[0-9]$";' });
  const kept = (why) => gw.waitForLog((l) => l.event === 'secret_kept' && why.test(l.message), `secret_kept ${why}`);
  replace(path, '\n');
  await kept(/is empty; the value from before is used/);
  replace(path, '  ');
  replace(path, 'oops, an error page');
  await kept(/does not match validate/);
  unlinkSync(path);
  await kept(/cannot be read: No such file/);
  assert.equal(await used(), 'Bearer value-1');
  const lines = gw.lines.filter((l) => l.event === 'secret_kept');
  assert.ok(lines.every((l) => l.level === 'warn' && l.message.includes(path)));
  assert.equal(lines.filter((l) => /is empty/.test(l.message)).length, 1);
  assert.ok((await gw.counters()).secrets_kept_total >= 3);
  writeFileSync(path, 'value-2');
  await gw.waitForLog((l) => l.event === 'secret_recovered');
  assert.equal(await used(), 'Bearer value-2');
  assert.ok(!/value-1|value-2|oops/.test(gw.text()), 'a value in the log');
});

test('a file that appears after the start configures what waited for it', async (t) => {
  const dir = tempDir('late'), path = join(dir, 'sub', 'key');
  const { gw, used } = await scene(t, path);
  const r = await used();
  assert.deepEqual([r.status, r.json.error.type], [503, 'not_configured']);
  assert.ok(r.json.error.message.includes(path));
  mkdirSync(join(dir, 'sub'));
  writeFileSync(path, 'value-1');
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  assert.equal(await used(), 'Bearer value-1');
});

test('a named field of a JSON file is the value', async (t) => {
  const path = join(tempDir('secret'), 'key.json');
  writeFileSync(path, '{ "data": { "token": "value-1" } }\n');
  const { used } = await scene(t, path, { more: 'field = "data.token";' });
  assert.equal(await used(), 'Bearer value-1');
  replace(path, '{ "data": { "token": "value-2" } }\n');
  await sleep(SOON);
  assert.equal(await used(), 'Bearer value-2');
});

const root = process.getuid() === 0;

test('what cannot be read again as global.user is refused at the start', { skip: !root }, async () => {
  const dir = tempDir('rootonly'), path = join(dir, 'key');
  const text = config({ url: 'https://localhost:1', via: 'direct', global: 'user = "nobody";', secret: `k: { file = "${path}"; };` });
  const file = join(writeFiles({ 'hdrgate.cfg': text }), 'hdrgate.cfg');
  const start = () => run(['run', '-f', file, '--ready-file', join(dir, 'ready.json')]);
  writeFileSync(path, 'value-1', { mode: 0o600 });
  const refused = await start();
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /secret k: \S+key cannot be read again as user nobody \(global.user\): Permission denied/);
  // Past this check it comes to what else that user may not do: write the ready file here.
  chmodSync(path, 0o644);
  assert.match((await start()).stderr, /ready file/);
});
