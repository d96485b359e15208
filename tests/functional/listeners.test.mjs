// SPDX-License-Identifier: MIT
// Where clients connect: TCP, IPv6, unix sockets, TLS, and what is said when an address cannot be had.
import assert from 'node:assert/strict';
import { once as event } from 'node:events';
import { chmodSync, existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { caFile, certificate, trust } from './lib/ca.mjs';
import { WRAPPER, tempDir, within } from './lib/env.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { RawClient, once } from './lib/raw.mjs';
import { config, direct, get } from './lib/world.mjs';

const { cert, key } = certificate();
const TLS = `tls: { cert = "${cert}"; key = "${key}"; };`;

// A frontend that answers by itself.
const own = (bind, more = '') => `frontend: {\n  api: {\n    bind = ( ${bind} );\n    ${more}
    request = ( { respond: { status = 200; body = "%{frontend} %{client-ip}\\n"; }; } ); }; };\n`;

// The end of a start that cannot succeed: exit 1 and one sentence that begins with the place.
async function refused(text, line, what, options) {
  const dir = writeFiles({ 'hdrgate.cfg': text });
  const file = join(dir, 'hdrgate.cfg');
  const r = await run(['run', '-f', file, '--ready-file', join(dir, 'ready')], options);
  assert.deepEqual([r.code, r.signal], [1, null], r.stderr);
  const [sentence, ...rest] = r.stderr.split('\n').filter((l) => !/ warning: /.test(l));
  assert.ok(sentence.startsWith(`hdrgate: ${file}:${line}: `), r.stderr);
  assert.match(sentence, what);
  assert.deepEqual(rest, [''], r.stderr);
  assert.ok(!existsSync(join(dir, 'ready')));
  return r;
}

test('several binds of one frontend, port 0 in the ready file and in the log', async (t) => {
  const socket = join(tempDir('unix'), 'gate.sock');
  const bind = `"127.0.0.1:0", "[::1]:0", "127.0.0.1:0", "unix:${socket}", { to = "127.0.0.1:0"; ${TLS} }`;
  const { gw, up } = await direct(t, { config: { bind } });
  assert.equal(gw.ready.pid, WRAPPER.length ? gw.ready.pid : gw.pid);
  const said = gw.ready.listeners;
  assert.deepEqual(said.map((l) => [l.frontend, l.bind]), ['127.0.0.1:0', '[::1]:0', '127.0.0.1:0', `unix:${socket}`, '127.0.0.1:0'].map((b) => ['api', b]));
  assert.deepEqual(said.map((l) => l.address.replace(/:[1-9]\d*$/, ':N')), ['127.0.0.1:N', '[::1]:N', '127.0.0.1:N', `unix:${socket}`, '127.0.0.1:N']);
  assert.equal(new Set(said.map((l) => l.address)).size, 5);
  await gw.waitForLog((l) => l.event === 'startup');
  const logged = gw.lines.filter((l) => l.event === 'listening').map((l) => l.message);
  assert.deepEqual(logged, said.map((l, i) => `frontend api on ${l.address}${i === 4 ? ' (TLS)' : ''}`));
  for (const [i, { address }] of said.entries()) {
    const r = await once(t, address, get(`/${i}`), { tls: i === 4 && trust() });
    assert.equal(r.status, 200, address);
    assert.equal((await gw.request(`/${i}`)).client, i === 1 ? '::1' : i === 3 ? 'unix' : '127.0.0.1');
  }
  assert.equal(up.requests.length, 5);
});

test('all workers share the port, and one worker is enough for it', async (t) => {
  for (const threads of [1, 4]) {
    const gw = await gateway(t, `global: { threads = ${threads}; };\n${own('"127.0.0.1:0"')}`);
    const answers = await Promise.all(Array.from({ length: 20 }, () => gw.once(t, get('/'))));
    assert.deepEqual(answers.map((r) => r.body.toString()), answers.map(() => 'api 127.0.0.1\n'));
  }
});

test('TLS for clients: TLS 1.2 and newer, keep-alive, and a plain client or a bad handshake harms nobody', async (t) => {
  const { gw, up } = await direct(t, { config: { frontend: TLS } });
  const c = await gw.client(t, { tls: trust() });
  assert.equal(c.socket.getProtocol(), 'TLSv1.3');
  for (let i = 0; i < 3; i++) {
    c.send(get(`/${i}`));
    assert.equal((await c.response(i)).json.target, `/${i}`);
  }
  const old = await gw.client(t, { tls: { ...trust(), maxVersion: 'TLSv1.2' } });
  assert.equal(old.socket.getProtocol(), 'TLSv1.2');
  const older = { ...trust(), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' };
  await assert.rejects(gw.client(t, { tls: older }), /alert protocol version|unsupported protocol/);
  const plain = await gw.client(t);
  plain.send(get('/plain'));
  await plain.gone();
  assert.equal(plain.responses.length, 0);
  await gw.waitForLog((l) => l.event === 'client_tls_failed' && /frontend api, client 127\.0\.0\.1: \S/.test(l.message));
  c.send(get('/last'));
  assert.equal((await c.response(3)).json.target, '/last');
  assert.ok(!up.requests.some((r) => r.target === '/plain'));
});

test('a client that ends in the middle of its handshake, or never begins it', async (t) => {
  const { gw } = await direct(t, { config: { frontend: `${TLS} timeout: { request-head = "300ms"; };` } });
  const half = await gw.client(t);
  half.send(Buffer.from('16030100', 'hex'));
  half.fin();
  await half.gone();
  const silent = await gw.client(t);
  await silent.gone(); // timeout.request-head covers the handshake
  assert.equal((await gw.once(t, get('/'), { tls: trust() })).status, 200);
});

test('a large answer over TLS arrives whole', async (t) => {
  const body = 'x'.repeat(3 << 20);
  const { gw } = await direct(t, { upstream: { handle: (req, res) => res.send(200, body) }, config: { frontend: TLS } });
  const r = await gw.once(t, get('/'), { tls: trust() });
  assert.equal(r.body.length, body.length);
});

test('client-ca: only clients with a certificate of it get in', async (t) => {
  const { gw } = await direct(t, { config: { frontend: TLS.replace('};', `client-ca = "${caFile()}"; };`) } });
  const { cert: c, key: k } = certificate('client');
  const mine = { cert: readFileSync(c), key: readFileSync(k) };
  assert.equal((await gw.once(t, get('/'), { tls: { ...trust(), ...mine } })).status, 200);
  for (const tls of [trust(), { ...trust(), cert: readFileSync(certificate('self-signed').cert), key: readFileSync(certificate('self-signed').key) }]) {
    const c = await gw.client(t, { tls }).catch(() => null); // TLS 1.3 tells the client later
    c?.send(get('/stranger'));
    if (c) await c.gone();
    assert.equal(c?.responses.length ?? 0, 0);
  }
  await gw.stop();
  assert.ok(!gw.lines.some((l) => l.path === '/stranger'));
});

test('a certificate that cannot be used is an error with its place', async () => {
  const other = certificate('client');
  const cases = [
    ['/no/such.crt', key, /x\.cfg:4: frontend\.api\.tls\.cert: the file cannot be read: No such file or directory\n/],
    [cert, '/no/such.key', /x\.cfg:4: frontend\.api\.tls\.key: the file cannot be read: No such file or directory\n/],
    [cert, other.key, /^hdrgate: \S+x\.cfg:3: frontend\.api\.bind 127\.0\.0\.1:0: tls: cannot use the private key in \S+client\.key\.pem: key values mismatch\n$/],
    [key, key, /^hdrgate: \S+x\.cfg:3: frontend\.api\.bind 127\.0\.0\.1:0: tls: \S.* in \S+good\.key\.pem: \S/],
  ];
  for (const [c, k, says] of cases) {
    const text = own('"127.0.0.1:0"', `tls: { cert = "${c}"; key = "${k}"; };`);
    const r = await run(['run', '-f', join(writeFiles({ 'x.cfg': text }), 'x.cfg')]);
    assert.equal(r.code, 1, r.stderr);
    assert.match(r.stderr, says, r.stderr);
    assert.equal(r.stderr.split(/x\.cfg:\d/).length, 2, r.stderr);
  }
});

test('unix sockets: mode, and the file goes away', async (t) => {
  for (const mode of [undefined, '0660', '0666']) {
    const path = join(tempDir('unix'), 'gate.sock');
    const gw = await gateway(t, own(mode ? `{ to = "unix:${path}"; mode = "${mode}"; }` : `"unix:${path}"`));
    assert.equal((lstatSync(path).mode & 0o777).toString(8), (mode ?? '0600').slice(1));
    assert.equal((await gw.once(t, get('/'))).body.toString(), 'api unix\n');
    await gw.stop();
    assert.ok(!existsSync(path));
  }
});

test('a unix socket that a crash left is replaced, a live one and any other file are not', async (t) => {
  const path = join(tempDir('unix'), 'gate.sock');
  const text = own(`"unix:${path}"`);
  const gw = await gateway(t, text);
  await refused(text, 3, /: bind unix:\/.*: Address already in use; something else listens there$/);
  assert.equal((await gw.once(t, get('/'))).status, 200);
  if (!WRAPPER.length) {
    gw.stopped = true; // it ends as nobody should
    gw.kill('SIGKILL');
    await gw.ended;
    assert.ok(existsSync(path));
    const next = await gateway(t, text);
    assert.equal((await next.once(t, get('/'))).status, 200);
    await next.stop();
  } else {
    await gw.stop();
  }
  writeFileSync(path, 'precious');
  await refused(text, 3, /: bind unix:\/.*: File exists/);
  assert.ok(lstatSync(path).isFile());
});

test('the end of a gateway leaves the socket of its successor alone', async (t) => {
  const path = join(tempDir('unix'), 'gate.sock');
  const { gw, up } = await direct(t, {
    config: { bind: `"unix:${path}"` },
    upstream: { handle: (req, res) => (req.target === '/wait' ? undefined : res.send(200, 'x')) },
  });
  const c = await gw.client(t);
  c.send(get('/wait'));
  await up.request();
  gw.kill('SIGTERM');
  await gw.waitForLog((l) => l.event === 'shutdown');
  // The listener closes a moment after the line.
  const free = async () => {
    const s = net.connect(path);
    const e = await Promise.race([event(s, 'error').then(([e]) => e), event(s, 'close').then(() => null)]).catch((e) => e);
    return e?.code === 'ECONNREFUSED' || free();
  };
  await within(free(), 'the old socket to refuse');
  const next = await gateway(t, own(`"unix:${path}"`));
  c.destroy();
  await gw.stop();
  assert.equal((await next.once(t, get('/'))).body.toString(), 'api unix\n');
});

test('a port in use', async (t) => {
  const server = net.createServer().listen(0, '127.0.0.1');
  await event(server, 'listening');
  t.after(() => server.close());
  const used = /: bind 127\.0\.0\.1:\d+: cannot listen: Address already in use; something else listens there$/;
  await refused(own(`"127.0.0.1:${server.address().port}"`), 3, used);
  const gw = await gateway(t, own('"127.0.0.1:0"'));
  await refused(own(`"127.0.0.1:0",\n "${gw.address()}"`), 4, used); // hdrgate's own port is not shared either
  assert.equal((await gw.once(t, get('/'))).status, 200);
});

test('an address that is not ours, a folder that is not there', async () => {
  await refused(own('"192.0.2.1:8080"'), 3, /: bind 192\.0\.2\.1:8080: cannot listen: Cannot assign requested address; this machine has no such address$/);
  await refused(own('"unix:/no/such/folder/x.sock"'), 3, /: bind unix:\/no\/such\/folder\/x\.sock: cannot listen: No such file or directory$/);
});

test('no permission', { skip: process.getuid() !== 0 && 'only root can give up privileges' }, async () => {
  // Ports below 1024 are open to all in some containers; a folder of root's is not.
  const dir = tempDir('closed');
  const wrapper = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', ...WRAPPER];
  const text = own(`"unix:${dir}/x.sock"`);
  const file = join(writeFiles({ 'hdrgate.cfg': text }), 'hdrgate.cfg');
  chmodSync(file, 0o644);
  const r = await run(['run', '-f', file], { wrapper });
  assert.equal(r.code, 1, r.stderr);
  assert.equal(r.stderr, `hdrgate: ${file}:3: bind unix:${dir}/x.sock: cannot listen: Permission denied; ports below 1024 and foreign folders need privileges\n`);
});

test('the same address twice is a mistake of the configuration', async () => {
  const cases = [
    ['"127.0.0.1:8080",\n"127.0.0.1:8080"', '127.0.0.1:8080'],
    ['"*:8080",\n"0.0.0.0:8080"', '0.0.0.0:8080'],
    ['"unix:/tmp/x.sock",\n"unix:/tmp/x.sock"', 'unix:/tmp/x.sock'],
    ['"[::1]:8080",\n"[::1]:8080"', '[::1]:8080'],
  ];
  for (const command of ['check', 'run']) {
    for (const [bind, shown] of cases) {
      const file = join(writeFiles({ 'x.cfg': own(bind) }), 'x.cfg');
      const r = await run([command, '-f', file]);
      assert.equal(r.code, 1, r.stderr);
      assert.ok(r.stderr.startsWith(`${file}:4: frontend.api.bind: ${shown} is bound already (by frontend api at ${file}:3)\n`), r.stderr);
    }
  }
});

test('a ready file that cannot be written', async () => {
  const file = join(writeFiles({ 'x.cfg': own('"127.0.0.1:0"') }), 'x.cfg');
  const r = await run(['run', '-f', file, '--ready-file', '/no/such/folder/ready']);
  assert.equal(r.code, 1);
  assert.match(r.stderr, /^hdrgate: ready file \/no\/such\/folder\/ready[^\n]*: No such file or directory\n$/);
});

test('the binds of a frontend that is not configured are open too', async (t) => {
  const text = config({ url: 'https://api.test.example', bind: '"127.0.0.1:0", "[::1]:0"' });
  const gw = await gateway(t, text, { env: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
  for (const i of [0, 1]) {
    const c = await RawClient.connect(t, gw.address('api', i));
    c.send(get('/'));
    assert.equal((await c.response()).status, 503);
  }
});
