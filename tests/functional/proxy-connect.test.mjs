// SPDX-License-Identifier: MIT
// Connections through Squid are used again: few CONNECTs and handshakes for many requests.
import assert from 'node:assert/strict';
import http from 'node:http';
import { test } from 'node:test';
import { scaled } from './lib/env.mjs';
import { BEARER, get, world } from './lib/world.mjs';

const connects = (lines) => lines.filter((l) => / CONNECT /.test(l));

function fetchOn(agent, url) {
  return new Promise((done, fail) => {
    http.get(url, { agent }, (res) => {
      let text = '';
      res.on('data', (b) => (text += b)).on('end', () => done({ status: res.statusCode, json: JSON.parse(text) }));
    }).on('error', fail);
  });
}

test('200 requests on one connection: one CONNECT, one handshake', async (t) => {
  const { up, sq, gw } = await world(t);
  const c = await gw.client(t);
  for (let i = 0; i < 200; i++) {
    await c.send(get(`/n/${i}`));
    await c.response(i);
  }
  assert.equal(up.requests.length, 200);
  for (const r of up.requests) assert.equal(r.header('authorization'), BEARER);
  assert.deepEqual([up.accepted, up.handshakes, up.resumed], [1, 1, 0]);
  const first = await gw.request('/n/0');
  const last = await gw.request('/n/199');
  assert.deepEqual([first.connection, last.connection, last.tls], ['new', 'reused', 'TLSv1.3']);
  await gw.stop();
  const lines = await sq.waitForLog((l) => connects(l).length > 0 && connects(l));
  assert.equal(lines.length, 1);
  assert.match(lines[0], new RegExp(`TCP_TUNNEL/200 .* CONNECT api\\.test\\.example:${up.port} `));
});

test('32 clients with 500 requests each: no more than 32 CONNECTs and handshakes', { timeout: 300000 }, async (t) => {
  const { up, sq, gw } = await world(t);
  up.keep = false;
  const each = scaled(500, 10);
  const client = async (n) => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < each; i++) {
      const { status, json } = await fetchOn(agent, `${gw.url()}/c/${n}/${i}`);
      assert.deepEqual([status, json.target], [200, `/c/${n}/${i}`]);
    }
    agent.destroy();
  };
  await Promise.all(Array.from({ length: 32 }, (_, n) => client(n)));
  assert.equal(up.requests.length, 32 * each);
  assert.ok(up.accepted <= 32, `${up.accepted} connections`);
  assert.ok(up.handshakes + up.resumed <= 32, `${up.handshakes} handshakes, ${up.resumed} resumed`);
  await gw.stop();
  const lines = await sq.waitForLog((l) => connects(l).length >= up.accepted && connects(l));
  assert.equal(lines.length, up.accepted);
});

test('a new connection resumes the TLS session', async (t) => {
  const { up, gw } = await world(t, { config: { threads: 1 } }); // each thread has sessions of its own
  assert.equal((await gw.once(t, get('/a'))).status, 200);
  up.closeAll();
  await up.until((u) => u.live.size === 0);
  assert.equal((await gw.once(t, get('/b'))).status, 200);
  assert.deepEqual([up.accepted, up.handshakes, up.resumed], [2, 1, 1]);
});

test('a reload that changes what the proxy is told: tunnels opened before are not used again', async (t) => {
  const { up, gw, text } = await world(t, { config: { threads: 1 } });
  const told = (tenant) => text.replace('squid: {', `squid: { connect-header = [ "X-Tenant", "${tenant}" ];`);
  await gw.again(told('a'));
  const accepted = async (path) => {
    assert.equal((await gw.once(t, get(path))).status, 200);
    return up.accepted;
  };
  assert.deepEqual([await accepted('/1'), await accepted('/2')], [1, 1]);
  await gw.again(told('a')); // nothing changes
  assert.equal(await accepted('/3'), 1);
  await gw.again(told('b'));
  assert.deepEqual([await accepted('/4'), await accepted('/5')], [2, 2]);
});
