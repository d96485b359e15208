// SPDX-License-Identifier: MIT
// An upstream that answers while the client still sends, and closes at once: the reset that follows its answer must
// not cost the client that answer.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { direct } from './lib/world.mjs';

for (const plain of [false, true]) {
  test(`an early 413 and a close in mid-upload reach the client (${plain ? 'plain' : 'TLS'})`, async (t) => {
    const handle = (req, res) => {
      req.connection.socket.pause();
      return res.send(413, 'large', { Connection: 'close' }).then(() => req.connection.socket.destroy());
    };
    const backend = plain ? 'plain-ok = true;' : '';
    const { gw } = await direct(t, { upstream: { handle, plain }, config: plain ? { backend, tls: '' } : {} });
    for (let i = 0; i < 20; i++) {
      const c = await gw.client(t);
      c.send(`POST /${i} HTTP/1.1\r\nHost: gate.test\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3000000)}`);
      const r = await c.response();
      assert.deepEqual([r.status, r.body.toString()], [413, 'large'], `request ${i}`);
      c.destroy();
    }
  });
}
