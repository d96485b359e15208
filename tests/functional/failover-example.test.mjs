// SPDX-License-Identifier: MIT
// The failover example with two real servers: each only ever gets its own key, and the client sees one provider.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { caFile } from './lib/ca.mjs';
import { gateway } from './lib/gateway.mjs';
import { squid } from './lib/squid.mjs';
import { upstream } from './lib/upstream.mjs';
import { post } from './lib/world.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const asked = (up) => up.requests.filter((r) => r.method === 'POST');

test('the second provider takes over, and the keys are not mixed up', async (t) => {
  const sq = await squid(t);
  let refuse = false;
  const first = await upstream(t, { handle: (req, res) => (refuse && req.method === 'POST' ? res.send(503, 'full') : res.send(200, 'first')) });
  const second = await upstream(t, { handle: (req, res) => res.send(200, 'second') });
  const gw = await gateway(t, readFileSync(join(top, 'examples/failover.cfg'), 'utf8'), {
    env: {
      HDRGATE_RULES_DIR: join(top, 'rules'), HTTPS_PROXY: sq.url, NODE_EXTRA_CA_CERTS: caFile(), LLM_BIND: '127.0.0.1:0',
      FIRST_API_KEY: 'key-of-the-first', SECOND_API_KEY: 'key-of-the-second',
      FIRST_HOST: `api.test.example:${first.port}`, SECOND_HOST: `other.test.example:${second.port}`,
    },
  });
  const ask = async () => {
    const r = await gw.once(t, post('/v1/chat/completions', '{"model":"any"}', 'Authorization: Bearer placeholder\r\nConnection: close\r\n'), { frontend: 'llm' });
    return `${r.status} ${r.body}`;
  };
  assert.equal(await ask(), '200 first');
  refuse = true;
  assert.equal(await ask(), '200 second', 'it has no room');
  await first.close();
  assert.equal(await ask(), '200 second', 'it is not there');
  assert.equal(asked(first).length, 2);
  assert.equal(asked(second).length, 2);
  for (const [up, key] of [[first, 'key-of-the-first'], [second, 'key-of-the-second']]) {
    for (const r of asked(up)) {
      assert.equal(r.header('authorization'), `Bearer ${key}`);
      assert.equal((await r.body()).toString(), '{"model":"any"}');
    }
    for (const r of up.requests) if (r.method === 'GET') assert.equal(r.header('authorization'), undefined, 'checks carry no credential');
  }
});
