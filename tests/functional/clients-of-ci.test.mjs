// SPDX-License-Identifier: MIT
// The example of a CI runner as a user meets it: the real npm, git and curl through the gateway and Squid, to a
// registry, a git server and an API that refuse everybody without the token. They work, and the tokens are nowhere
// on the runner's side. What the runner typed and saw is examples/ci-runner.transcript; HDRGATE_TEST_UPDATE=1 writes
// it anew.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { caFile } from './lib/ca.mjs';
import { own, tempDir, within } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { squid } from './lib/squid.mjs';
import { filesBelow, githubApi, gitServer, npmRegistry } from './lib/stand-ins.mjs';

const top = fileURLToPath(new URL('../../', import.meta.url));
const TRANSCRIPT = join(top, 'examples/ci-runner.transcript');
const GITHUB = 'ghp_RealTokenOfGitHub0815';
const NPM = 'npm_RealTokenOfTheRegistry4711';
const BASIC = Buffer.from(`x-access-token:${GITHUB}`).toString('base64');

// What is typed on the runner: a line that begins with # is said to the reader.
const SESSION = `
# The runner knows the gateway, and placeholders.
export GITHUB_API_URL=http://127.0.0.1:8081 GITHUB_TOKEN=ghp_placeholder
git config --global url.http://127.0.0.1:8082/.insteadOf https://github.com/
npm config set registry=http://127.0.0.1:8083/ replace-registry-host=always audit=false fund=false

# The API, as actions, Octokit and scripts use it. The answer's cookie does not come through.
curl -sS -H "Authorization: Bearer $GITHUB_TOKEN" $GITHUB_API_URL/repos/acme/site
curl -sSi -H "Authorization: token $GITHUB_TOKEN" $GITHUB_API_URL/user | grep -iE '^(HTTP|set-cookie|content-type)'

# The next page is at the gateway too.
curl -sSi "$GITHUB_API_URL/repos/acme/site/issues" | grep -i '^link'

# The rules are for reading: nothing else leaves the gateway.
curl -sS -X DELETE -H "Authorization: Bearer $GITHUB_TOKEN" $GITHUB_API_URL/repos/acme/site
curl -sS -d '{"query":"{ viewer { login } }"}' $GITHUB_API_URL/graphql

# A private repository, by the URL that it has everywhere. git is asked for no password.
git clone https://github.com/acme/site.git
git -C site remote -v
git -C site log --format='%an: %s'

# By the gateway's own URL it is the same.
git clone -q http://127.0.0.1:8082/acme/site.git again && ls again

# Pushing is refused at its first request.
git -C site push origin main

# A private package of a scope, and one that it needs, whose tarball the registry redirects.
mkdir app && cd app && npm init -y >/dev/null
npm install @acme/widget
node -p "require('@acme/widget')"
npm ci

# The lockfile has the registry's own URLs, as for everybody else.
grep resolved package-lock.json

# Both tokens have RealToken in them. It is in nothing that npm, git and curl leave behind.
cd .. && grep -rl RealToken . || echo nothing
`;

// Runs the lines in one shell, each shown before it runs. `ports`: what is typed, and what it is in this run.
function play(dir, env, session, ports) {
  const real = (line) => ports.reduce((l, [port, shown]) => l.replaceAll(`:${shown}/`, `:${port}/`).replaceAll(`:${shown} `, `:${port} `), line);
  const lines = session.trim().split('\n').map((l) => {
    if (l === '') return 'echo';
    return l.startsWith('#') ? `printf '%s\\n' ${quote(l)}` : `printf '%s\\n' ${quote(`$ ${l}`)}\n${real(l)}`;
  });
  writeFileSync(join(dir, '.curlrc'), 'write-out = "\\n"\n'); // answers do not end their last line
  const shell = own(spawn('bash', ['-c', `exec 2>&1\n${lines.join('\n')}`], { cwd: dir, env, stdio: ['ignore', 'pipe', 'ignore'] }));
  let said = '';
  shell.stdout.setEncoding('utf8').on('data', (b) => (said += b));
  const end = new Promise((done) => shell.on('close', () => done(said)));
  return within(end, 'the session to end', 60000).catch((e) => {
    e.message += `\n${said}`;
    throw e;
  });
}

const quote = (text) => `'${text.replaceAll("'", "'\\''")}'`;

// What differs from run to run, and between versions of the programs.
function normalised(said, ports) {
  let text = said;
  for (const [port, shown] of ports) text = text.replaceAll(`:${port}/`, `:${shown}/`);
  return `${text
    .replaceAll(/in \d+(\.\d+)?m?s/g, 'in 1s')
    .replaceAll(/npm\.test\.example:\d+/g, 'npm.test.example')
    .replaceAll(/"request_id":"[^"]*"/g, '"request_id":"..."')
    .trim()}\n`;
}

// The environment of the runner: no token in it.
const runner = (home) => ({
  PATH: process.env.PATH, HOME: home, LC_ALL: 'C.UTF-8', GIT_TERMINAL_PROMPT: '0', GIT_CONFIG_NOSYSTEM: '1', npm_config_update_notifier: 'false',
});

// No token, in any form, in any file below the folder, or in what was said.
function assertClean(home, said) {
  const needles = [GITHUB, NPM, BASIC].map((n) => Buffer.from(n));
  let files = 0;
  for (const [path, bytes] of filesBelow(home, (d) => readdirSync(d, { withFileTypes: true }))) {
    files++;
    for (const n of needles) assert.ok(!bytes.includes(n), path);
  }
  for (const n of needles) assert.ok(!said.includes(n.toString()));
  return files;
}

