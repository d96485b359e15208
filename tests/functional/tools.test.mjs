// SPDX-License-Identifier: MIT
// The command lines of dump, explain and test: what they print where, and with which exit status.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { run, writeFiles } from './lib/gateway.mjs';

const CONFIG = `
secret: { k: { from = "$<API_KEY>"; }; cmd: { exec = [ "/no/such/program" ]; }; };
frontend: {
  one: { bind = "127.0.0.1:8001"; backend = "one"; };
  two: { bind = "127.0.0.1:8002"; backend = "two"; request = ( { deny = 403; when: { path = "/no"; }; } ); };
};
backend: {
  squid: { proxy = "http://u:hush-pw@127.0.0.1:3128"; };
  one: { url = "https://one.example"; via = "squid"; request = ( { set-header = [ "X-Key", "$<secret:k>" ]; } ); };
  two: { url = "https://two.example"; via = "direct"; request = ( { set-header = [ "X-Key", "$<secret:cmd>" ]; } ); };
};
`;
const env = { API_KEY: 'hush-4711' };
const file = (text = CONFIG, name = 'x.cfg') => join(writeFiles({ [name]: text }), name);

test('explain: text on standard output, no secret in it', async () => {
  const r = await run(['explain', '-f', file(), 'GET', 'http://localhost:8001/a?b=1', '-H', 'Accept: x', '--from', '10.0.0.7'], { env });
  assert.deepEqual([r.code, r.stderr], [0, '']);
  assert.match(r.stdout, /^frontend one \(.*x\.cfg:4\)\n {2}bind 127\.0\.0\.1:8001\n {2}client 10\.0\.0\.7\n/);
  assert.match(r.stdout, /\n {2}GET \/a\?b=1 HTTP\/1\.1\n {2}Host: one\.example\n {2}Accept: x\n/);
  assert.match(r.stdout, /\n {2}X-Key: <secret k: environment variable API_KEY, 9 bytes>\n/);
  assert.ok(!r.stdout.includes('hush'), r.stdout);
});

test('explain --json: one object', async () => {
  const r = await run(['explain', '--json', '-f', file(), '--frontend', 'two', 'GET', '/'], { env });
  assert.deepEqual([r.code, r.stderr], [0, '']);
  const e = JSON.parse(r.stdout);
  assert.equal(e.frontend.name, 'two');
  assert.equal(e.backend.via, 'direct');
  assert.equal(e.backend.tls.verify, true);
  assert.equal(e.leaves.server, 'https://two.example');
  assert.deepEqual(e.leaves.headers.filter(([n]) => n === 'X-Key'), [['X-Key', '<secret cmd: command /no/such/program, not read here>']]);
  const no = JSON.parse((await run(['explain', '--json', '-f', file(), 'GET', 'http://x:8002/no'], { env })).stdout);
  assert.equal(no.answer.status, 403);
  assert.equal(no.leaves, undefined);
});

test('explain: what became of each action, with its place, and no credential', async () => {
  const config = CONFIG.replace('bind = "127.0.0.1:8001";', `bind = "127.0.0.1:8001";
    request = ( { drop-header = "authorization"; }, { drop-header = "~^x-api-key$"; }, { drop-header = "x-none"; }, { use = "inner"; },
                { deny = 429; observe = true; }, { log = "hello %{path}"; } );`)
    .replace('"$<secret:k>" ]; }', '"$<secret:k>" ]; }, { set-header = [ "X-Copy", "%{header:X-Key}" ]; }, { set-header = [ "X-A", "1" ]; }') +
    'rule: { inner: { request = ( { deny = 403; when: { path = "/no"; }; }, { set-header = [ "X-Path", "%{path}" ]; } ); }; };';
  const args = ['--frontend', 'one', 'GET', '/a', '-H', 'Authorization: hush-client', '-H', 'X-Api-Key: hush-client'];
  const r = await run(['explain', '--json', '-f', file(config), ...args], { env });
  assert.deepEqual([r.code, r.stderr], [0, '']);
  const rules = JSON.parse(r.stdout).rules;
  assert.deepEqual(rules.map((x) => [x.list, x.depth, x.action, x.result, x.why]), [
    ['frontend', 0, 'drop-header', 'applied', 'dropped Authorization'],
    ['frontend', 0, 'drop-header', 'applied', 'dropped X-Api-Key'],
    ['frontend', 0, 'drop-header', 'no effect', undefined],
    ['frontend', 0, 'use', 'applied', 'inner'],
    ['frontend', 1, 'deny', 'not met', 'path does not match "/no"'],
    ['frontend', 1, 'set-header', 'applied', 'X-Path: /a'],
    ['frontend', 0, 'deny', 'observed', 'would have answered with status 429'],
    ['frontend', 0, 'log', 'applied', 'hello /a'],
    ['backend', 0, 'set-header', 'applied', 'X-Key set from secret k (environment variable API_KEY)'],
    ['backend', 0, 'set-header', 'applied', 'X-Copy set, with a credential'],
    ['backend', 0, 'set-header', 'applied', 'X-A: 1'],
  ]);
  assert.ok(rules.every((x) => /x\.cfg:\d+$/.test(x.where)));
  const text = await run(['explain', '-f', file(config), ...args], { env });
  assert.match(text.stdout, /x\.cfg:5 .*drop-header.*dropped Authorization/);
  assert.ok(!/hush/.test(r.stdout + text.stdout), text.stdout);
});

