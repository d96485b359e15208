// SPDX-License-Identifier: MIT
// hdrgate-awf, with a program in the place of docker and podman that notes what it is asked for.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { own, tempDir } from './lib/env.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const LAUNCHER = resolve(here, '../../docker/hdrgate-awf');
const KEYS = { OPENAI_API_KEY: 'hush-openai', ANTHROPIC_API_KEY: 'hush-anthropic', COPILOT_GITHUB_TOKEN: 'hush-copilot', GEMINI_API_KEY: 'hush-gemini' };
// What a test costs is starting programs, one after the other; so some tests run side by side.
const TOGETHER = { concurrency: 4 };
const PROXY = ['--enable-api-proxy', '--allow-domains', 'api.openai.com,api.anthropic.com'];

// A project in a home folder, and an engine by one or both of its names.
function world({ engines = ['docker'], env = {}, agent = 'exit 0' } = {}) {
  const dir = tempDir('awf');
  const home = join(dir, 'home');
  const project = join(home, 'project');
  const bin = join(dir, 'bin');
  mkdirSync(project, { recursive: true });
  mkdirSync(bin);
  for (const name of engines) copyFileSync(join(here, 'data/engine.sh'), join(bin, name));
  const calls = join(dir, 'calls');
  writeFileSync(calls, '');
  const read = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []);
  return {
    dir, home, project, bin,
    options: { cwd: project, env: { PATH: `${bin}:${process.env.PATH}`, HOME: home, ENGINE_CALLS: calls, ENGINE_AGENT: agent, ...env } },
    calls: () => read(calls).filter((line) => !/ inspect |--version$| ps --all | network ls /.test(line)),
    all: () => read(calls),
    values: () => read(`${calls}.values`),
    file: () => read(`${calls}.file`),
    call: (start) => read(calls).find((line) => line.startsWith(start)) ?? assert.fail(`no call ${start}`),
  };
}

// Runs to the end; what was left in /tmp goes away after the test.
async function run(t, w, args, { input = '', launcher = LAUNCHER } = {}) {
  const child = own(spawn(launcher, args, { ...w.options, stdio: 'pipe' }));
  const ran = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) child[name].setEncoding('utf8').on('data', (text) => { ran[name] += text; });
  child.stdin.on('error', () => {}).end(input);
  ran.status = await new Promise((done, fail) => child.on('error', fail).on('close', done));
  for (const [, path] of ran.stderr.matchAll(/logs: (\/tmp\/[a-z-]+-logs-\d+)/g)) t.after(() => rmSync(path, { recursive: true, force: true }));
  return ran;
}

