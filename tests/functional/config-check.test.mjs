// SPDX-License-Identifier: MIT
// `hdrgate check`, HAProxy's -c, and `run` with a configuration that has mistakes: every one, with file and line.
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { SCALE } from './lib/env.mjs';
import { run, writeFiles } from './lib/gateway.mjs';
import { config } from './lib/world.mjs';

const data = fileURLToPath(new URL('../unit/config/data/', import.meta.url));
const TEN = join(data, 'ten/ten-mistakes.cfg');
const GOOD = config({ url: 'https://api.test.example' });
const env = { API_KEY: 'real-4711', HTTPS_PROXY: 'http://127.0.0.1:3128' };

// Diagnostics with the file's folder taken off.
const said = (r, dir) => r.stderr.split('\n').slice(0, -1).map((l) => l.replaceAll(`${dir}/`, ''));

// check's answer to one text: [exit status, lines].
async function check(text, { name = 'x.cfg', more = {}, env: e = env } = {}) {
  const dir = writeFiles({ [name]: text, ...more });
  const r = await run(['check', '-f', join(dir, name)], { env: e });
  return [r.code, said(r, dir), r.stdout];
}

for (const args of [['check', '-f', TEN], ['-c', '-f', TEN], ['-f', TEN, '-c']]) {
  test(`ten mistakes are ten lines: hdrgate ${args.map((a) => basename(a)).join(' ')}`, async () => {
    const expect = readFileSync(TEN.replace('.cfg', '.expect'), 'utf8').trimEnd().split('\n');
    assert.equal(expect.length, 10);
    const r = await run(args, { env });
    assert.equal(r.code, 1);
    assert.deepEqual(said(r, join(data, 'ten')), expect);
    assert.equal(r.stdout, '');
  });
}

test('run says the same ten lines and does not start', async () => {
  const r = await run(['run', '-f', TEN, '--ready-file', '/no/such/folder/ready'], { env });
  assert.equal(r.code, 1);
  const lines = said(r, join(data, 'ten'));
  assert.deepEqual(lines.slice(0, 10), readFileSync(TEN.replace('.cfg', '.expect'), 'utf8').trimEnd().split('\n'));
  assert.deepEqual(lines.slice(10), ['hdrgate: the configuration has errors; not started']);
  assert.equal(r.stdout, '');
});

test('a valid file: exit 0, and what it has', async () => {
  for (const words of [['check'], ['-c']]) {
    const file = join(writeFiles({ 'x.cfg': GOOD }), 'x.cfg');
    const r = await run([...words, '-f', file], { env });
    assert.deepEqual([r.code, r.stderr], [0, '']);
    assert.equal(r.stdout, 'configuration is valid\n1 frontends, 1 binds, 1 backends, 1 servers, 0 warnings\n');
  }
});

test('warnings do not fail a check', async () => {
  const [code, lines, out] = await check(config({ url: 'https://127.0.0.1:1', via: 'direct', tls: 'verify = false;' }));
  assert.equal(code, 0, lines.join('\n'));
  assert.ok(lines.length >= 2 && lines.every((l) => /^x\.cfg:\d+: .*warning: /.test(l)), lines.join('\n'));
  assert.match(out, new RegExp(`^configuration is valid\n.* ${lines.length} warnings\n$`));
});

test('--strict: a warning is a mistake', async () => {
  const warned = join(writeFiles({ 'x.cfg': config({ url: 'https://127.0.0.1:1', via: 'direct' }) }), 'x.cfg');
  const clean = join(writeFiles({ 'x.cfg': GOOD }), 'x.cfg');
  for (const args of [['check', '--strict', '-f'], ['-c', '--strict', '-f'], ['--strict', '-c', '-f']]) {
    const w = await run([...args, warned], { env });
    assert.deepEqual([w.code, w.stdout], [1, ''], args.join(' '));
    assert.match(w.stderr, /: warning: .*\n1 warning, and --strict allows none\n$/);
    const c = await run([...args, clean], { env });
    assert.deepEqual([c.code, c.stderr], [0, '']);
    assert.match(c.stdout, /^configuration is valid\n/);
  }
});

test('every file is read to its end or first syntax error: both are reported, and the mistakes of the third', async () => {
  const dir = writeFiles({
    'a.cfg': 'global: {\n threads = ;\n};\n',
    'b.cfg': '# fine so far\n\nfrontend: { x: {\n  bind = "127.0.0.1:0" "\n',
    'c.cfg': 'global: { threads = 0; };\nfrontend: { c: { bind = "nonsense"; backend = "none"; }; };\n',
  });
  const r = await run(['check', ...['a', 'b', 'c'].flatMap((n) => ['-f', join(dir, `${n}.cfg`)])], { env });
  assert.equal(r.code, 1);
  const lines = said(r, dir);
  assert.equal(lines.filter((l) => /^a\.cfg:2: .*syntax error/.test(l)).length, 1, lines.join('\n'));
  assert.equal(lines.filter((l) => /^b\.cfg:\d+: /.test(l)).length, 1, lines.join('\n'));
  assert.ok(lines.some((l) => l.startsWith('c.cfg:1: global.threads: ')) && lines.some((l) => l.startsWith('c.cfg:2: frontend.c.')), lines.join('\n'));
  assert.deepEqual(new Set(lines.map((l) => l.slice(0, 5))), new Set(['a.cfg', 'b.cfg', 'c.cfg']));
});

