// SPDX-License-Identifier: MIT
// Certificates of both sides rotate under a running gateway: new connections show the new one.
import assert from 'node:assert/strict';
import { copyFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import tls from 'node:tls';
import { test } from 'node:test';
import { caFile, certificate, trust } from './lib/ca.mjs';
import { tempDir } from './lib/env.mjs';
import { direct, get } from './lib/world.mjs';
import { place } from './lib/raw.mjs';

function put(dir, kind) {
  const { cert, key } = certificate(kind);
  for (const [from, name] of [[cert, 'tls.crt'], [key, 'tls.key']]) {
    copyFileSync(from, join(dir, `${name}.new`));
    renameSync(join(dir, `${name}.new`), join(dir, name));
  }
}

const shown = (address) =>
  new Promise((done, fail) => {
    const s = tls.connect({ ...place(address), ca: trust().ca, checkServerIdentity: () => undefined }, () => {
      done(s.getPeerCertificate().subject.CN);
      s.destroy();
    });
    s.on('error', fail);
  });

test("a frontend's certificate", async (t) => {
  const dir = tempDir('server-cert');
  put(dir, 'good');
  const { gw } = await direct(t, { config: { bind: `{ to = "127.0.0.1:0"; tls: { cert = "${dir}/tls.crt"; key = "${dir}/tls.key"; }; }` } });
  assert.equal(await shown(gw.address()), 'good.test.example');
  const old = await gw.client(t, { tls: trust() });
  await old.send(get('/1'));
  assert.equal((await old.response(0)).status, 200);
  put(dir, 'wrong-name');
  await gw.waitForLog((l) => l.event === 'tls_rotated');
  assert.equal(await shown(gw.address()), 'wrong-name.test.example');
  // Who is connected stays connected.
  await old.send(get('/2'));
  assert.equal((await old.response(1)).status, 200);
  writeFileSync(join(dir, 'tls.crt'), 'not a certificate');
  const kept = await gw.waitForLog((l) => l.event === 'tls_kept');
  assert.match(kept.message, /tls.crt.*what was there before is used/);
  assert.equal(await shown(gw.address()), 'wrong-name.test.example');
  assert.ok((await gw.counters()).tls_rotated_total >= 1);
});

test("a backend's client certificate", async (t) => {
  const dir = tempDir('client-cert');
  put(dir, 'client');
  const seen = [];
  const handle = (req, res) => {
    seen.push(res.socket.getPeerCertificate()?.subject?.CN);
    return res.send(200, 'ok', { Connection: 'close' });
  };
  const { gw } = await direct(t, {
    upstream: { handle, tlsOptions: { requestCert: true, rejectUnauthorized: false } },
    config: { tls: `ca = "${caFile()}"; cert = "${dir}/tls.crt"; key = "${dir}/tls.key";` },
  });
  assert.equal((await gw.once(t, get('/'))).status, 200);
  put(dir, 'good');
  await gw.waitForLog((l) => l.event === 'tls_rotated');
  assert.equal((await gw.once(t, get('/'))).status, 200);
  assert.deepEqual(seen, ['client.test.example', 'good.test.example']);
});

test('a reload reads certificates at once; a pair that does not belong together changes nothing', async (t) => {
  const dir = tempDir('server-cert');
  put(dir, 'good');
  const { gw } = await direct(t, { config: { bind: `{ to = "127.0.0.1:0"; tls: { cert = "${dir}/tls.crt"; key = "${dir}/tls.key"; }; }` } });
  const old = await gw.client(t, { tls: trust() });
  put(dir, 'wrong-name');
  assert.equal((await gw.again()).event, 'reload');
  assert.equal(await shown(gw.address()), 'wrong-name.test.example');
  copyFileSync(certificate('client').key, join(dir, 'tls.key'));
  const failed = await gw.again();
  assert.equal(failed.event, 'reload_failed');
  assert.match(failed.message, /tls\.(crt|key)/);
  assert.equal(await shown(gw.address()), 'wrong-name.test.example');
  copyFileSync(certificate('client').cert, join(dir, 'tls.crt'));
  assert.equal((await gw.again()).event, 'reload');
  assert.equal(await shown(gw.address()), 'client.test.example');
  await old.send(get('/'));
  assert.equal((await old.response(0)).status, 200);
  // After many reloads the files are still watched.
  put(dir, 'good');
  await gw.until(() => gw.lines.filter((l) => l.event === 'tls_rotated').length > 0 || undefined, 'a rotation');
  while ((await shown(gw.address())) !== 'good.test.example') continue;
});

test('an authority that is trusted no more: a session from before does not go round the check', async (t) => {
  const ca = join(tempDir('ca-file'), 'ca.pem');
  const trusted = (name) => {
    copyFileSync(caFile(name), `${ca}.new`);
    renameSync(`${ca}.new`, ca);
  };
  trusted('ca');
  const { up, gw } = await direct(t, { config: { threads: 1, tls: `ca = "${ca}";` } });
  const answer = async (path) => {
    up.closeAll();
    await up.until((u) => u.live.size === 0);
    return (await gw.once(t, get(path))).status;
  };
  assert.deepEqual([await answer('/1'), await answer('/2'), up.resumed], [200, 200, 1]);
  trusted('another');
  await gw.waitForLog((l) => l.event === 'tls_rotated');
  assert.equal(await answer('/3'), 502);
  assert.equal((await gw.request('/3')).error, 'tls_certificate');
  trusted('ca');
  assert.equal((await gw.again()).event, 'reload');
  assert.equal(await answer('/4'), 200);
});