test('npm, git and curl work through the gateway, and never get at the tokens', async (t) => {
  const api = await githubApi(t, GITHUB);
  const git = await gitServer(t, 'x-access-token', GITHUB, { 'acme/site.git': { 'README': 'A private site.\n' } });
  const npm = await npmRegistry(t, NPM);
  const sq = await squid(t);
  const gw = await gateway(t, readFileSync(join(top, 'examples/ci-runner.cfg'), 'utf8'), {
    env: {
      HDRGATE_RULES_DIR: join(top, 'rules'), HTTPS_PROXY: sq.url, NODE_EXTRA_CA_CERTS: caFile(), GITHUB_TOKEN: GITHUB, NPM_TOKEN: NPM,
      GITHUB_API_UPSTREAM: api.url, GIT_UPSTREAM: git.url, NPM_UPSTREAM: npm.url,
      GITHUB_API_BIND: '127.0.0.1:0', GIT_BIND: '127.0.0.1:0', NPM_BIND: '127.0.0.1:0',
    },
  });
  const addresses = ['github-api', 'git', 'npm'].map((f) => gw.address(f));
  const ports = addresses.map((a, i) => [a.split(':')[1], 8081 + i]);
  const home = tempDir('runner');
  const said = await play(home, runner(home), SESSION, ports);

  await t.test('every request that came to them had the real credential, and no other', () => {
    for (const [s, credential, placeholder] of [[api, `Bearer ${GITHUB}`, 'ghp_placeholder'], [git, `Basic ${BASIC}`], [npm, `Bearer ${NPM}`]]) {
      assert.ok(s.requests.length >= 2, `${s.url}: ${JSON.stringify(s.requests)}`);
      for (const r of s.requests) {
        assert.equal(r.authorization, credential);
        assert.equal(r.headers.filter((h) => h.toLowerCase() === 'authorization').length, 1);
        if (placeholder) assert.ok(!r.headers.join().includes(placeholder));
      }
    }
    assert.deepEqual(new Set(api.requests.map((r) => r.method)), new Set(['GET']));
    assert.ok(git.requests.every((r) => !r.url.includes('receive-pack')));
    assert.ok(npm.requests.some((r) => r.url === '/@acme%2fwidget'), 'the name of a scope stays as npm wrote it');
  });

  await t.test('the tokens are nowhere on the runner', () => {
    assert.ok(assertClean(home, said) > 20, 'the caches and repositories are among the files');
  });

  await t.test('what was typed and seen is the transcript', () => {
    const now = normalised(said, ports);
    if (process.env.HDRGATE_TEST_UPDATE === '1') writeFileSync(TRANSCRIPT, now);
    assert.equal(now, readFileSync(TRANSCRIPT, 'utf8'));
  });
});

// What the comments of the example say of writing.
const WRITING = `
git config --global url.http://127.0.0.1:8082/.insteadOf https://github.com/
npm config set registry=http://127.0.0.1:8083/ //127.0.0.1:8083/:_authToken=npm_placeholder
git clone -q https://github.com/acme/site.git
git -C site -c user.name=Acme -c user.email=acme@example.com commit -q --allow-empty -m 'Made on the runner'
git -C site push -q origin main && echo pushed
mkdir made && cd made && npm init -y --scope=@acme >/dev/null
npm publish --access public 2>/dev/null
`;

test('with the rules for it a runner pushes and publishes, and still has no token', async (t) => {
  const git = await gitServer(t, 'x-access-token', GITHUB, { 'acme/site.git': { 'README': 'A private site.\n' } });
  const npm = await npmRegistry(t, NPM);
  const example = readFileSync(join(top, 'examples/ci-runner.cfg'), 'utf8');
  const text = example.replaceAll('git-https-read"', 'git-https"').replaceAll('use = "npm"', 'use = "npm-publish"').replaceAll('"squid"', '"direct"');
  const gw = await gateway(t, text, {
    env: {
      HDRGATE_RULES_DIR: join(top, 'rules'), NODE_EXTRA_CA_CERTS: caFile(), GITHUB_TOKEN: GITHUB, NPM_TOKEN: NPM, HTTPS_PROXY: 'direct',
      GIT_UPSTREAM: git.url.replace('git.test.example', 'localhost'), NPM_UPSTREAM: npm.url.replace('npm.test.example', 'localhost'),
      GITHUB_API_BIND: '127.0.0.1:0', GIT_BIND: '127.0.0.1:0', NPM_BIND: '127.0.0.1:0',
    },
  });
  const home = tempDir('runner');
  const ports = ['github-api', 'git', 'npm'].map((f, i) => [gw.address(f).split(':')[1], 8081 + i]);
  const said = await play(home, runner(home), WRITING, ports);
  assert.match(said, /^pushed$/m, said);
  assert.match(said, /^\+ @acme\/made@1\.0\.0$/m, said);
  assert.deepEqual(npm.published, ['@acme/made@1.0.0']);
  assert.ok(git.requests.some((r) => r.method === 'POST' && r.url === '/acme/site.git/git-receive-pack'));
  for (const r of [...git.requests, ...npm.requests]) assert.ok([`Basic ${BASIC}`, `Bearer ${NPM}`].includes(r.authorization));
  assertClean(home, said);
});
