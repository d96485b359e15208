// SPDX-License-Identifier: MIT
// Secrets from commands: one run a period whatever the load, ahead of the end of the value; what fails is kept
// until it runs out, and then refused by name.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { test } from 'node:test';
import { WRAPPER, PATIENCE, scaled, tempDir } from './lib/env.mjs';
import { direct, get, post } from './lib/world.mjs';

// A command that says what the file `says` holds and keeps a count of its runs. With `gate` it waits for that file.
function command(t, { says = 'value-1', body = '' } = {}) {
  const dir = tempDir('command'), file = (name) => join(dir, name);
  writeFileSync(file('says'), says);
  writeFileSync(file('runs'), '');
  writeFileSync(file('run.sh'), `#!/bin/sh\necho run >> ${file('runs')}\n${body.replaceAll('$D', dir)}\ncat ${file('says')}\n`, { mode: 0o755 });
  return {
    path: file('run.sh'), dir, file,
    say: (text) => writeFileSync(file('says'), text),
    body: (text) => writeFileSync(file('run.sh'), `#!/bin/sh\necho run >> ${file('runs')}\n${text}\n`, { mode: 0o755 }),
    runs: () => readFileSync(file('runs'), 'utf8').length / 4,
  };
}

const scene = (t, c, more = '', options = {}) =>
  direct(t, { ...options, config: { secret: `k: { exec = [ "${c.path}" ]; ${more} };`, ...options.config } });

test('a command gives the value; 500 requests at once run it once', async (t) => {
  const c = command(t);
  const { up, gw } = await scene(t, c);
  const n = scaled(500, 50);
  const answers = await Promise.all(Array.from({ length: n }, (_, i) => gw.once(t, get(`/${i}`), { ms: 40000 })));
  assert.ok(answers.every((r) => r.status === 200));
  assert.ok(up.requests.every((r) => r.header('authorization') === 'Bearer value-1'));
  assert.equal(c.runs(), 1);
  assert.equal((await gw.counters()).secret_runs_total, 1);
  assert.ok(!/value-1/.test(gw.text()));
});

test('it is run once a period, ahead of the end, and requests never wait for it', async (t) => {
  const c = command(t);
  const { up, gw } = await scene(t, c, 'ttl = "1s";'); // run again after 800 ms
  assert.equal((await gw.once(t, get('/'))).status, 200);
  c.say('value-2');
  const end = performance.now() + 2500;
  let n = 0;
  while (performance.now() < end) {
    const rs = await Promise.all(Array.from({ length: 20 }, () => gw.once(t, get('/x'))));
    assert.ok(rs.every((r) => r.status === 200));
    n += rs.length;
  }
  assert.equal(up.requests.at(-1).header('authorization'), 'Bearer value-2');
  assert.ok(n >= 20 && c.runs() >= 2 && c.runs() <= 5, `${c.runs()} runs`);
});

test('the first run does not delay listening; who needs it waits, others are served', async (t) => {
  const c = command(t, { body: 'while [ ! -e $D/go ]; do sleep 0.05; done' });
  const { up, gw } = await scene(t, c, '', {
    config: {
      moreFrontend: 'free: { bind = "127.0.0.1:0"; request = ( { respond: { body = "free"; }; } ); };',
      secret: `k: { exec = [ "${c.path}" ]; };`,
    },
  });
  const waiting = gw.once(t, post('/needs', '{"a":1}'));
  assert.equal((await gw.once(t, get('/'), { frontend: 'free' })).body.toString(), 'free');
  assert.equal(up.requests.length, 0);
  writeFileSync(c.file('go'), '');
  assert.equal((await waiting).status, 200);
  assert.equal(up.requests[0].header('authorization'), 'Bearer value-1');
  assert.equal((await up.requests[0].body()).toString(), '{"a":1}');
});

test('a source that breaks: its value is used to its end, then 503 names the source', async (t) => {
  const c = command(t);
  const { gw } = await scene(t, c, 'ttl = "2s";');
  assert.equal((await gw.once(t, get('/'))).status, 200);
  c.body('echo "gh: not logged in" >&2; exit 4');
  const kept = await gw.waitForLog((l) => l.event === 'secret_kept');
  assert.match(kept.message, /secret k: command \S+run.sh ended with status 4: gh: not logged in; the value from before is used until it runs out/);
  assert.equal((await gw.once(t, get('/'))).status, 200);
  await gw.waitForLog((l) => l.event === 'secret_expired');
  const r = await gw.once(t, get('/'));
  assert.deepEqual([r.status, r.json.error.type], [503, 'credential_unavailable']);
  assert.ok(r.json.error.message.includes(`secret k has no value now: command ${c.path}`));
  assert.ok(Number(r.header('retry-after')) >= 1);
  c.body('echo value-3');
  await gw.waitForLog((l) => l.event === 'secret_recovered', 'recovery', 20000);
  assert.equal((await gw.once(t, get('/'))).status, 200);
});

test('what is not a value is refused, and says why', async (t) => {
  for (const [body, more, why] of [
    ['echo error: token expired', 'validate = "^gh";', /does not match validate/],
    ['sleep 60', 'timeout = "300ms";', /did not end within 300 ms/],
    ['head -c 100000 /dev/zero', '', /wrote more than 65537 bytes/],
    ['kill -9 $$', '', /was ended by signal 9/],
    ['true', '', /is empty/],
    ['echo "{}"', 'field = "a";', /has no field/],
  ]) {
    const c = command(t);
    c.body(body);
    const { gw } = await scene(t, c, more);
    const l = await gw.waitForLog((x) => x.event === 'secret_unavailable');
    assert.match(l.message, why);
    assert.equal((await gw.once(t, get('/'))).status, 503);
    await gw.stop();
  }
});

