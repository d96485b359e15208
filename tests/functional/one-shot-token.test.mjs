// SPDX-License-Identifier: MIT
// The library for tokens that are read once: a program that says what it sees, and programs of every day.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { WRAPPER } from './lib/env.mjs';

const LIBRARY = process.env.HDRGATE_ONE_SHOT;
const PROBES = process.env.HDRGATE_PROBES;
const TOKENS = { GITHUB_TOKEN: 'hush', GH_TOKEN: 'hush', OPENAI_API_KEY: 'hush' };
assert.ok(LIBRARY && PROBES, 'ctest says where the library and its programs are');

function run(command, args, { env = {}, preload = LIBRARY, wrapper = [] } = {}) {
  const words = [...wrapper, command, ...args];
  const ran = spawnSync(words[0], words.slice(1), {
    env: { PATH: process.env.PATH, ...TOKENS, ...(preload && { LD_PRELOAD: preload }), ...env },
    encoding: 'utf8', timeout: 120_000, stdio: ['ignore', 'pipe', 'pipe'],
  });
  assert.equal(ran.error, undefined);
  assert.equal(ran.signal, null, ran.stderr);
  assert.equal(ran.status, 0, ran.stderr);
  assert.equal(ran.stderr, '');
  return ran.stdout.split('\n').slice(0, -1);
}

const probe = (script, options = {}) => run(join(PROBES, options.program ?? 'probe'), script.split(' '), { wrapper: WRAPPER, ...options });
// Valgrind gives its programs an environment of its own, so the kernel's view shows what valgrind was started with.
const kernel = (seen) => (WRAPPER.length > 0 ? 'there' : seen);

test('the first read takes it out of environ, out of the process and away from children', () => {
  assert.deepEqual(probe('environ GITHUB_TOKEN proc GITHUB_TOKEN=hush get GITHUB_TOKEN environ GITHUB_TOKEN proc GITHUB_TOKEN'),
    ['hush', 'there', 'hush', '-', kernel('-')]);
  assert.deepEqual(probe('get GITHUB_TOKEN get GITHUB_TOKEN secure GITHUB_TOKEN shell GITHUB_TOKEN'), ['hush', 'hush', 'hush', '-']);
  assert.deepEqual(probe('secure GITHUB_TOKEN environ GITHUB_TOKEN get GITHUB_TOKEN'), ['hush', '-', 'hush']);
});

test('what was not read is still there, for children and for who reads it later', () => {
  assert.deepEqual(probe('get GITHUB_TOKEN shell GH_TOKEN environ GH_TOKEN get GH_TOKEN shell GH_TOKEN'), ['hush', 'hush', 'hush', 'hush', '-']);
  assert.deepEqual(probe('get GITHUB_TOKEN get PATH environ PATH', { env: { PATH: '/usr/bin:/bin' } }), ['hush', '/usr/bin:/bin', '/usr/bin:/bin']);
});

test('strictly, it is one read', () => {
  const env = { AWF_ONE_SHOT_STRICT: '1' };
  assert.deepEqual(probe('get GITHUB_TOKEN get GITHUB_TOKEN secure GITHUB_TOKEN get GH_TOKEN', { env }), ['hush', '-', '-', 'hush']);
  assert.deepEqual(probe('get GITHUB_TOKEN proc GITHUB_TOKEN keep GITHUB_TOKEN x get GITHUB_TOKEN get GITHUB_TOKEN', { env }), ['hush', kernel('-'), 'x', 'x']);
  assert.deepEqual(probe('get GITHUB_TOKEN get GITHUB_TOKEN', { env: { AWF_ONE_SHOT_STRICT: '0' } }), ['hush', 'hush']);
});

test('which variables: the list, or the standard one when it names nothing', () => {
  const seen = (list) => probe('get A environ A get GITHUB_TOKEN environ GITHUB_TOKEN', { env: { A: 'hush', ...(list !== undefined && { AWF_ONE_SHOT_TOKENS: list }) } });
  assert.deepEqual(seen('B, A'), ['hush', '-', 'hush', 'hush']);
  for (const list of [undefined, '', ' , ']) assert.deepEqual(seen(list), ['hush', 'hush', 'hush', '-'], `${list}`);
  // Too late, because it was read already.
  assert.deepEqual(probe('get PATH set AWF_ONE_SHOT_TOKENS A get A environ A', { env: { A: 'hush', PATH: '/bin' } }), ['/bin', 'hush', 'hush']);
});

test('a list with more than fits says so', () => {
  const list = Array.from({ length: 70 }, (_, i) => `N${i}`).join();
  const ran = spawnSync(join(PROBES, 'probe'), ['get', 'N63', 'environ', 'N63', 'get', 'N64', 'environ', 'N64'],
    { env: { N63: 'hush', N64: 'hush', AWF_ONE_SHOT_TOKENS: list, LD_PRELOAD: LIBRARY }, encoding: 'utf8' });
  assert.equal(ran.stdout, 'hush\n-\nhush\nhush\n');
  assert.match(ran.stderr, /^hg-one-shot-token: AWF_ONE_SHOT_TOKENS names more than 64 variables .* not protected\n$/);
});