// The words of a line in which each is quoted as by bash's %q.
function words(line) {
  const all = [...line.matchAll(/((?:\\.|\$'(?:\\.|[^'\\])*'|'[^']*'|[^\s'\\])+)/gs)].map(([word]) => word);
  return all.map((word) => word.replace(/\$'((?:\\.|[^'\\])*)'|'([^']*)'|\\(.)/gs, (_, c, plain, escaped) => plain ?? escaped ?? assert.fail(`words() does not read $'${c}'`)));
}
// What would be done, by its beginning.
async function dry(t, w, args) {
  const ran = await run(t, w, ['--dry-run', ...args]);
  assert.equal(ran.status, 0, ran.stderr);
  return { ...ran, call: (start) => ran.stdout.split('\n').find((line) => line.startsWith(start)) ?? assert.fail(`no call ${start}`) };
}
const environment = (line) => Object.fromEntries(words(line).flatMap((word, i, all) => (all[i - 1] === '--env' && word.includes('=') ? [[word.slice(0, word.indexOf('=')), word.slice(word.indexOf('=') + 1)]] : [])));

describe('hdrgate-awf', TOGETHER, () => {
  test('three containers, in their order, and nothing is left of them', async (t) => {
    const w = world({ env: { ...KEYS, ENGINE_READY: '3' }, agent: 'echo out; echo err >&2; exit 7' });
    const ran = await run(t, w, [...PROXY, '--', 'a command', 'with words']);
    assert.equal(ran.status, 7);
    assert.equal(ran.stdout, 'out\n');
    assert.match(ran.stderr, /^err$/m);
    const short = w.calls().map((line) => line.split(' ').slice(1).join(' ').replace(/^((create|run)( --detach)? --name [a-z-]+) .*/, '$1'));
    assert.deepEqual(short.filter((line) => !line.startsWith('exec')), [
      'network create --internal --subnet 172.30.0.0/24 awf-net', 'network create awf-outside',
      'create --name awf-squid', 'network connect awf-outside awf-squid', 'start awf-squid',
      'run --detach --name awf-api-proxy', 'create --name awf-agent', 'start --attach --interactive awf-agent',
      'stop -t 1 awf-agent', 'rm --force --volumes awf-agent', 'stop -t 1 awf-api-proxy', 'rm --force --volumes awf-api-proxy',
      'stop -t 1 awf-squid', 'rm --force --volumes awf-squid', 'network rm awf-outside awf-net',
    ]);
    // Squid and the gateway were asked until they answered, and the command came after that.
    assert.deepEqual(short.filter((line) => line.startsWith('exec')).map((line) => line.split(' ')[1]), [...Array(3).fill('awf-squid'), ...Array(3).fill('awf-api-proxy'), 'awf-squid']);
    assert.ok(short.lastIndexOf('exec awf-api-proxy curl -fsS http://localhost:10000/health') < short.indexOf('create --name awf-agent'));
    assert.deepEqual(words(w.call('docker create --name awf-agent')).slice(-3), ['awf-agent:latest', 'a command', 'with words']);
  });

  test('the gateway is confined and has the keys by name alone', async (t) => {
    const w = world({ env: { ...KEYS, OPENAI_API_TARGET: 'llm.example', AWF_MAX_RUNS: '3', AWF_RATE_LIMIT_RPM: '1', COPILOT_API_KEY: ' ' } });
    const ran = await run(t, w, [...PROXY, '--copilot-api-target=api.example', '--', 'x']);
    assert.equal(ran.status, 0);
    const gateway = words(w.call('docker run --detach --name awf-api-proxy'));
    const text = gateway.join(' ');
    for (const part of ['--network awf-net --ip 172.30.0.30', '--cap-drop ALL', '--security-opt no-new-privileges', '--read-only', '--memory 512m --memory-swap 512m', '--pids-limit 100', '--cpu-shares 512', '--stop-timeout 2']) assert.ok(text.includes(part), part);
    assert.equal(gateway.at(-1), 'api-proxy:latest');
    assert.notEqual(gateway[gateway.indexOf('--user') + 1].split(':')[0], '0');
    assert.equal(environment(w.call('docker run --detach')).HTTPS_PROXY, 'http://172.30.0.10:3128');
    assert.deepEqual(w.values().sort(), ['AWF_MAX_RUNS=3', 'ANTHROPIC_API_KEY=hush-anthropic', 'COPILOT_API_TARGET=api.example', 'COPILOT_GITHUB_TOKEN=hush-copilot', 'GEMINI_API_KEY=hush-gemini', 'OPENAI_API_KEY=hush-openai', 'OPENAI_API_TARGET=llm.example'].sort());
    // No value of a key in any call, nor in what was said.
    for (const line of w.all()) assert.doesNotMatch(line, /hush/);
    assert.doesNotMatch(ran.stdout + ran.stderr, /hush/);
  });

  test('limits: none unless asked for, AWF\'s numbers where one is left out', async (t) => {
    const limits = async (...args) => {
      const e = environment((await dry(t, world({ env: KEYS }), [...PROXY, ...args, '--', 'x'])).call('docker run --detach'));
      return ['ENABLED', 'RPM', 'RPH', 'BYTES_PM'].map((name) => e[`AWF_RATE_LIMIT_${name}`]);
    };
    assert.deepEqual(await limits(), ['false', '0', '0', '0']);
    assert.deepEqual(await limits('--rate-limit-rpm', '5'), ['true', '5', '10000', '52428800']);
    assert.deepEqual(await limits('--rate-limit-rph=7', '--rate-limit-bytes-pm', '9'), ['true', '600', '7', '9']);
    assert.deepEqual(await limits('--rate-limit-rpm', '5', '--no-rate-limit'), ['false', '0', '0', '0']);
  });

  test('what the command is told: addresses and placeholders, for the keys that there are', async (t) => {
    const agent = async (env) => environment((await dry(t, world({ env }), [...PROXY, '--', 'x'])).call('docker create --name awf-agent'));
    const all = await agent({ ...KEYS, COPILOT_API_KEY: 'hush', GOOGLE_API_KEY: 'hush' });
    const expected = {
      OPENAI_BASE_URL: 'http://172.30.0.30:10000/v1', OPENAI_API_KEY: 'sk-placeholder-for-api-proxy', CODEX_API_KEY: 'sk-placeholder-for-api-proxy',
      ANTHROPIC_BASE_URL: 'http://172.30.0.30:10001', ANTHROPIC_AUTH_TOKEN: 'sk-ant-placeholder-key-for-credential-isolation', CLAUDE_CODE_API_KEY_HELPER: '/usr/local/bin/get-claude-key.sh',
      COPILOT_API_URL: 'http://172.30.0.30:10002', COPILOT_TOKEN: 'placeholder-token-for-credential-isolation', COPILOT_GITHUB_TOKEN: 'placeholder-token-for-credential-isolation',
      COPILOT_API_KEY: 'placeholder-token-for-credential-isolation', COPILOT_OFFLINE: 'true', COPILOT_PROVIDER_BASE_URL: 'http://172.30.0.30:10002', COPILOT_PROVIDER_API_KEY: 'placeholder-token-for-credential-isolation',
      GEMINI_API_BASE_URL: 'http://172.30.0.30:10003', GOOGLE_GEMINI_BASE_URL: 'http://172.30.0.30:10003', GEMINI_API_KEY: 'gemini-api-key-placeholder-for-credential-isolation',
      GOOGLE_VERTEX_BASE_URL: 'http://172.30.0.30:10004', GOOGLE_API_KEY: 'google-api-key-placeholder-for-credential-isolation',
      HTTP_PROXY: 'http://172.30.0.10:3128', HTTPS_PROXY: 'http://172.30.0.10:3128', http_proxy: 'http://172.30.0.10:3128', https_proxy: 'http://172.30.0.10:3128',
      NO_PROXY: 'localhost,127.0.0.1,::1,0.0.0.0,172.30.0.10,172.30.0.20,172.30.0.30', AWF_API_PROXY_IP: '172.30.0.30', AWF_SQUID: '172.30.0.10:3128',
      AWF_ONE_SHOT_TOKENS: 'COPILOT_GITHUB_TOKEN,GITHUB_TOKEN,GH_TOKEN,GITHUB_API_TOKEN,GITHUB_PAT,GH_ACCESS_TOKEN,OPENAI_API_KEY,OPENAI_KEY,ANTHROPIC_API_KEY,CLAUDE_API_KEY,CODEX_API_KEY,COPILOT_API_KEY,COPILOT_PROVIDER_API_KEY',
    };
    const { HOME, AWF_HOME, AWF_UID, AWF_GID, no_proxy: none, ...rest } = all;
    assert.deepEqual(rest, expected);
    assert.equal(none, expected.NO_PROXY);
    assert.match(HOME, /\/home$/);
    // Without a key nothing points at the provider; Gemini is always there.
    assert.deepEqual(Object.keys(await agent({ ANTHROPIC_API_KEY: 'hush' })).filter((name) => /OPENAI|COPILOT|ANTHROPIC|GEMINI|GOOGLE/.test(name)).sort(),
      ['ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_BASE_URL', 'GEMINI_API_BASE_URL', 'GEMINI_API_KEY', 'GOOGLE_GEMINI_BASE_URL']);
  });

  test('without --enable-api-proxy there is Squid alone', async (t) => {
    const planned = await dry(t, world({ env: KEYS }), ['--allow-domains', 'example.com', '--', 'x']);
    assert.equal(planned.stderr, '');
    assert.doesNotMatch(planned.stdout, /awf-api-proxy/);
    assert.ok(!('GEMINI_API_KEY' in environment(planned.call('docker create --name awf-agent'))));
  });

  test('folders, user, working folder, image, terminal', async (t) => {
    const w = world({ env: KEYS });
    mkdirSync(join(w.home, '.cache'));
    const from = join(w.dir, 'data');
    mkdirSync(from);
    const planned = await dry(t, w, [...PROXY, '--mount-home', '.cache', '--mount', `${from}:/data:ro`, '--container-workdir', '/data', '--agent-image', 'my/agent:1', '--image-registry', 'r.example/x', '--image-tag', '9', '--skip-pull', '--tty', '--', 'echo $HOME']);
    const agent = words(planned.call('docker create --name awf-agent'));
    const volumes = agent.filter((_, i) => agent[i - 1] === '--volume');
    assert.deepEqual(volumes, [`${w.project}:${w.project}:rw`, `${from}:/data:ro`, `${w.home}/.cache:${w.home}/.cache:rw`]);
    assert.deepEqual([environment(planned.call('docker create --name awf-agent')).AWF_UID, agent[agent.indexOf('--user') + 1]], [`${process.getuid()}`, '0:0']);
    assert.equal(agent[agent.indexOf('--workdir') + 1], '/data');
    assert.equal(agent[agent.indexOf('--tmpfs') + 1], `${w.home}:exec,mode=1777`);
    assert.ok(agent.includes('--tty') && agent.includes('--interactive'));
    // One word is a line for a shell.
    assert.deepEqual(agent.slice(-4), ['my/agent:1', 'bash', '-c', 'echo $HOME']);
    assert.ok(planned.call('docker run --detach').endsWith(' r.example/x/api-proxy:9'));
    for (const start of ['docker create --name awf-squid', 'docker run --detach', 'docker create --name awf-agent']) assert.ok(planned.call(start).includes(' --pull never '), start);
  });

  test('under sudo the command is the caller\'s, and its home', { skip: process.getuid() !== 0 && 'sudo is imitated by root' }, async (t) => {
    const nobody = execFileSync('getent', ['passwd', 'nobody'], { encoding: 'utf8' }).trim().split(':');
    const w = world({ env: { ...KEYS, SUDO_UID: nobody[2], SUDO_GID: nobody[3] } });
    const told = environment((await dry(t, w, [...PROXY, '--', 'x'])).call('docker create --name awf-agent'));
    assert.deepEqual([told.AWF_UID, told.AWF_GID], [nobody[2], nobody[3]]);
    assert.deepEqual([told.HOME, told.AWF_HOME], [nobody[5], nobody[5]]);
  });

  test('variables for the command come from a file that only its caller can read, and its standard input is there', async (t) => {
    const w = world({ env: { ...KEYS, GIVEN: 'hush given', ABSENT: undefined }, agent: 'cat; exit 0' });
    const ran = await run(t, w, [...PROXY, '--env', 'A=hush a=b', '-e', 'GIVEN', '--env=ABSENT', '--', 'x'], { input: 'a line\n' });
    assert.equal(ran.status, 0, ran.stderr);
    assert.equal(ran.stdout, 'a line\n');
    assert.deepEqual(w.file(), ['600', 'A=hush a=b', 'GIVEN=hush given']);
    for (const line of w.all()) assert.doesNotMatch(line, /hush/);
  });

  test('podman: found where docker is not, or asked for', async (t) => {
    const w = world({ engines: ['podman'], env: KEYS });
    // Whatever this machine has of them is not there.
    const names = ['bash', 'env', 'id', 'awk', 'sort', 'cut', 'date', 'mktemp', 'chmod', 'mkdir', 'ls', 'rm', 'sleep', 'cat', 'grep', 'stat', 'mv', 'tail', 'getent'];
    for (const name of names) symlinkSync(process.env.PATH.split(':').map((dir) => join(dir, name)).find((path) => existsSync(path)), join(w.bin, name));
    w.options.env.PATH = w.bin;
    (await dry(t, w, [...PROXY, '--', 'x'])).call('podman create --name awf-agent');
    rmSync(join(w.bin, 'podman'));
    const none = await run(t, w, [...PROXY, '--', 'x']);
    assert.equal(none.status, 1);
    assert.equal(none.stderr, 'hdrgate-awf: neither docker nor podman is installed\n');

    const both = world({ engines: ['docker', 'podman'], env: KEYS });
    assert.equal((await run(t, both, [...PROXY, '--engine', 'podman', '--', 'x'])).status, 0);
    assert.ok(both.all().every((line) => line.startsWith('podman ')));
    assert.match((await run(t, both, [...PROXY, '--engine', 'no-such', '--', 'x'])).stderr, /^hdrgate-awf: --engine no-such: there is no such program$/m);
  });

  test('warnings: no keys, a target that Squid will refuse, no Gemini', async (t) => {
    const said = async (env, ...args) => (await dry(t, world({ env }), [...PROXY, ...args, '--', 'x'])).stderr.split('\n').slice(0, -1);
    assert.deepEqual(await said({}), ['⚠️  API proxy enabled but no API keys found in environment',
      '   Set OPENAI_API_KEY, ANTHROPIC_API_KEY, GEMINI_API_KEY, COPILOT_GITHUB_TOKEN, or COPILOT_API_KEY to use the proxy']);
    assert.deepEqual((await said({ OPENAI_API_KEY: '  ' })).length, 2);
    assert.deepEqual(await said({ OPENAI_API_KEY: 'hush' }), ['hdrgate-awf: no GEMINI_API_KEY found: the gateway answers 503 on port 10003']);
    assert.deepEqual(await said(KEYS), []);
    assert.deepEqual(await said(KEYS, '--openai-api-target', 'https://me@LLM.example:444/v1?x'), ['⚠️  --openai-api-target llm.example is not in --allow-domains: Squid will refuse what goes there', '   Add it: --allow-domains ...,llm.example']);
    assert.deepEqual((await said({ ...KEYS, ANTHROPIC_API_TARGET: 'other.example' })).length, 2);
    for (const target of ['api.openai.com', 'eu.api.openai.com', 'API.openai.com.']) assert.deepEqual((await said(KEYS, '--openai-api-target', target)).length, target.endsWith('.') ? 2 : 0, target);
    for (const [list, target, warned] of [['*.example.com', 'a.example.com', 0], ['https://example.com/x', 'example.com', 0], ['*.example.com', 'example.com', 0], ['example.com', 'badexample.com', 2], ['.example.com', 'example.com', 0]]) {
      assert.deepEqual((await dry(t, world({ env: KEYS }), ['--enable-api-proxy', '--allow-domains', list, '--copilot-api-target', target, '--', 'x'])).stderr.split('\n').length - 1, warned, `${list} ${target}`);
    }
  });

  test('what cannot be meant is said before anything starts', async (t) => {
    const rows = [
      [[], 2, /no command/],
      [['--allow-domains', 'a.example', '--'], 2, /no command/],
      [['--', 'x'], 2, /--allow-domains names nothing/],
      [['--allow-domains', ' , ', '--', 'x'], 2, /--allow-domains names nothing/],
      [['--allow-domains', 'a b?c', '--', 'x'], 2, /'b\?c' is not the name of a domain/],
      [['--allow-domains', 'a.*.example', '--', 'x'], 2, /is not the name of a domain/],
      [['--allow-domains', 'a..b', '--', 'x'], 2, /is not the name of a domain/],
      [['--allow-domains', '10.0.0.1', '--', 'x'], 2, /is an address/],
      [['--allow-domains', 'a.example', 'x'], 2, /the command stands behind --/],
      [['--no-such', '1', '--', 'x'], 2, /--no-such: no such option/],
      [['--allow-domains'], 2, /without its value/],
      [[...PROXY, '--rate-limit-rpm', '0', '--', 'x'], 2, /expected a whole number above 0/],
      [[...PROXY, '--rate-limit-rph', '1e3', '--', 'x'], 2, /expected a whole number above 0/],
      [[...PROXY, '--mount', '/no/such/place:/x', '--', 'x'], 1, /\/no\/such\/place is not there/],
      [[...PROXY, '--mount', 'relative:/x', '--', 'x'], 2, /expected \/FROM:\/TO/],
      [[...PROXY, '--mount-home', '../x', '--', 'x'], 2, /expected a name below your home folder/],
      [[...PROXY, '--mount-home', '.none', '--', 'x'], 1, /is no folder/],
      [[...PROXY, '--container-workdir', 'x', '--', 'x'], 2, /expected a path from \//],
      [[...PROXY, '--env', '1A=2', '--', 'x'], 2, /not the name of a variable/],
      [[...PROXY, '--env', 'A=1\n2', '--', 'x'], 2, /more than one line/],
      [[...PROXY, '--env', 'OPENAI_API_KEY', '--', 'x'], 1, /the command would have the credential/],
      [[...PROXY, '--env', 'ANTHROPIC_API_KEY=hush', '--', 'x'], 1, /the command would have the credential/],
    ];
    await Promise.all(rows.map(async ([args, status, text]) => {
      const w = world({ env: KEYS });
      const ran = await run(t, w, args);
      assert.equal(ran.status, status, `${args}: ${ran.stderr}`);
      assert.match(ran.stderr, text);
      assert.doesNotMatch(ran.stderr, /hush/);
      assert.deepEqual(w.calls(), []);
    }));
  });

  test('a working folder that holds the home folder is refused', async (t) => {
    for (const up of ['home', '.', '/']) {
      const w = world({ env: KEYS });
      w.options.cwd = resolve(w.dir, up);
      const ran = await run(t, w, [...PROXY, '--', 'x']);
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, /has your home folder in it/);
      assert.deepEqual(w.calls(), []);
    }
  });

  test('two runs cannot stand beside each other', async (t) => {
    for (const there of ['awf-squid', 'awf-net']) {
      const w = world({ env: { ...KEYS, ENGINE_THERE: there } });
      const ran = await run(t, w, [...PROXY, '--', 'x']);
      assert.equal(ran.status, 1);
      assert.ok(ran.stderr.includes(`${there} is there already`), ran.stderr);
      assert.deepEqual(w.calls(), [], 'what the other run has is left alone');
    }
  });

  test('a gateway that ends, or cannot be started: no command, and all is removed', async (t) => {
    for (const [env, text] of [[{ ENGINE_DEAD: 'awf-api-proxy' }, /the last words of awf-api-proxy\nhdrgate-awf: awf-api-proxy ended before it was ready$/m], [{ ENGINE_RUN: '125' }, /the gateway cannot be started/]]) {
      const w = world({ env: { ...KEYS, ...env } });
      const ran = await run(t, w, [...PROXY, '--', 'x']);
      assert.equal(ran.status, 1);
      assert.match(ran.stderr, text);
      assert.ok(!w.calls().some((line) => line.startsWith('docker create --name awf-agent')));
      assert.equal(w.calls().at(-1), 'docker network rm awf-outside awf-net');
    }
  });

  for (const [signal, status] of [['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]]) {
    test(`${signal} ends the command and removes everything`, async (t) => {
      const w = world({ env: KEYS, agent: 'echo running; exec sleep 300' });
      const child = own(spawn(LAUNCHER, [...PROXY, '--env', `WHERE=${w.dir}`, '--', 'x'], { ...w.options, stdio: ['ignore', 'pipe', 'pipe'] }));
      await new Promise((done) => child.stdout.once('data', done));
      child.kill(signal);
      assert.equal(await new Promise((done) => child.on('close', done)), status);
      assert.deepEqual(w.calls().slice(-8, -6), ['docker exec awf-squid chmod -R a+rX /var/log/awf-squid', 'docker stop -t 1 awf-agent']);
      assert.equal(w.calls().at(-1), 'docker network rm awf-outside awf-net');
      assert.ok(!readdirSync('/tmp').some((name) => /^awf-\d+-/.test(name) && existsSync(`/tmp/${name}/variables`) && readFileSync(`/tmp/${name}/variables`, 'utf8').includes(w.dir)));
    });
  }

  test('logs go where AWF has them', async (t) => {
    const w = world({ env: KEYS, agent: 'exit 3' });
    const dir = join(w.dir, 'logs');
    assert.equal((await run(t, w, [...PROXY, '--proxy-logs-dir', dir, '--env', 'A=1', '--', 'x'])).status, 3);
    const [left] = w.call('docker create --name awf-agent').match(/\/tmp\/awf-[^/]*/);
    assert.ok(!existsSync(left), 'its own folder is left, after a command that failed');
    assert.ok(w.call('docker create').includes(` ${dir}:/var/log/awf-squid:rw `));
    assert.ok(w.call('docker run --detach').includes(` ${dir}/api-proxy-logs:/var/log/api-proxy:rw `));
    assert.ok(existsSync(join(dir, 'api-proxy-logs')));

    // Without it: in the run's own folder, and afterwards beside it. Nothing else of the folder stays.
    const fill = `for folder in $(grep -oE '/tmp/awf-[^ :]*/(squid-logs|api-proxy-logs)' "$ENGINE_CALLS" | sort -u); do echo line >"$folder/log"; done; exit 0`;
    const other = world({ env: KEYS, agent: fill });
    const ran = await run(t, other, [...PROXY, '--', 'x']);
    const places = [...ran.stderr.matchAll(/logs: (\/tmp\/(squid|api-proxy)-logs-\d+)/g)].map(([, path]) => path);
    assert.equal(places.length, 2, ran.stderr);
    for (const path of places) assert.equal(readFileSync(join(path, 'log'), 'utf8'), 'line\n');
    const [folder] = other.call('docker create --name awf-squid').match(/\/tmp\/awf-[^/]*/);
    assert.ok(!existsSync(folder));
  });

  test('--keep-containers leaves all of it', async (t) => {
    const w = world({ env: KEYS });
    const ran = await run(t, w, [...PROXY, '--keep-containers', '--', 'x']);
    assert.equal(ran.status, 0);
    assert.ok(!w.calls().some((line) => / (stop|rm) /.test(line)));
    const [, folder] = ran.stderr.match(/left as they are: .* and (\/tmp\/awf-\S+)$/m);
    assert.ok(existsSync(join(folder, 'variables')));
    rmSync(folder, { recursive: true });
  });

  test('--dry-run does nothing, and says what it would do without a value that is secret', async (t) => {
    const w = world({ env: KEYS });
    const args = [...PROXY, '--env', 'A=hush', '--rate-limit-rpm', '5', '--', 'x', 'y z'];
    const planned = await dry(t, w, args);
    assert.deepEqual(w.all(), []);
    assert.doesNotMatch(planned.stdout + planned.stderr, /hush/);
    assert.match(planned.stdout, /^#\s+A=\*\*\*$/m);
    // It is what is done then, but for the folder's name and for asking until there is an answer.
    assert.equal((await run(t, w, args)).status, 0);
    const plain = (lines) => [...new Set(lines.map((line) => line.replace(/^# until it succeeds: /, '').replace(/\/tmp\/awf-[^/ ]*/g, 'RUN')))];
    assert.deepEqual(plain(planned.stdout.split('\n').filter((line) => /^(docker|# until)/.test(line))), plain(w.calls()));
  });

  test('an image that does not confine its command is not started', async (t) => {
    const w = world({ env: { ...KEYS, ENGINE_ENTRYPOINT: '[/bin/sh]' } });
    const ran = await run(t, w, [...PROXY, '--agent-image', 'debian', '--', 'x']);
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /the image debian does not begin with \/usr\/local\/bin\/entrypoint\.sh, which confines the command/);
    assert.ok(!w.calls().some((line) => line.startsWith('docker start --attach')));
  });

  test('--build-local needs the source tree', async (t) => {
    const w = world({ env: KEYS });
    const elsewhere = join(w.dir, 'hdrgate-awf');
    copyFileSync(LAUNCHER, elsewhere);
    const ran = await run(t, w, [...PROXY, '--build-local', '--', 'x'], { launcher: elsewhere });
    assert.equal(ran.status, 1);
    assert.match(ran.stderr, /--build-local: .* is not there; it works in the source tree/);
    assert.deepEqual(w.calls(), []);
  });

  test('shellcheck has nothing to say', () => {
    const ran = spawnSync('shellcheck', [LAUNCHER, join(here, 'data/engine.sh')], { encoding: 'utf8' });
    assert.equal(ran.status, 0, ran.stdout);
  });

  // What compose.yaml says of the three containers, against what the launcher asks for.
  const COMPOSE = resolve(here, '../../docker/compose.yaml');
  test('it starts what docker/compose.yaml describes', async (t) => {
    const keys = { ...KEYS, COPILOT_API_KEY: 'hush', GOOGLE_API_KEY: 'hush' };
    const compose = parse(readFileSync(COMPOSE, 'utf8'));
    const planned = await dry(t, world({ env: keys }), [...PROXY, '--', 'x']);
    const lines = { squid: planned.call('docker create --name awf-squid'), 'api-proxy': planned.call('docker run --detach'), agent: planned.call('docker create --name awf-agent') };
    const bytes = (text) => Number.parseInt(text, 10) * { m: 1, g: 1024 }[String(text).slice(-1)];
    for (const [name, line] of Object.entries(lines)) {
      const service = compose.services[name];
      const all = words(line);
      const given = (option) => all.filter((_, i) => all[i - 1] === option);
      assert.deepEqual(given('--name'), [service.container_name]);
      assert.ok(all.includes(`${service.image}:latest`) || all.includes(service.image), `${name}: ${service.image}`);
      assert.deepEqual(given('--ip'), [service.networks['awf-net'].ipv4_address]);
      assert.deepEqual(given('--cap-drop'), service.cap_drop);
      assert.deepEqual(given('--cap-add'), service.cap_add ?? []);
      assert.deepEqual(given('--security-opt'), service.security_opt.map((v) => v.replace(/:true$/, '')));
      assert.equal(all.includes('--read-only'), service.read_only ?? false, name);
      assert.equal(bytes(given('--memory')[0]), bytes(service.mem_limit), name);
      assert.equal(bytes(given('--memory-swap')[0]), bytes(service.memswap_limit), name);
      assert.equal(Number(given('--pids-limit')[0]), service.pids_limit, name);
      assert.equal(Number(given('--cpu-shares')[0] ?? 0), service.cpu_shares ?? 0, name);
      for (const volume of service.volumes ?? []) assert.ok(given('--volume').some((v) => v.endsWith(volume.slice(volume.indexOf(':/')))), `${name}: ${volume}`);
    }
    assert.ok(compose.networks['awf-net'].internal && planned.stdout.includes('network create --internal --subnet 172.30.0.0/24 awf-net'));
    assert.deepEqual(compose.services['api-proxy'].healthcheck.test.slice(1).filter((w) => !w.startsWith('-')), words(planned.call('# until it succeeds: docker exec awf-api-proxy').replace('# until it succeeds: docker exec awf-api-proxy ', '')).filter((w) => !w.startsWith('-')));

    // The command's variables, with every key: the same names and values. HOME is the launcher's own business, and curl's
    // lower-case names.
    const told = environment(lines.agent);
    for (const [name, template] of Object.entries(compose.services.agent.environment)) {
      const value = String(template).replace(/\$\{(\w+):\+([^}]*)\}/g, (_, key, text) => (keys[key] ? text : '')).replace(/\$\{(\w+)-?([^}]*)\}/g, (_, key, text) => text);
      if (!/^AWF_[UG]ID$/.test(name)) assert.equal(told[name], value, name);
    }
    // What the gateway may be given there, it may be given here.
    const settable = Object.keys(compose.services['api-proxy'].environment);
    const w = world({ env: Object.fromEntries(settable.map((name) => [name, 'x'])) });
    const passed = words((await dry(t, w, [...PROXY, '--', 'x'])).call('docker run --detach'));
    for (const name of settable) assert.ok(passed.includes(name) || passed.some((word) => word.startsWith(`${name}=`)), name);
  });
});
