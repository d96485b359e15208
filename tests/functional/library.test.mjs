// SPDX-License-Identifier: MIT
// The tests' own parts: Squid lets one name through and refuses another, the upstream reads what it is sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import tls from 'node:tls';
import { trust } from './lib/ca.mjs';
import { RawClient } from './lib/raw.mjs';
import { squid } from './lib/squid.mjs';
import { upstream } from './lib/upstream.mjs';
import { get } from './lib/world.mjs';

const connect = (target, more = '') => `CONNECT ${target} HTTP/1.1\r\nHost: ${target}\r\n${more}\r\n`;

test('squid tunnels to an allowed name, refuses another, and comes back on its port', async (t) => {
  const up = await upstream(t);
  const sq = await squid(t);
  for (const again of [false, true]) {
    if (again) await sq.kill().then(() => sq.start());
    const c = await RawClient.connect(t, `127.0.0.1:${sq.port}`);
    await c.send(connect(`api.test.example:${up.port}`));
    await c.until(() => c.received.includes('\r\n\r\n'));
    assert.match(c.received.toString(), /^HTTP\/1\.1 200 /);
    c.socket.removeAllListeners('data');
    const s = tls.connect({ socket: c.socket, ...trust('api.test.example') });
    s.write(get('/hello'));
    let answer = '';
    for await (const b of s) if (/"target":"\/hello"/.test((answer += b))) break;
    s.destroy();

    const refused = await RawClient.connect(t, `127.0.0.1:${sq.port}`);
    await refused.send(connect(`evil.test.example:${up.port}`));
    assert.equal((await refused.response()).status, 403);
    const lines = await sq.waitForLog((l) => l.length >= (again ? 4 : 2) && l);
    assert.match(lines.find((l) => /evil/.test(l)), /TCP_DENIED\/403 .* CONNECT/);
    assert.match(lines.find((l) => /api/.test(l)), /TCP_TUNNEL\/200 .* CONNECT/);
  }
  assert.equal(up.requests.length, 2);
});

test('squid asks for credentials', async (t) => {
  const up = await upstream(t);
  const sq = await squid(t, { password: 'user:pass word' });
  const ask = async (more) => {
    const c = await RawClient.connect(t, `127.0.0.1:${sq.port}`);
    await c.send(connect(`api.test.example:${up.port}`, more));
    await c.until(() => c.received.includes('\r\n\r\n'));
    return c.received.toString().slice(9, 12);
  };
  const basic = (text) => `Proxy-Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`;
  assert.equal(await ask(''), '407');
  assert.equal(await ask(basic('user:wrong')), '407');
  assert.equal(await ask(basic('user:pass word')), '200');
});