test('what the program does to the variable itself counts', () => {
  const rows = [
    ['get GITHUB_TOKEN set GITHUB_TOKEN own get GITHUB_TOKEN environ GITHUB_TOKEN shell GITHUB_TOKEN', ['hush', 'own', 'own', 'own']],
    ['set GITHUB_TOKEN own get GITHUB_TOKEN environ GITHUB_TOKEN', ['own', 'own']],
    // Also with the value that it had: who sets it wants it there.
    ['get GITHUB_TOKEN set GITHUB_TOKEN hush get GITHUB_TOKEN shell GITHUB_TOKEN', ['hush', 'hush', 'hush']],
    ['get GITHUB_TOKEN keep GITHUB_TOKEN own get GITHUB_TOKEN environ GITHUB_TOKEN', ['hush', 'hush', '-']],
    ['keep GITHUB_TOKEN own get GITHUB_TOKEN environ GITHUB_TOKEN', ['hush', '-']],
    ['get GITHUB_TOKEN put GITHUB_TOKEN=own get GITHUB_TOKEN environ GITHUB_TOKEN', ['hush', 'own', 'own']],
    ['get GITHUB_TOKEN put GITHUB_TOKEN get GITHUB_TOKEN', ['hush', '-']],
    ['get GITHUB_TOKEN unset GITHUB_TOKEN get GITHUB_TOKEN', ['hush', '-']],
    ['unset GITHUB_TOKEN get GITHUB_TOKEN keep GITHUB_TOKEN own get GITHUB_TOKEN', ['-', 'own']],
    ['get GITHUB_TOKEN set GITHUB_TOKEN own unset GITHUB_TOKEN get GITHUB_TOKEN', ['hush', '-']],
    ['get GITHUB_TOKEN clear get GITHUB_TOKEN get GH_TOKEN set GH_TOKEN own get GH_TOKEN', ['hush', '-', '-', 'own']],
    ['set X 1 keep X 2 get X put X=3 get X unset X get X', ['1', '3', '-']],
  ];
  for (const [script, expected] of rows) assert.deepEqual(probe(script), expected, script);
});

test('another vector in environ', () => {
  assert.deepEqual(probe('copy get GITHUB_TOKEN environ GITHUB_TOKEN proc GITHUB_TOKEN shell GITHUB_TOKEN'), ['hush', '-', kernel('-'), '-']);
  assert.deepEqual(probe('get GITHUB_TOKEN copy get GITHUB_TOKEN environ GITHUB_TOKEN set X 1 get X'), ['hush', 'hush', '-', '1']);
  assert.deepEqual(probe('empty get GITHUB_TOKEN set GITHUB_TOKEN own get GITHUB_TOKEN'), ['-', 'own']);
  // Nobody tells the library that it was emptied: what was read is still given.
  assert.deepEqual(probe('get GITHUB_TOKEN empty get GITHUB_TOKEN get GH_TOKEN'), ['hush', 'hush', '-']);
});

test('threads that read, set and fork at the same time', () => {
  for (const program of ['probe', 'probe-inside']) assert.deepEqual(probe('threads', { program, ...(program !== 'probe' && { preload: null }) }), ['right']);
});

test('a signal handler that reads while the program reads', () => {
  for (const program of ['probe', 'probe-inside']) assert.deepEqual(probe('handler', { program, ...(program !== 'probe' && { preload: null }) }), ['right']);
});

test('the same files in one program, under the sanitizers of the build', () => {
  assert.deepEqual(probe('get GITHUB_TOKEN environ GITHUB_TOKEN proc GITHUB_TOKEN copy get GH_TOKEN set GH_TOKEN x get GH_TOKEN unset GH_TOKEN clear get OPENAI_API_KEY', { program: 'probe-inside', preload: null }),
    ['hush', '-', kernel('-'), 'hush', 'x', '-']);
});

test('vfork: the child reads in the memory of its parent', () => {
  // Valgrind makes a fork of it.
  assert.deepEqual(probe('vfork GITHUB_TOKEN environ GITHUB_TOKEN get GITHUB_TOKEN'), ['-', WRAPPER.length > 0 ? 'hush' : '-', 'hush']);
});

test('before the constructor ran: another library asks first', () => {
  assert.deepEqual(probe('early environ GITHUB_TOKEN proc GITHUB_TOKEN get GITHUB_TOKEN get GH_TOKEN environ GH_TOKEN', { program: 'probe-needs' }),
    ['hush', '-', kernel('-'), 'hush', 'hush', '-']);
});

