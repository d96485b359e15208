// SPDX-License-Identifier: MIT
// Command-line agents as they come from npm, a prompt each: what they print, what the provider saw, what was counted,
// and what else they tried. Run by tests/release.sh, as root, in a network of its own.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { anthropic, gemini, openai } from './lib/answers.mjs';
import { scene, SECRET } from './lib/scene.mjs';

// In two parts, so that it cannot come from the prompt.
const ANSWER = `The word is ${['quick', 'silver'].join('')}.`;
const PROMPT = 'What is the word?';

const version = (name) => JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url))).version;
const figures = (l) => [l.model, l.input_tokens, l.output_tokens, l.cache_read_tokens];

// What holds for each of them. `lines`: what the usage log must have, one list of path, status and figures for each
// answer.
async function check(s, name, run, lines) {
  assert.equal(run.code, 0, `it ended with ${run.code}\n${run.stdout}\n${run.stderr}`);
  assert.ok(run.stdout.includes(ANSWER), `the answer is not in what it printed:\n${run.stdout}\n${run.stderr}`);

  const [field, value] = s.credential(name);
  assert.ok(run.requests.length > 0);
  for (const r of run.requests) {
    for (const f of ['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'cookie']) {
      assert.deepEqual(r.headers.filter(([n]) => n === f).map(([, v]) => v), f === field ? [value] : [], `${f} of ${r.path}`);
    }
  }
  for (const p of s.placeholders) assert.ok(!run.sent.includes(p), `a placeholder came through: ${p}`);
  assert.ok(run.sent.includes(PROMPT));
  assert.deepEqual(run.elsewhere, [], 'another provider was asked');

  assert.deepEqual(run.tried, [], 'it tried to leave through Squid');
  assert.equal(run.refused, 0, 'packets that the firewall turned back');
  assert.ok(run.processes.some((p) => p.environment.includes('AWF_API_PROXY_IP=172.30.0.30')), 'its processes were looked at');
  for (const where of [run.stdout, run.stderr, s.gw.text(), ...run.processes.map((p) => JSON.stringify(p))]) {
    assert.ok(!where.includes(SECRET), 'a part of a key is seen');
  }

  await s.gw.until(() => s.usage().length >= run.before + lines.length, 'the lines of usage');
  const got = s.usage().slice(run.before).map((l) => [l.provider, l.path, l.status, l.streaming, ...figures(l)]);
  assert.deepEqual(got, lines.map((l) => [name, ...l]));
}

// Of the variables that leave the environment when they are first read: those that a program still has in its.
const left = (s, run, program) => [...new Set(run.processes.filter((p) => p.line.some((word) => program.test(word)))
  .flatMap((p) => p.environment.map((e) => e.split('=')[0])).filter((n) => s.oneShot.includes(n)))].sort();

test('command-line agents', { timeout: 600000 }, async (t) => {
  const s = await scene(t);

  await t.test('what an agent tries beside the gateway is seen', async () => {
    const tries = 'curl -sS https://nowhere.example/; curl -sS --noproxy "*" --max-time 2 http://203.0.113.1/; getent hosts nowhere.example; true';
    const run = await s.prompt('openai', ['bash', '-c', tries], {});
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.tried.join('\n'), /172\.30\.0\.20 TCP_DENIED\/403 .* CONNECT nowhere\.example:443/);
    assert.ok(run.refused >= 2, `${run.refused} packets`);
  });

  t.diagnostic(`@openai/codex ${version('@openai/codex')}`);
  const codex = ['codex', 'exec', '--skip-git-repo-check', PROMPT];
  const over = (req, res) => res.events(openai.events(ANSWER).map((data) => ({ type: data.type, data })));

  await t.test('Codex: the Responses API on a WebSocket, with permessage-deflate', async () => {
    const asked = [];
    const websocket = (message, send) => {
      asked.push(message);
      for (const e of openai.events(ANSWER)) send(e);
    };
    const run = await s.prompt('openai', codex, { websocket });
    await check(s, 'openai', run, [['/v1/responses', 101, true, ...openai.figures.map((f) => (typeof f === 'number' ? f * asked.length : f))]]);
    assert.ok(asked.length > 0 && asked.every((m) => m.type === 'response.create'), JSON.stringify(asked.map((m) => m.type)));
    assert.ok(run.requests.every((r) => r.method === 'GET' && r.header('upgrade') === 'websocket'), 'nothing but upgrades');
    assert.match(run.requests[0].header('sec-websocket-extensions'), /permessage-deflate/);
    assert.match(run.extensions[0], /permessage-deflate/);
    assert.deepEqual(left(s, run, /\/bin\/codex$/), ['CODEX_API_KEY', 'OPENAI_API_KEY'], 'a static program keeps them');
  });

  await t.test('Codex: a refused upgrade, then the Responses API over HTTP', async () => {
    const run = await s.prompt('openai', codex, { handle: over });
    await check(s, 'openai', run, [['/v1/responses', 200, true, ...openai.figures]]);
    assert.deepEqual(run.requests.map((r) => [r.method, r.path, r.header('upgrade')]), [['GET', '/v1/responses', 'websocket'], ['POST', '/v1/responses', undefined]]);
  });

  t.diagnostic(`@anthropic-ai/claude-code ${version('@anthropic-ai/claude-code')}`);
  await t.test('Claude Code: the Messages API, streamed', async () => {
    const handle = (req, res) => {
      assert.equal(req.json().stream, true);
      return res.events(anthropic.events(ANSWER).map((data) => ({ type: data.type, data })));
    };
    const run = await s.prompt('anthropic', ['claude', '-p', PROMPT], { handle });
    await check(s, 'anthropic', run, run.requests.map(() => ['/v1/messages', 200, true, ...anthropic.figures]));
    assert.deepEqual(left(s, run, /^claude$/), ['CODEX_API_KEY', 'OPENAI_API_KEY'], 'Bun reads them without libc');
  });

  t.diagnostic(`@google/gemini-cli ${version('@google/gemini-cli')}`);
  await t.test('Gemini CLI: generateContent, plain and streamed', async () => {
    const handle = (req, res) => {
      // It asks a small model first which model is to answer.
      if (req.path.includes(':generateContent')) return res.json(200, gemini.part('{"complexity_reasoning":"short","complexity_score":1}', true));
      return res.events(gemini.events(ANSWER).map((data) => ({ data })));
    };
    const run = await s.prompt('gemini', ['gemini', '-p', PROMPT], { handle });
    const lines = run.requests.map((r) => [r.path.replace(/\?.*/, ''), 200, r.path.includes(':stream'), ...gemini.figures]);
    assert.ok(lines.some((l) => l[2]), 'one of them was streamed');
    await check(s, 'gemini', run, lines);
    assert.ok(run.processes.some((p) => p.line.includes('/usr/local/bin/gemini')));
    assert.deepEqual(left(s, run, /\/bin\/gemini$/), [], 'Node reads them by libc, and the library takes them away');
  });

  // With a list of models the gateway refuses WebSockets, because it cannot read a model there before it is asked.
  await s.gateway(t, { AWF_ALLOWED_MODELS: '["gpt-*"]' });
  await t.test('Codex under a list of models: over HTTP', async () => {
    const run = await s.prompt('openai', codex, { handle: over });
    await check(s, 'openai', run, [['/v1/responses', 200, true, ...openai.figures]]);
    assert.deepEqual(run.requests.map((r) => r.method), ['POST']);
    assert.match(run.requests[0].json().model, /^gpt-/);
  });

  await t.test('Claude Code, of whose models none is on the list', async () => {
    const run = await s.prompt('anthropic', ['claude', '-p', PROMPT], {});
    assert.notEqual(run.code, 0);
    assert.match(run.stdout + run.stderr, /not permitted/);
    assert.deepEqual([run.requests, run.tried, run.refused], [[], [], 0]);
  });

  await s.gw.stop();
});
