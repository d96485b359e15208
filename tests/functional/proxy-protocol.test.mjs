// SPDX-License-Identifier: MIT
// Binds that read the PROXY protocol: who the client is then, and what becomes of those who do not play by it.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { certificate, trust } from './lib/ca.mjs';
import tls from 'node:tls';
import { tempDir, within } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { RawClient } from './lib/raw.mjs';
import { get } from './lib/world.mjs';

const own = (bind, more = '') => `frontend: {\n  api: {\n    bind = ( ${bind} );\n    ${more}
    request = ( { respond: { status = 200; body = "%{client-ip}"; }; } ); }; };\n`;
const bind = (more = '') => `{ to = "127.0.0.1:0"; proxy-protocol = true; ${more} }`;

const V1 = 'PROXY TCP4 203.0.113.7 192.0.2.1 56324 443\r\n';
const SIGNATURE = '\r\n\r\n\0\r\nQUIT\n';
const v2 = (command, family, data) =>
  Buffer.concat([Buffer.from(SIGNATURE, 'latin1'), Buffer.from([command, family, data.length >> 8, data.length & 255]), Buffer.from(data)]);
const V4 = [203, 0, 113, 8, 192, 0, 2, 1, 0xdc, 4, 1, 0xbb];
const V6 = [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1, ...Array(16).fill(0), 1, 2, 3, 4];

const bytes = (...parts) => Buffer.concat(parts.map((p) => (typeof p === 'string' ? Buffer.from(p, 'latin1') : p)));

const HEADERS = {
  'version 1, IPv4': [V1, '203.0.113.7'],
  'version 1, IPv6': ['PROXY TCP6 2001:db8::1 ::1 1 2\r\n', '2001:db8::1'],
  'version 1, UNKNOWN': ['PROXY UNKNOWN\r\n', '127.0.0.1'],
  'version 2, IPv4': [v2(0x21, 0x11, V4), '203.0.113.8'],
  'version 2, IPv6': [v2(0x21, 0x21, V6), '2001:db8::1'],
  'version 2, a unix socket': [v2(0x21, 0x31, Array(216).fill(0)), 'unix'],
  'version 2, fields': [v2(0x21, 0x11, [...V4, 4, 0, 2, 0, 0, 1, 0, 0]), '203.0.113.8'],
  'version 2, LOCAL': [v2(0x20, 0, []), '127.0.0.1'],
  'version 2, LOCAL with an address': [v2(0x20, 0x11, V4), '127.0.0.1'],
};

test('the client is who the header says', async (t) => {
  const gw = await gateway(t, own(bind()));
  for (const [what, [header, client]] of Object.entries(HEADERS)) {
    const c = await gw.client(t);
    // Two requests: the header counts for the connection.
    await c.send(bytes(header, get(`/1?${what.length}`), get('/2')));
    for (const i of [0, 1]) assert.equal((await c.response(i)).body.toString(), client, what);
  }
  assert.equal((await gw.request('/2')).client, '203.0.113.7');
  assert.ok(!gw.lines.some((l) => 'hop' in l));
});

test('byte by byte, and a request that follows in the same byte stream', async (t) => {
  const gw = await gateway(t, own(bind()));
  for (const header of [V1, v2(0x21, 0x11, V4)]) {
    const c = await gw.client(t);
    for (const b of bytes(header, get('/'))) {
      await c.send(Buffer.from([b]));
      await new Promise(setImmediate);
    }
    assert.match((await c.response()).body.toString(), /^203\.0\.113\.[78]$/);
  }
});

const HOSTILE = {
  'no header': get('/'),
  'a TLS hello': bytes(Buffer.from([0x16, 3, 1, 0, 0x80]), 'x'.repeat(128)),
  'lower case': V1.toLowerCase() + get('/'),
  'LF alone': V1.replace('\r', '') + get('/'),
  'an address that is none': 'PROXY TCP4 localhost 192.0.2.1 1 2\r\n' + get('/'),
  'a line without end': `PROXY UNKNOWN ${'a'.repeat(200)}`,
  'a line break inside': 'PROXY TCP4 203.0.113.7\r\nX: y 1 2\r\n' + get('/'),
  'version 2 cut short for its family': bytes(v2(0x21, 0x21, V4), get('/')),
  'a field that is longer than the header': bytes(v2(0x21, 0x11, [...V4, 4, 255, 255]), get('/')),
  'a wrong checksum': bytes(v2(0x21, 0x11, [...V4, 3, 0, 4, 1, 2, 3, 4]), get('/')),
  'a header of 65551 bytes': bytes(SIGNATURE, Buffer.from([0x21, 0x11, 255, 255]), 'x'.repeat(65535)),
  'an unknown command': bytes(v2(0x2f, 0x11, V4), get('/')),
};