test('explain: what is not configured is an answer, with the same name as when running', async () => {
  const r = await run(['explain', '-f', file(), '--frontend', 'one', 'GET', '/'], { env: { API_KEY: '' } });
  assert.equal(r.code, 0);
  assert.match(r.stdout, /\nanswer 503 not_configured\n[^]*API_KEY is not set/);
});

test('--resolve runs the commands of secrets, once, and says what has no value', async () => {
  const good = file(CONFIG.replace('"/no/such/program"', '"/bin/echo", "hush-12345"'));
  const two = ['--frontend', 'two', 'GET', '/'];
  const r = await run(['explain', '--resolve', '-f', good, ...two], { env });
  assert.deepEqual([r.code, r.stderr], [0, '']);
  assert.match(r.stdout, /\n {2}X-Key: <secret cmd: command \/bin\/echo hush-12345, 10 bytes>\n/);
  assert.equal((await run(['check', '--resolve', '-f', good], { env })).code, 0);
  const bad = file();
  const no = await run(['explain', '--resolve', '-f', bad, ...two], { env });
  assert.match(no.stdout, /\nanswer 503 /);
  assert.match(no.stderr, /x\.cfg:2: secret\.cmd: command \/no\/such\/program: /);
  const check = await run(['check', '--resolve', '-f', bad], { env });
  assert.deepEqual([check.code, check.stdout], [1, '']);
  assert.match(check.stderr, /x\.cfg:2: secret\.cmd: command \/no\/such\/program: /);
  assert.equal((await run(['check', '-f', bad], { env })).code, 0);
});