test('a folder means its *.cfg in order; a name twice names both places', async () => {
  const dir = writeFiles({ '2.cfg': GOOD.replace(/global: .*\n/, ''), '1.cfg': 'global: { threads = 1; };\n', 'not.cfg.bak': '(((' });
  const good = await run(['check', '-f', dir], { env });
  assert.deepEqual([good.code, good.stderr], [0, '']);
  const twice = writeFiles({ '1.cfg': GOOD, '2.cfg': GOOD });
  const r = await run(['check', '-f', twice], { env });
  assert.equal(r.code, 1);
  const lines = said(r, twice);
  assert.ok(lines.every((l) => l.startsWith('2.cfg:')), lines.join('\n'));
  for (const name of ['secret.k', 'frontend.api', 'backend.api', 'backend.squid']) {
    assert.ok(lines.some((l) => l.includes(`: ${name}: `) && /1\.cfg:\d+/.test(l)), `${name}\n${lines.join('\n')}`);
  }
  const empty = writeFiles({});
  mkdirSync(join(empty, 'sub'));
  for (const path of [join(empty, 'sub'), join(empty, 'none.cfg')]) {
    const e = await run(['check', '-f', path], { env });
    assert.equal(e.code, 1);
    assert.ok(e.stderr.startsWith(`${path}: `), e.stderr);
    assert.equal(e.stderr.split('\n').length, 2, e.stderr); // one line: what is missing now is no further mistake
  }
});

test('includes: a missing one and a circle', async () => {
  const [code, lines] = await check(`include = [ "none.cfg", "y.cfg" ];\n${GOOD}`, { more: { 'y.cfg': 'include = "x.cfg";\n' } });
  assert.equal(code, 1);
  assert.ok(lines.some((l) => /^x\.cfg:1: .*none\.cfg/.test(l)), lines.join('\n'));
  assert.ok(lines.some((l) => /^y\.cfg:1: .*x\.cfg/.test(l)), lines.join('\n'));
  assert.equal(lines.length, 2, lines.join('\n'));
});

// [what, line as it should be, in place of what]
const MISTAKES = [
  ['a wrong type', { global: 'user = 5;' }, /^x\.cfg:1: global\.user: is a whole number \(expected a string\)$/],
  ['an unknown key, with a hint', { defaults: 'timeuot: { };' }, /^x\.cfg:2: defaults\.timeuot: unknown key \[did you mean timeout\?\]$/],
  ['a bad regex, with its offset', { request: '{ drop-header = "~a(b"; }' }, /^x\.cfg:6: frontend\.api\.request\[0\]\.drop-header: .*\(at offset \d+\)$/],
  ['a port that is too large', { bind: '"127.0.0.1:65536"' }, /^x\.cfg:6: frontend\.api\.bind(\[0\])?: has no valid port/],
  ['a name as an address', { bind: '"localhost:80"' }, /^x\.cfg:6: frontend\.api\.bind(\[0\])?: is not an IP address/],
  ['a credential over http', { url: 'http://api.test.example' }, /^x\.cfg:\d+: backend\.api.*plain-ok/],
  ['a secret that is not declared', { inject: '{ set-header = [ "Authorization", "$<secret:other>" ]; }' }, /^x\.cfg:\d+: .*\bother\b/],
  ['a rule that is not there', { request: '{ use = "strip"; }' }, /^x\.cfg:6: frontend\.api\.request\[0\]\.use: /],
  ['a line break in a header', { inject: '{ set-header = [ "X-A", "a\\r\\nB: c" ]; }' }, /^x\.cfg:\d+: backend\.api\.request\[0\]\.set-header\[1\]: \S/],
  ['a duration without a unit', { defaults: 'timeout: { idle = "5 parsecs"; };' }, /^x\.cfg:2: defaults\.timeout\.idle: /],
  ['a size beyond everything', { defaults: 'limit: { body = "99999999999999999999G"; };' }, /^x\.cfg:2: defaults\.limit\.body: /],
];

for (const [what, parts, says] of MISTAKES) {
  test(`one mistake, one line: ${what}`, async () => {
    const [code, lines] = await check(config({ url: 'https://api.test.example', ...parts }));
    assert.equal(code, 1, lines.join('\n'));
    assert.equal(lines.length, 1, lines.join('\n'));
    assert.match(lines[0], says);
  });
}

