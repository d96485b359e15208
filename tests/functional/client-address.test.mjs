// SPDX-License-Identifier: MIT
// Who the client is behind hops that say so: only those that are trusted are believed.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { once } from './lib/raw.mjs';
import { get } from './lib/world.mjs';

const own = (bind, more = '') => `frontend: {\n  api: {\n    bind = ( ${bind} );\n    ${more}
    request = ( { respond: { status = 200; body = "%{client-ip}"; }; } ); }; };\n`;
const xff = (...values) => values.map((v) => `X-Forwarded-For: ${v}\r\n`).join('');

test('without trusted-hops X-Forwarded-For is a header like any other', async (t) => {
  const socket = join(tempDir('hops'), 'gate.sock');
  const gw = await gateway(t, own(`"127.0.0.1:0", "unix:${socket}"`));
  assert.equal((await gw.once(t, get('/', xff('203.0.113.1')))).body.toString(), '127.0.0.1');
  assert.equal((await once(t, `unix:${socket}`, get('/', xff('203.0.113.1')))).body.toString(), 'unix');
  assert.ok(gw.lines.filter((l) => l.event === 'request_complete').every((l) => !('hop' in l)));
});

test('a trusted hop is believed, one request at a time, and the log names both', async (t) => {
  const gw = await gateway(t, own('"127.0.0.1:0"', 'trusted-hops = [ "127.0.0.1", "10.0.0.0/8" ];'));
  const c = await gw.client(t);
  const rows = [
    [xff('203.0.113.1'), '203.0.113.1'],
    ['', '127.0.0.1'],
    [xff('1.1.1.1, 203.0.113.2, 10.0.0.9'), '203.0.113.2'],
    [xff('1.1.1.1', '203.0.113.3'), '203.0.113.3'],
    [xff('1.1.1.1, garbage'), '127.0.0.1'],
    [xff('10.0.0.1, 10.0.0.2'), '10.0.0.1'],
  ];
  for (const [i, [more, client]] of rows.entries()) {
    await c.send(get(`/${i}`, more));
    assert.equal((await c.response(i)).body.toString(), client, more);
    const line = await gw.request(`/${i}`);
    assert.deepEqual([line.client, line.hop], [client, client === '127.0.0.1' ? undefined : '127.0.0.1']);
  }
});

test('spoofed: the peer is not a trusted hop', async (t) => {
  const gw = await gateway(t, own('"127.0.0.1:0"', 'trusted-hops = "10.0.0.0/8";'));
  for (const value of ['203.0.113.1', '10.0.0.1', '127.0.0.1, 10.0.0.1'])
    assert.equal((await gw.once(t, get('/', xff(value)))).body.toString(), '127.0.0.1');
});

test('unix sockets as hops, and a header of another name', async (t) => {
  const socket = join(tempDir('hops'), 'gate.sock');
  const gw = await gateway(t, own(`"127.0.0.1:0", "unix:${socket}"`, 'trusted-hops = [ "unix" ]; client-ip-header = "forwarded";'));
  const more = xff('1.1.1.1') + 'Forwarded: for=9.9.9.9, for="[2001:db8::7]:99";proto=https\r\n';
  assert.equal((await once(t, `unix:${socket}`, get('/', more))).body.toString(), '2001:db8::7');
  assert.equal((await gw.once(t, get('/', more))).body.toString(), '127.0.0.1');
});

test('the PROXY protocol and trusted hops together: the header of the load balancer decides who is asked', async (t) => {
  const gw = await gateway(t, own('{ to = "127.0.0.1:0"; proxy-protocol = true; }', 'trusted-hops = "10.0.0.0/8";'));
  const rows = [['10.1.1.1', '203.0.113.1'], ['198.51.100.1', '198.51.100.1']];
  for (const [peer, client] of rows) {
    const r = await gw.once(t, `PROXY TCP4 ${peer} 192.0.2.1 1 2\r\n${get('/', xff('203.0.113.1'))}`);
    assert.equal(r.body.toString(), client);
  }
});