test('dump: valid, the same again, and without credentials', async () => {
  const one = await run(['dump', '-f', file()], { env });
  assert.equal(one.code, 0, one.stderr);
  const two = await run(['dump', '-f', file(one.stdout)], { env });
  const three = await run(['dump', '-f', file(two.stdout)], { env });
  assert.equal(three.stdout, two.stdout);
  assert.ok(!/hush/.test(one.stdout + two.stdout), one.stdout);
  assert.match(one.stdout, /\n {4}from = "\$<API_KEY>"; {2}# \$<API_KEY>: 9 bytes\n/);
});

test('dump: a config with mistakes is said and not printed', async () => {
  const r = await run(['dump', '-f', file('frontend: { f: { frob = 1; }; };')], { env });
  assert.deepEqual([r.code, r.stdout], [1, '']);
  assert.match(r.stderr, /x\.cfg:1: frontend\.f\.frob: unknown key/);
});

test('test: NAME.cfg beside NAME.fixtures, folders, and a config of its own', async () => {
  const fixture = 'env API_KEY=k\n== a\nfrontend one\n> GET /\n>> GET https://one.example/\n>> X-Key: k\n';
  const dir = writeFiles({ 'x.cfg': CONFIG, 'x.fixtures': fixture, 'y.fixtures': '| include = [ "x.cfg" ];\n' + fixture });
  for (const args of [[dir], [join(dir, 'x.fixtures')], ['-f', join(dir, 'x.cfg'), join(dir, 'x.fixtures')], [join(dir, 'y.fixtures')]]) {
    const r = await run(['test', ...args], { env });
    assert.equal(r.code, 0, r.stdout + r.stderr);
    assert.match(r.stdout, /\n\d fixtures in \d files: \d passed, 0 failed\n$/);
  }
});

test('test: the environment is not looked at', async () => {
  const dir = writeFiles({ 'x.cfg': CONFIG, 'x.fixtures': '== a\nfrontend one\n> GET /\n< 503 not_configured\n' });
  const r = await run(['test', dir], { env });
  assert.equal(r.code, 0, r.stdout);
});

test('test: mistakes in a line of configuration carry the line of the fixture file', async () => {
  const dir = writeFiles({ 'x.fixtures': '== a\n| frontend: {\n|   f: { bind = "127.0.0.1:1"; frob = 1; };\n| };\n> GET /\n< 404\n' });
  const r = await run(['test', dir], { env });
  assert.equal(r.code, 1);
  assert.match(r.stdout, /x\.fixtures:1: FAILED: a\n {2}.*x\.fixtures:3: frontend\.f\.frob: unknown key/);
});

test('command lines that are not understood: a sentence and exit 2', async () => {
  const cases = [
    [['dump'], /-f FILE/], [['dump', '-f'], /value is missing behind -f/], [['dump', '-f', 'x', 'y'], /-f FILE/], [['dump', '--json', '-f', 'x'], /unknown option --json/],
    [['explain', '-f', 'x'], /METHOD URL/], [['explain', 'GET', '/'], /METHOD URL/], [['explain', '-f', 'x', 'GET', '/', '-H', 'x'], /Name: value/],
    [['test'], /no fixtures/], [['test', '-x'], /unknown option -x/],
  ];
  for (const [args, says] of cases) {
    const r = await run(args, { env });
    assert.deepEqual([r.code, r.stdout], [2, ''], `${args}: ${r.stderr}`);
    assert.match(r.stderr, says, args.join(' '));
  }
});

test('explain: a request that cannot be tried is said, and exit 1', async () => {
  for (const [args, says] of [[['GET', '/'], /which frontend is meant is not clear \(there are: one, two\)/], [['--frontend', 'x', 'GET', '/'], /no frontend "x"/],
    [['--frontend', 'one', '--from', 'x', 'GET', '/'], /is not an address/]]) {
    const r = await run(['explain', '-f', file(), ...args], { env });
    assert.deepEqual([r.code, r.stdout], [1, '']);
    assert.match(r.stderr, says);
  }
});

// The example as it is: what GITHUB_SERVER_URL says decides where Copilot's API is.
const RULES = new URL('../../rules', import.meta.url).pathname;
const COPILOT = new URL('../../examples/copilot.cfg', import.meta.url).pathname;
const tenant = String.raw`~^https?://([A-Za-z0-9.-]+)\.ghe\.com/?$`;
const server = String.raw`~^https?://(?!github\.com/?$)`;
for (const [url, host, entries] of [
  ['https://github.com', 'api.githubcopilot.com',
    [[1, 'lost', 'COPILOT_API_TARGET is not set'], [2, 'lost', `GITHUB_SERVER_URL does not match "${tenant}"`],
      [3, 'lost', `GITHUB_SERVER_URL does not match "${server}"`], [4, 'won', 'it has no condition']]],
  ['https://acme.ghe.com', 'copilot-api.acme.ghe.com',
    [[1, 'lost', 'COPILOT_API_TARGET is not set'], [2, 'won', `GITHUB_SERVER_URL matches "${tenant}"`]]],
  ['https://ghes.example.com', 'api.enterprise.githubcopilot.com',
    [[1, 'lost', 'COPILOT_API_TARGET is not set'], [2, 'lost', `GITHUB_SERVER_URL does not match "${tenant}"`],
      [3, 'won', `GITHUB_SERVER_URL matches "${server}"`]]],
]) {
  test(`explain of the Copilot example says which choice won and why: ${url}`, async () => {
    const at = { env: { GITHUB_SERVER_URL: url, COPILOT_GITHUB_TOKEN: 'hush-4711', HTTPS_PROXY: 'http://squid:3128', HDRGATE_RULES_DIR: RULES } };
    const r = await run(['explain', '-f', COPILOT, 'GET', '/models'], at);
    assert.deepEqual([r.code, r.stderr], [0, '']);
    const lines = r.stdout.split('\n');
    const from = lines.findIndex((l) => /^ {2}copilot-host \(/.test(l));
    assert.match(lines[from], new RegExp(`^  copilot-host \\(.*copilot\\.cfg:\\d+\\): ${host}$`));
    const shown = lines.slice(from + 1, from + 1 + entries.length).map((l) => /^ {4}entry (\d) \(.*:\d+\) (\w+): (.*)$/.exec(l)?.slice(1));
    assert.deepEqual(shown, entries.map(([n, ...rest]) => [String(n), ...rest]));
    assert.match(lines[from + 1 + entries.length], /^ {2}copilot-token /);
    assert.ok(lines.includes(`  server https://${host}`) && lines.includes(`  Host: ${host}`), r.stdout);
    assert.ok(!r.stdout.includes('hush'), r.stdout);
    const j = JSON.parse((await run(['explain', '--json', '-f', COPILOT, 'GET', '/models'], at)).stdout);
    const choice = j.choices.find((c) => c.name === 'copilot-host');
    const [n, , why] = entries.at(-1);
    assert.deepEqual([choice.value, choice.entry, choice.why, choice.entries.length], [host, n, why, entries.length]);
    assert.deepEqual(j.choices.find((c) => c.name === 'copilot-token').value, undefined);
    const dump = (await run(['dump', '-f', COPILOT], at)).stdout;
    assert.match(dump, new RegExp(`url = "https://\\$<choose:copilot-host>".*# \\$<choose:copilot-host>: ${host}, entry ${n} \\(`));
    assert.ok(!dump.includes('hush'), dump);
  });
}

test('keys: all, some, as JSON; a name that means nothing is said', async () => {
  const all = JSON.parse((await run(['keys', '--json'])).stdout);
  assert.ok(all.keys.length > 150);
  assert.deepEqual(all.keys.find((k) => k.name === 'global.threads'), {
    name: 'global.threads', block: 'global', key: 'threads', kind: 'number', forms: ['one'], least: 1, most: 64, action: false,
    about: 'worker threads; the standard is one a usable CPU',
  });
  const some = await run(['keys', 'health.rise', 'limit.body']);
  assert.deepEqual([some.code, some.stdout.match(/^\S.*/gm)], [0, ['limit.body', 'health.rise']]);
  const none = await run(['keys', 'frob']);
  assert.deepEqual([none.code, none.stdout], [1, '']);
  assert.match(none.stderr, /no key and no block "frob"/);
});

test('dump keeps choose, map and $<json:...> as they are written, says what they came to, and reads its own text back', async () => {
  const text = `
secret: { k: { from = "$<choose:key>"; }; };
choose: { key = ( { value = "$<KEY_A>"; env = [ "KEY_A", "~." ]; }, { value = "hush-literal"; } ); port = { value = "8001"; }; };
map: { t: { key = "%{header:x-tenant}"; values = ( [ "a*", "k" ], [ "b", "k" ] ); }; };
frontend: { f: { bind = "127.0.0.1:$<choose:port>"; backend = "b"; trusted-hops = "$<json:HOPS>"; }; };
backend: { b: { url = "https://b.example"; via = "direct"; request = ( { set-header = [ "X-Key", "$<map:t>" ]; }, { set-header = "$<json:MORE?>"; } ); }; };
`;
  const at = { env: { HOPS: '["10.0.0.0/8"]' } };
  const r = await run(['dump', '-f', file(text)], at);
  assert.equal(r.code, 0, r.stderr);
  for (const line of [
    'from = "$<choose:key>";  # $<choose:key>: entry 2 (it has no condition)', 'bind = "127.0.0.1:$<choose:port>";  # $<choose:port>: 8001, entry 1 (it has no condition)',
    'trusted-hops = "$<json:HOPS>";  # $<json:HOPS>: [10.0.0.0/8]', '{ set-header = "$<json:MORE?>"; }  # $<json:MORE?>: not set', '[ "a*", "k" ],',
    '{ value = "$<HDRGATE_KEY_SECRET>"; }',
  ]) assert.ok(r.stdout.includes(line), `${line} is not in\n${r.stdout}`);
  assert.ok(!r.stdout.includes('hush'), r.stdout);
  const again = await run(['dump', '-f', file(r.stdout)], { env: { ...at.env, HDRGATE_KEY_SECRET: 'hush-literal' } });
  assert.equal(again.stdout.replaceAll(/ +#.*/g, ''), r.stdout.replaceAll(/ +#.*/g, ''));
});
