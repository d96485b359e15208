// SPDX-License-Identifier: MIT
// Two hundred scrapes under steady requests: every document is whole, counters only grow, and nobody waits for it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIGURES, scaled } from './lib/env.mjs';
import { scrape } from './lib/metrics.mjs';
import { direct, get } from './lib/world.mjs';

const SCRAPES = scaled(200, 20);
const CLIENTS = 8;
const ROUNDS = 5;
const MANAGE = 'manage: { bind = "127.0.0.1:0"; request = ( { serve = "metrics"; when: { path = "/metrics"; }; } ); };';
const sorted = (v) => [...v].sort((a, b) => a - b);
const at = (v, part) => sorted(v)[Math.floor(v.length * part)];

// Requests one behind the other on each connection until `over`; how long each took, in ms.
async function traffic(clients, over) {
  const took = [];
  await Promise.all(clients.map(async (c) => {
    while (!over()) {
      const began = performance.now();
      const n = (c.asked = (c.asked ?? -1) + 1);
      c.send(get('/'));
      assert.equal((await c.response(n)).status, 200);
      took.push(performance.now() - began);
    }
  }));
  return took;
}

test(`${SCRAPES} scrapes under load: whole, growing, and unnoticed`, async (t) => {
  const options = { upstream: { handle: (req, res) => res.send(200, 'x') }, config: { threads: 2, moreFrontend: MANAGE } };
  const { gw } = await direct(t, options);
  // The same scrapes of a second gateway are what it is compared with: reading them costs this process time too.
  const { gw: other } = await direct(t, options);
  const clients = await Promise.all(Array.from({ length: CLIENTS }, () => gw.client(t)));
  const quiet = [];
  const scraped = [];
  const rounds = []; // the median of each, without and with
  let last = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let over = false;
    const compared = traffic(clients, () => over);
    for (let i = 0; i < SCRAPES / ROUNDS; i++) await scrape(t, other);
    over = true;
    const before = await compared;
    over = false;
    const loaded = traffic(clients, () => over);
    for (let i = 0; i < SCRAPES / ROUNDS; i++) {
      const m = await scrape(t, gw);
      const n = m.sum('frontend_requests_total', 'frontend="api"');
      assert.ok(n >= last, `${n} after ${last}`);
      const active = m.value('frontend_active_requests', 'frontend="api"');
      assert.ok(active <= CLIENTS, `${active} under way`);
      last = n;
    }
    over = true;
    const during = await loaded;
    rounds.push([at(before, 0.5), at(during, 0.5)]);
    quiet.push(...before);
    scraped.push(...during);
  }
  assert.ok(last > 0 && last <= quiet.length + scraped.length);
  const figure = (v) => `p50 ${at(v, 0.5).toFixed(3)} ms, p99 ${at(v, 0.99).toFixed(3)} ms over ${v.length}`;
  t.diagnostic(`of another gateway: ${figure(quiet)}; of this one: ${figure(scraped)}`);
  // A worker that waits for a scrape does so in each round; a machine that is busy elsewhere not in all of them.
  if (FIGURES) assert.ok(rounds.some(([without, along]) => along <= without * 1.5 + 0.2), `${figure(scraped)} after ${figure(quiet)}: ${JSON.stringify(rounds)}`);
});