test('a program that is not there is an error of the source, not of the start', async (t) => {
  const { gw } = await scene(t, { path: '/no/such/program' });
  assert.match((await gw.waitForLog((x) => x.event === 'secret_unavailable')).message, WRAPPER.length ? /no such program|ended with status 127/ : /there is no such program/);
  assert.equal((await gw.once(t, get('/'))).status, 503);
});

test('the command gets a clean environment and none of our descriptors', async (t) => {
  const c = command(t);
  c.body(`env | sort > ${c.file('env')}; ls -l /proc/$$/fd > ${c.file('fd')}; echo value-1`);
  const { gw } = await scene(t, c, 'env = [ "PASSED", "SET=here", "ABSENT" ];', {
    gateway: { env: { PASSED: 'on', SECRET_OF_OURS: 'hush', HOME: '/home/x' } },
  });
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  const env = readFileSync(c.file('env'), 'utf8').split('\n').map((l) => l.split('=')[0]).filter((n) => n && !/^(PWD|OLDPWD|SHLVL|_)$/.test(n));
  assert.deepEqual(env.sort(), ['HOME', 'PASSED', 'PATH', 'SET']);
  const fds = readFileSync(c.file('fd'), 'utf8').split('\n').filter((l) => / -> /.test(l)).map((l) => l.match(/(\d+) -> (.*)/).slice(1));
  assert.ok(fds.some(([n, what]) => n === '0' && what === '/dev/null'));
  // The shell keeps its script open, and a copy of the pipe while it redirects.
  assert.deepEqual(fds.filter(([n, what]) => n >= 3 && !/^pipe:|run\.sh$/.test(what)), []);
});

test('a field of JSON with the time until which it holds', async (t) => {
  const c = command(t, { says: '{"token":"value-1","expires_in":1}' });
  const { gw } = await scene(t, c, 'field = "token"; expires = "expires_in"; ttl = "1h";');
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  c.say('{"token":"value-2","expires_in":3600}');
  await gw.waitForLog((l) => l.event === 'secret_rotated');
});

test('401 with refresh-on: the source is read again, the same POST goes out once more', async (t) => {
  const c = command(t);
  const handle = async (req, res) => {
    const got = (await req.body()).toString();
    return req.header('authorization') === 'Bearer value-2' ? res.json(200, { got }) : res.json(401, { got, error: 'old' });
  };
  const { up, gw } = await scene(t, c, '', { upstream: { handle }, config: { secret: `k: { exec = [ "${c.path}" ]; };`, backend: 'refresh-on = [ 401 ];' } });
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  c.say('value-2');
  const r = await gw.once(t, post('/v1', '{"model":"x"}'));
  assert.equal(r.status, 200);
  assert.deepEqual(r.json, { got: '{"model":"x"}' });
  assert.deepEqual(up.requests.map((q) => [q.method, q.header('authorization'), q.header('content-length')]), [
    ['POST', 'Bearer value-1', '13'], ['POST', 'Bearer value-2', '13'],
  ]);
  assert.equal(c.runs(), 2);
});

test('a 401 that a new reading does not cure is the client\'s, and does not run the command for every request', async (t) => {
  const c = command(t);
  const { up, gw } = await scene(t, c, '', {
    upstream: { handle: (req, res) => res.json(401, { error: 'revoked' }) },
    config: { secret: `k: { exec = [ "${c.path}" ]; };`, backend: 'refresh-on = 401;' },
  });
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  for (let i = 0; i < 5; i++) {
    const r = await gw.once(t, post('/v1', 'x'));
    assert.deepEqual([r.status, r.json], [401, { error: 'revoked' }]);
  }
  assert.equal(up.requests.length, 5);
  assert.equal(c.runs(), 2);
});

test('many requests refused at once share one reading', async (t) => {
  const c = command(t);
  const handle = (req, res) => (req.header('authorization') === 'Bearer value-2' ? res.send(200, 'ok') : res.send(401, 'no'));
  const { gw } = await scene(t, c, '', { upstream: { handle }, config: { secret: `k: { exec = [ "${c.path}" ]; };`, backend: 'refresh-on = [ 401 ];' } });
  await gw.waitForLog((l) => l.event === 'secret_loaded');
  c.say('value-2');
  const rs = await Promise.all(Array.from({ length: 40 }, () => gw.once(t, post('/v1', 'x'))));
  assert.ok(rs.every((r) => r.status === 200));
  assert.equal(c.runs(), 2);
});

test('a client that leaves while it waits for a command is no trouble, and neither is the end', async (t) => {
  const c = command(t, { body: 'sleep 60' });
  const { gw } = await scene(t, c, 'timeout = "1m";');
  const client = await gw.client(t);
  await client.send(get('/'));
  const other = await gw.client(t);
  await other.send(get('/'));
  await sleep(50 * PATIENCE);
  client.reset();
  await gw.request((l) => l.status === 499);
  gw.kill('SIGTERM');
  await gw.waitForLog((l) => l.event === 'shutdown'); // two that are pending at once are one
  gw.kill('SIGTERM');
  await gw.stop();
  assert.ok(existsSync(c.file('runs')));
});