test('the command line: a sentence and exit 2', async () => {
  const cases = [
    [[], /^usage: hdrgate/], [['check'], /-f FILE/], [['run'], /-f FILE/], [['-c'], /-f FILE/], [['check', '-f'], /path is missing behind -f/],
    [['check', '--frob', '-f', TEN], /unknown option --frob/], [['run', '-f', TEN, '-x'], /unknown option -x/], [['-x'], /unknown option -x/],
    [['check', TEN], /unexpected argument/], [['frob'], /there is no command "frob"/], [['run', '-f', TEN, '--ready-file'], /path is missing behind --ready-file/],
    [['check', '-f', TEN, '--ready-file', 'x'], /unknown option --ready-file/], [['run', '-f', TEN, '--strict'], /unknown option --strict/],
  ];
  for (const [args, says] of cases) {
    const r = await run(args, { env });
    assert.deepEqual([r.code, r.stdout], [2, ''], `${args}: ${r.stderr}`);
    assert.match(r.stderr, says, args.join(' '));
  }
});

test('help and version go to standard output', async () => {
  for (const word of ['help', '--help', '-h']) assert.match((await run([word])).stdout, /^usage: hdrgate/);
  for (const word of ['version', '--version', '-v']) assert.match((await run([word])).stdout, /^hdrgate \d+\.\d+\.\d+\n$/);
});

// ---- secrets ----

const ODD = ['hush-Zq7-value', 'hush-%{path}-$1', 'hush-(unbalanced', 'hush-"quote\\', 'hush-\u00fc-\u{1f511}', `hush-${'x'.repeat(5000)}`];
const BAD = ['hush-a\nhush-b', 'hush-a\rhush-b', 'hush-\x01', ' hush-\x7f '];

test('the value of a secret is never shown, in no way that a check or a start can end', async () => {
  const secret = 'k: { from = "$<API_KEY>"; }; f: { file = "key.txt"; };';
  const inject = '{ set-header = [ "Authorization", "Bearer $<secret:k>" ]; }, { set-header = [ "X-F", "$<secret:f>" ]; }';
  const texts = [
    config({ url: 'https://api.test.example', secret, inject }), // valid, if the values are
    config({ url: 'https://api.test.example', secret, inject, bind: '"192.0.2.1:1"' }), // a start that fails late
    config({ url: 'https://api.test.example', secret, inject: inject.replace('"X-F"', '"Host"') }), // refused targets
    config({ url: 'https://$<secret:k>', secret, inject }), // where no secret may be
    config({ url: 'https://api.test.example', secret, inject, request: '{ drop-header = "~($<secret:k>"; }', bind: '"$<secret:k>"' }),
    config({ url: 'https://user:hush-url@api.test.example', secret, inject, proxy: 'http://u:$<secret:k>@127.0.0.1:x' }),
    config({ url: 'https://api.test.example', secret, inject, proxy: 'http://hush-user:hush-password@127.0.0.1:99999' }),
    config({ url: 'https://api.test.example', secret, inject, proxy: '$<PROXY>' }),
  ];
  for (const value of [...ODD, ...BAD]) {
    for (const [i, text] of texts.entries()) {
      if (i > (SCALE < 1 ? 0 : 1) && value !== ODD[0] && value !== BAD[0]) continue;
      const bad = text.replace('bind = ( "127.0.0.1:0" )', 'bind = ( "192.0.2.1:1" )'); // run must end
      const key = join(writeFiles({ 'key.txt': value }), 'key.txt');
      const dir = writeFiles({ 'x.cfg': bad.replace('"key.txt"', JSON.stringify(key)) });
      const e = { API_KEY: value, HTTPS_PROXY: 'http://127.0.0.1:3128', PROXY: 'ftp://hush-user:hush-password@h:1/hush-path' };
      for (const word of i > 0 && SCALE < 1 ? ['run'] : ['check', 'run']) {
        const r = await run([word, '-f', join(dir, 'x.cfg')], { env: e });
        assert.ok([0, 1].includes(r.code), r.stderr);
        assert.ok(!/hush/i.test(r.stdout + r.stderr), `${word}, text ${i}, ${JSON.stringify(value)}:\n${r.stdout}${r.stderr}`);
        if (word === 'run') assert.equal(r.code, 1);
      }
    }
  }
});

test('a secret that cannot be used is an error of check, which names its source', async () => {
  for (const value of ['', '  ', ...BAD.slice(0, 2)]) {
    const [code, lines] = await check(GOOD, { env: { ...env, API_KEY: value } });
    assert.ok(lines.some((l) => /API_KEY/.test(l)) || value.trim() === '', lines.join('\n'));
    assert.equal(code, value.trim() ? 1 : code);
  }
  const key = join(writeFiles({ 'key.txt': 'hush-a\nhush-b' }), 'key.txt');
  const [code, lines] = await check(config({ url: 'https://api.test.example', secret: `k: { file = "${key}"; };` }));
  assert.equal(code, 1, lines.join('\n'));
  assert.match(lines.join('\n'), /^x\.cfg:\d+: secret\.k.*key\.txt/m);
});
