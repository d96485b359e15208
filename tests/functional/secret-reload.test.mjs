// SPDX-License-Identifier: MIT
// A reload keeps what did not change: a command's value and its timer, a file's last good value.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { direct, get } from './lib/world.mjs';

async function reload(gw, text) {
  const seen = gw.lines.length;
  if (text) writeFileSync(join(gw.dir, 'hdrgate.cfg'), text);
  gw.kill('SIGHUP');
  await gw.waitForLog((l) => l.event === 'reload' && gw.lines.indexOf(l) >= seen, 'the reload');
}

test('a command that did not change is not run again, and serves at once; one that did is', async (t) => {
  const dir = tempDir('command'), runs = join(dir, 'runs');
  writeFileSync(runs, '');
  writeFileSync(join(dir, 'run.sh'), `#!/bin/sh\necho run >> ${runs}\necho "value-$1"\n`, { mode: 0o755 });
  const count = () => readFileSync(runs, 'utf8').length / 4;
  const { up, gw, text } = await direct(t, { config: { secret: `k: { exec = [ "${dir}/run.sh", "1" ]; };` } });
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  for (let i = 0; i < 3; i++) {
    await reload(gw);
    assert.equal((await gw.once(t, get('/'))).status, 200);
  }
  assert.equal(count(), 1);
  await reload(gw, text.replace('"1" ]', '"2" ]'));
  assert.equal((await gw.once(t, get('/'))).status, 200);
  assert.equal(up.requests.at(-1).header('authorization'), 'Bearer value-2');
  assert.equal(count(), 2);
});

test('a file that is empty at a reload keeps its last good value, and is still watched', async (t) => {
  const path = join(tempDir('secret'), 'key');
  writeFileSync(path, 'value-1');
  const { up, gw } = await direct(t, { config: { secret: `k: { file = "${path}"; };` }, gateway: { stderr: /.*/s } });
  writeFileSync(path, '');
  await gw.waitForLog((l) => l.event === 'secret_kept');
  await reload(gw);
  assert.equal((await gw.once(t, get('/'))).status, 200);
  writeFileSync(path, 'value-2');
  await gw.waitForLog((l) => l.event === 'secret_rotated');
  assert.equal((await gw.once(t, get('/'))).status, 200);
  assert.deepEqual(up.requests.map((r) => r.header('authorization')), ['Bearer value-1', 'Bearer value-2']);
});