test('who sends no proper header is cut off, logged and counted', async (t) => {
  const gw = await gateway(t, own(bind()));
  for (const [what, data] of Object.entries(HOSTILE)) {
    const c = await gw.client(t);
    c.send(data);
    await c.gone();
    assert.equal(c.received.length, 0, what);
  }
  const cut = await gw.client(t);
  await cut.send(V1.slice(0, 20));
  cut.fin();
  await cut.gone();
  const n = Object.keys(HOSTILE).length + 1;
  await gw.waitForLog(() => gw.lines.filter((l) => l.event === 'proxy_header_refused').length === n);
  for (const l of gw.lines.filter((l) => l.event === 'proxy_header_refused'))
    assert.match(l.message, /^frontend api, connection from 127\.0\.0\.1: no PROXY protocol header: /);
  // Connecting and leaving is no mistake.
  const quiet = await gw.client(t);
  quiet.fin();
  await quiet.gone();
  assert.equal((await gw.counters()).proxy_headers_refused_total, n);
  assert.equal(gw.lines.filter((l) => l.event === 'request_complete').length, 0);
});

test('the header has timeout.request-head, from the first moment on', async (t) => {
  const gw = await gateway(t, own(bind(), 'timeout: { request-head = "300ms"; };'));
  for (const first of ['', V1.slice(0, 10), v2(0x21, 0x11, V4).subarray(0, 14)]) {
    const c = await gw.client(t);
    if (first.length) await c.send(first);
    await c.gone();
    assert.equal(c.received.length, 0);
  }
  await gw.waitForLog((l) => l.event === 'proxy_header_refused' && /in time \(timeout\.request-head\)/.test(l.message));
  // A drip does not help.
  const c = await gw.client(t);
  await c.send('PROXY UNKNOWN ');
  const drip = setInterval(() => c.send('a'), 50);
  await c.gone().finally(() => clearInterval(drip));
});

test('from an address that is not trusted a header is only a bad request', async (t) => {
  const gw = await gateway(t, own(bind('trusted = [ "192.0.2.0/24", "::1" ];')));
  const c = await gw.client(t);
  await c.send(bytes(V1, get('/spoofed')));
  const r = await c.response();
  assert.deepEqual([r.status, r.json.error.type], [400, 'bad_request_line']);
  await c.gone();
  assert.equal((await gw.once(t, get('/direct'))).body.toString(), '127.0.0.1');
  const b = await gw.client(t);
  await b.send(bytes(v2(0x21, 0x11, V4), get('/spoofed')));
  await b.gone();
  assert.ok(!b.received.toString('latin1').includes('203.0.113'));
  for (const l of gw.lines.filter((l) => l.event === 'request_complete')) assert.equal(l.client, '127.0.0.1');
});

test('a trusted address has to send it; unix sockets and TLS behind it', async (t) => {
  const { cert, key } = certificate();
  const socket = join(tempDir('proxied'), 'gate.sock');
  const binds = `${bind('trusted = "127.0.0.0/8";')}, { to = "unix:${socket}"; proxy-protocol = true; },
    ${bind(`tls: { cert = "${cert}"; key = "${key}"; };`)}`;
  const gw = await gateway(t, own(binds));
  const none = await gw.client(t);
  none.send(get('/'));
  await none.gone();
  assert.equal(none.received.length, 0);
  const c = await RawClient.connect(t, `unix:${socket}`);
  await c.send(bytes(V1, get('/')));
  assert.equal((await c.response()).body.toString(), '203.0.113.7');
  // The header, then the handshake, in pieces that do not end where it does.
  const plain = await RawClient.connect(t, gw.address('api', 2));
  await plain.send(v2(0x21, 0x11, V4));
  plain.socket.removeAllListeners('data');
  const secure = tls.connect({ socket: plain.socket, ...trust() });
  t.after(() => secure.destroy());
  let answer = '';
  const done = new Promise((ok, fail) => secure.on('error', fail).on('data', (b) => (answer += b).includes('203.0.113.8') && ok()));
  secure.write(get('/'));
  await within(done, 'the answer over TLS');
  assert.match(answer, /^HTTP\/1\.1 200 /);
});