test('an allocator that reads variables, before and behind the library', { skip: WRAPPER.length > 0 && 'valgrind has an allocator of its own' }, () => {
  const allocator = join(PROBES, 'libprobe-allocator.so');
  for (const preload of [`${allocator} ${LIBRARY}`, `${LIBRARY} ${allocator}`]) {
    assert.deepEqual(probe('get GITHUB_TOKEN set X 1 get X environ GITHUB_TOKEN copy', { preload }), ['hush', '1', '-']);
  }
});

// What it cannot do. doc/one-shot-token.md says the same.

test('not covered: who reads environ has it, before the first getenv', () => {
  assert.deepEqual(probe('environ GITHUB_TOKEN shell GITHUB_TOKEN proc GITHUB_TOKEN'), ['hush', 'hush', 'there']);
});

test('not covered: who copied environ keeps the copy', () => {
  // exec with a vector of its own, by the kernel's call, as a program does that kept one.
  assert.deepEqual(probe('syscall GITHUB_TOKEN get GITHUB_TOKEN syscall GITHUB_TOKEN'), ['hush', 'hush', '-']);
  const python = spawnSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  if (python.status !== 0) return;
  const script = `import os, subprocess
print(os.getenv("GITHUB_TOKEN"))
print(subprocess.run(["printenv", "GITHUB_TOKEN"], capture_output=True, text=True).stdout.strip())
print("GITHUB_TOKEN=hush" in open("/proc/self/environ").read())`;
  assert.deepEqual(run(python.stdout.trim(), ['-c', script]), ['hush', 'hush', 'True']);
});

test('not covered: a static program', { skip: WRAPPER.length > 0 && 'valgrind preloads into it what it has to' }, () => {
  assert.deepEqual(probe('get GITHUB_TOKEN environ GITHUB_TOKEN proc GITHUB_TOKEN', { program: 'probe-static' }), ['hush', 'hush', 'there']);
});

test('not covered: a setuid program', { skip: process.getuid() !== 0 && 'only root can make one of another user' }, () => {
  const dir = mkdtempSync('/var/tmp/hdrgate-setuid-');
  try {
    const path = join(dir, 'probe');
    chmodSync(dir, 0o755);
    copyFileSync(join(PROBES, 'probe'), path);
    chownSync(path, 65534, 65534);
    chmodSync(path, 0o4755);
    // secure_getenv says nothing there, as libc's does.
    assert.deepEqual(run(path, 'get GITHUB_TOKEN environ GITHUB_TOKEN secure GITHUB_TOKEN'.split(' ')), ['hush', 'hush', '-']);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('shells read environ themselves: they pass a token on to what they start, and that reads it once', () => {
  const read = `${join(PROBES, 'probe')} get GITHUB_TOKEN environ GITHUB_TOKEN shell GITHUB_TOKEN`;
  for (const shell of ['bash', 'sh']) assert.deepEqual(run(shell, ['-c', `echo $GITHUB_TOKEN; ${read}`]), ['hush', 'hush', '-', '-'], shell);
});

test('Node reads process.env by getenv, and children started later do not have it', () => {
  const script = `const { spawnSync } = require('node:child_process');
    const proc = () => require('node:fs').readFileSync('/proc/self/environ', 'utf8').includes('GITHUB_TOKEN');
    const child = (name) => spawnSync('printenv', [name], { encoding: 'utf8' }).stdout.trim() || '-';
    console.log(proc(), process.env.GITHUB_TOKEN, process.env.GITHUB_TOKEN, proc());
    console.log(child('GITHUB_TOKEN'));
    console.log(child('OPENAI_API_KEY'), process.env.OPENAI_API_KEY, 'OPENAI_API_KEY' in { ...process.env });`;
  assert.deepEqual(run(process.execPath, ['-e', script]), ['true hush hush false', '-', '- hush false']);
  // To start a child without `env`, Node reads all that there is: what was not read before goes to the first child only.
  const first = `const { spawnSync } = require('node:child_process');
    const child = () => spawnSync('printenv', ['GH_TOKEN'], { encoding: 'utf8' }).stdout.trim() || '-';
    console.log(child(), child());`;
  assert.deepEqual(run(process.execPath, ['-e', first]), ['hush -']);
  // Strictly, looking at the names is a read already.
  const strictly = (code) => run(process.execPath, ['-e', `console.log(${code})`], { env: { AWF_ONE_SHOT_STRICT: '1' } });
  assert.deepEqual(strictly('process.env.GITHUB_TOKEN, process.env.GITHUB_TOKEN'), ['hush undefined']);
  assert.deepEqual(strictly('{ ...process.env }.GITHUB_TOKEN'), ['undefined']);
});

test('programs of every day run with it', () => {
  assert.match(run('git', ['--version'])[0], /^git version /);
  assert.match(run('curl', ['--version'])[0], /^curl /);
  assert.deepEqual(run('openssl', ['version'])[0].split(' ')[0], 'OpenSSL');
});
