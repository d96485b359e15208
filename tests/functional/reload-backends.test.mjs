// SPDX-License-Identifier: MIT
// What is known about servers outlives a reload: checks, and what an operator said. What is gone is left alone.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempDir } from './lib/env.mjs';
import { caFile } from './lib/ca.mjs';
import { run } from './lib/gateway.mjs';
import { upstream } from './lib/upstream.mjs';
import { config, direct, get } from './lib/world.mjs';

const NAMES = ['a', 'b'];
const CHECK = 'health: { check = "http"; method = "HEAD"; path = "/check"; interval = "100ms"; rise = 1; fall = 2; };';

// Two servers behind "api"; reload(word, parts) changes a rule, so that each plan can be told from the others.
async function scene(t, backend, parts = {}) {
  const path = join(tempDir('control'), 'c.sock');
  const ups = await Promise.all(NAMES.map((name) => upstream(t, { handle: (req, res) => res.send(200, name) })));
  const server = ups.map((u, i) => `{ url = "${u.url('localhost')}"; name = "${NAMES[i]}"; }`).join(', ');
  const all = (word, more) => ({
    global: `control = "unix:${path}";`, server, backend, response: `{ set-header = [ "x-plan", "${word}" ]; }`, via: 'direct', ...parts, ...more,
  });
  const { gw } = await direct(t, { up: ups[0], config: all('one') });
  const ask = (...args) => run([...args, '--control', path], { wrapper: [] });
  const states = async () => Object.fromEntries(JSON.parse((await ask('status', '--json')).stdout).servers.map((s) => [`${s.backend}/${s.server}`, s.state]));
  const reload = async (word, more) => assert.equal((await gw.again(config(all(word, more)))).event, 'reload');
  // Who answers eight requests, by which plan.
  const who = async () => {
    const got = new Set();
    for (let i = 0; i < 8; i++) {
      const r = await gw.once(t, get('/x'));
      got.add(r.status === 200 ? `${r.body} ${r.header('x-plan')}` : `${r.status}`);
    }
    return [...got].sort();
  };
  const events = (name) => gw.lines.filter((l) => l.event === name).length;
  const checks = (i) => ups[i].requests.filter((r) => r.target === '/check').length;
  const more = (i, n) => ups[i].until(() => checks(i) >= n, `${n} checks of ${NAMES[i]}`);
  return { gw, ups, ask, states, reload, who, events, checks, more };
}

test('a server that checks found down is down after a reload too, and comes back by them', async (t) => {
  const { gw, ups, states, reload, who, events } = await scene(t, CHECK);
  const { port } = ups[0];
  await ups[0].close();
  await gw.waitForLog((l) => l.event === 'server_down' && l.server === 'a', 'a to be down');
  assert.deepEqual(await states(), { 'api/a': 'down', 'api/b': 'up' });
  for (const word of ['two', 'three', 'four']) {
    await reload(word);
    assert.deepEqual(await states(), { 'api/a': 'down', 'api/b': 'up' });
    assert.deepEqual(await who(), [`b ${word}`]);
  }
  assert.equal(events('server_down'), 1);
  assert.equal(events('server_up'), 0);
  await ups[0].listen(port);
  await gw.waitForLog((l) => l.event === 'server_up' && l.server === 'a', 'a to be up');
  assert.deepEqual(await who(), ['a four', 'b four']);
});

test('what an operator said stays; a change of "disabled" in the configuration wins', async (t) => {
  const { gw, ups, ask, states, reload, who, checks, more } = await scene(t, CHECK);
  assert.equal((await ask('server', 'disable', 'api/a')).code, 0);
  await reload('two');
  assert.deepEqual(await states(), { 'api/a': 'disabled', 'api/b': 'up' });
  assert.deepEqual(await who(), ['b two']);
  // A disabled server is not asked for its health: one check may have been under way.
  const seen = checks(0);
  await more(1, checks(1) + 6);
  assert.ok(checks(0) <= seen + 1, `${checks(0) - seen} checks`);
  assert.equal((await ask('server', 'drain', 'api/b')).code, 0);
  await reload('three');
  assert.deepEqual(await states(), { 'api/a': 'disabled', 'api/b': 'drain' });
  for (const name of NAMES) assert.equal((await ask('server', 'enable', `api/${name}`)).code, 0);
  await more(0, checks(0) + 1);
  assert.deepEqual(await who(), ['a three', 'b three']);
  const disabled = ups.map((u, i) => `{ url = "${u.url('localhost')}"; name = "${NAMES[i]}"; ${i ? 'disabled = true;' : ''} }`).join(', ');
  await reload('four', { server: disabled });
  assert.deepEqual(await states(), { 'api/a': 'up', 'api/b': 'disabled' });
  assert.equal((await ask('server', 'enable', 'api/b')).code, 0);
  await reload('five', { server: disabled });
  assert.deepEqual(await states(), { 'api/a': 'up', 'api/b': 'up' });
  await reload('six');
  assert.deepEqual(await who(), ['a six', 'b six']);
  assert.equal(gw.lines.filter((l) => l.event === 'server_down').length, 0);
});

test('checks of a backend that is gone end, those of a new one begin, and new settings are used', async (t) => {
  const { ups, states, reload, checks, more } = await scene(t, CHECK);
  const extra = await upstream(t, { handle: (req, res) => res.send(200, 'extra') });
  const count = (target) => extra.requests.filter((r) => r.target === target).length;
  const until = (target, n) => extra.until(() => count(target) >= n, `${n} checks of ${target}`);
  const block = (path) => ({
    moreBackend: `extra: { server = "${extra.url('localhost')}"; via = "direct"; tls: { ca = "${caFile()}"; }; health: { check = "http"; path = "${path}"; interval = "100ms"; }; };`,
    moreFrontend: 'extra: { bind = "127.0.0.1:0"; backend = "extra"; };',
  });
  await reload('two', block('/one'));
  await until('/one', 3);
  assert.equal((await states())[`extra/localhost:${extra.port}`], 'up');
  await reload('three', block('/two'));
  await until('/two', 3);
  // Gone: one may have been under way.
  const seen = count('/one');
  await until('/two', count('/two') + 5);
  assert.ok(count('/one') <= seen + 1);
  await reload('four');
  const [one, two] = [count('/one'), count('/two')];
  await more(0, checks(0) + 6);
  assert.ok(count('/one') === one && count('/two') <= two + 1, `${count('/two') - two} checks after it was gone`);
  assert.deepEqual(Object.keys(await states()), ['api/a', 'api/b']);
  assert.ok(ups[1].requests.length > 0);
});

test('many reloads do not ask more often than the interval says', async (t) => {
  const { gw, ups, reload, checks, more } = await scene(t, CHECK.replace('100ms', '1h'));
  // A backend whose checks tell the time.
  const clock = await upstream(t, { handle: (req, res) => res.send(200, '') });
  const moreBackend = `clock: { server = "${clock.url('localhost')}"; via = "direct"; tls: { ca = "${caFile()}"; }; health: { check = "http"; interval = "100ms"; }; };`;
  await more(0, 1);
  await more(1, 1);
  for (let i = 0; i < 30; i++) await reload(`p${i}`, { moreBackend });
  await clock.until(() => clock.requests.length >= 25, 'the longest that a first check is put off');
  assert.deepEqual([checks(0), checks(1)], [1, 1], 'checks');
  assert.equal(gw.lines.filter((l) => /^server_/.test(l.event)).length, 0);
  assert.ok(ups.every((u) => u.requests.length === 1));
});
