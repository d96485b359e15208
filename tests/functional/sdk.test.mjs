// SPDX-License-Identifier: MIT
// The providers' own SDKs, unmodified, through the sidecar example and Squid: they work as if nothing were between.
// They know a base URL and a placeholder; the upstream gets the real credential and never sees the placeholder.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { caFile } from './lib/ca.mjs';
import { within } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { squid } from './lib/squid.mjs';
import { sha256, upstream } from './lib/upstream.mjs';
import * as answers from './sdk/answers.mjs';
import { Child, version } from './sdk/run.mjs';

const PLACEHOLDER = 'placeholder-0815';
const MODEL = 'stand-in';
const QUESTION = 'How do they come?';
const CREDENTIALS = ['authorization', 'x-api-key', 'x-goog-api-key'];

const key = (name) => `real-${name}-4711`;
const PROVIDERS = [
  { name: 'openai', sdk: 'openai', header: ['authorization', `Bearer ${key('openai')}`],
    environment: (url) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: PLACEHOLDER }) },
  { name: 'anthropic', sdk: '@anthropic-ai/sdk', header: ['x-api-key', key('anthropic')],
    environment: (url) => ({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: PLACEHOLDER }),
    token: (url) => ({ ANTHROPIC_BASE_URL: url, ANTHROPIC_AUTH_TOKEN: PLACEHOLDER }) },
  { name: 'gemini', sdk: '@google/genai', header: ['x-goog-api-key', key('gemini')],
    environment: (url) => ({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: PLACEHOLDER }) },
];

const connects = (lines) => lines.filter((l) => / CONNECT /.test(l));
const file = (path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const rules = fileURLToPath(new URL('../../rules', import.meta.url));

// The example as it is, but for its ports.
function sidecar() {
  const changed = file('examples/agent-sidecar.cfg').replace(/"0\.0\.0\.0:1000\d"/g, '"127.0.0.1:0"');
  assert.ok(changed.split('"127.0.0.1:0"').length - 1 >= PROVIDERS.length);
  return changed;
}

// One stand-in for each provider, so that a credential that goes to the wrong one is seen.
async function scene(t) {
  const sq = await squid(t);
  const env = { HTTPS_PROXY: sq.url, NODE_EXTRA_CA_CERTS: caFile(), HDRGATE_RULES_DIR: rules };
  const ups = {};
  for (const { name } of PROVIDERS) {
    ups[name] = await upstream(t, { handle: (req, res) => res.send(500, 'no scenario') });
    env[`${name.toUpperCase()}_API_KEY`] = key(name);
    env[`${name.toUpperCase()}_API_TARGET`] = `api.test.example:${ups[name].port}`;
  }
  const gw = await gateway(t, sidecar(), { env });
  return { sq, ups, gw };
}

// A scenario of one SDK: its child, what the upstream answers, and what every request must have looked like.
class Scenario {
  constructor(t, { gw, ups }, provider) {
    Object.assign(this, { t, gw, provider, up: ups[provider.name], shape: answers[provider.name], file: null });
    this.first = this.up.requests.length;
  }

  start(scenario, { handle, environment = this.provider.environment } = {}) {
    this.up.handle = handle ?? ((req, res) => (this.answered = this.#answer(req, res)));
    const env = environment(this.gw.url(this.provider.name));
    this.child = new Child(this.t, `./${this.provider.name}.mjs`, [scenario, MODEL, QUESTION], env);
    return this.child;
  }

  async #answer(req, res) {
    const route = this.shape[`${req.method} ${req.target}`];
    if (!route) return res.json(404, { error: { message: `${req.method} ${req.target}` } });
    const told = (n) => this.child.until((c) => c.seen.length >= n, `event ${n} to arrive before event ${n + 1} is sent`);
    const kept = await route(req, res, this.told ?? told);
    this.file = kept?.file;
  }

  get requests() {
    return this.up.requests.slice(this.first);
  }

  // Lets the child go, and looks at what its one request had in it.
  async end() {
    await this.child.end();
    assert.equal(this.requests.length, 1, 'the SDK sent one request');
    const [request] = this.requests;
    const [name, value] = this.provider.header;
    for (const n of CREDENTIALS) assert.deepEqual(request.all(n), n === name ? [value] : [], n);
    assert.equal(request.header('host'), `api.test.example:${this.up.port}`);
    for (const what of [request.rawHead, ...request.trailers, Buffer.concat(request.chunks)]) {
      assert.ok(!what.includes(PLACEHOLDER), `the placeholder came through: ${request.target}`);
    }
    return request;
  }
}

const SCENARIOS = {
  async 'a plain call'(s, name = 'plain', id = s.shape.id, options = {}) {
    s.start(name, options);
    const { result, error } = await s.child.finish();
    assert.equal(error, undefined);
    const { text, tokens } = s.shape;
    assert.deepEqual(result, { id, text, tokens, stop: name === 'plain' ? s.shape.stop : 'completed' });
    assert.ok((await s.end()).complete);
  },

  async 'a streamed call: each event arrives before the next one is sent'(s, name = 'streamed', id = s.shape.id) {
    s.start(name);
    const { result, error } = await s.child.finish();
    assert.equal(error, undefined);
    assert.deepEqual(s.child.seen, s.shape.words);
    assert.deepEqual([result.id, result.text], [id, s.shape.text]);
    assert.equal(result.stop, name === 'streamed' ? s.shape.stop : 'completed');
    const { times } = s.child;
    for (let i = 1; i < times.length; i++) assert.ok(times[i] > times[i - 1], `two events in one read: ${times}`);
    assert.ok((await s.end()).complete);
  },

  async 'an abort in mid-stream ends the request at the upstream'(s) {
    s.told = (n) => (n < 2 ? undefined : new Promise(() => {})); // two events, then silence
    s.start('aborted');
    const { error } = await s.child.finish();
    const { connection } = s.requests[0];
    // The OpenAI SDK ends the loop quietly, the others throw.
    const kind = { openai: undefined, anthropic: 'APIUserAbortError', gemini: 'DOMException' }[s.provider.name];
    assert.equal(error?.kind, kind, JSON.stringify(error));
    assert.deepEqual(s.child.seen, s.shape.words.slice(0, 2));
    assert.equal(s.child.exit, null, 'the child lives on');
    await within(connection.closed.promise, 'the upstream connection to end', 5000);
    const { path } = await s.gw.request((l) => l.close === 'client_left' && l.frontend === s.provider.name);
    assert.ok(s.requests[0].target.startsWith(path));
    await s.end();
  },

  'an upstream 401 passes intact': (s) => refusal(s, 401),
  'an upstream 429 passes intact, with its retry-after': (s) => refusal(s, 429),

  async 'an upload of 5 MB'(s) {
    s.start('uploaded');
    const { result, error } = await s.child.finish();
    assert.equal(error, undefined);
    assert.deepEqual([result.id, result.bytes], [s.shape.id, 5 << 20]);
    await s.answered; // the child may be told before the stand-in is through
    assert.equal(sha256(s.file), result.sha256);
    assert.ok((await s.end()).length > 5 << 20);
  },
};

async function refusal(s, status) {
  const { kind, headers, body } = s.shape.refusals[status];
  s.start('plain', {
    handle: async (req, res) => {
      await req.body();
      await res.json(status, body, headers);
    },
  });
  const { error, answers: got } = await s.child.finish();
  assert.deepEqual([error.kind, error.status], [kind, status]);
  assert.equal(got.length, 1);
  const id = got[0].headers['x-request-id'];
  for (const [n, v] of Object.entries(headers)) {
    const here = n === 'x-request-id' ? 'x-upstream-request-id' : n.toLowerCase(); // hdrgate's own id has that name
    assert.equal(got[0].headers[here], String(v), n);
  }
  assert.equal(got[0].headers['content-type'], 'application/json');
  if (kind === 'ApiError') assert.equal(error.message, JSON.stringify(body));
  else {
    assert.deepEqual(error.body, body.type ? body : body.error); // OpenAI's SDK shows the inner one
    assert.equal(error.requestID, headers['request-id'] ?? id);
    assert.equal(error.retryAfter ?? null, status === 429 ? '17' : null);
  }
  assert.ok((await s.end()).complete);
}

const MORE = {
  openai: {
    'the Responses API': (s) => SCENARIOS['a plain call'](s, 'responses', s.shape.responseId),
    'the Responses API, streamed': (s) =>
      SCENARIOS['a streamed call: each event arrives before the next one is sent'](s, 'responsesStreamed', s.shape.responseId),
  },
  anthropic: {
    'a token instead of a key': (s) => SCENARIOS['a plain call'](s, 'plain', s.shape.id, { environment: s.provider.token }),
  },
};

test('the SDKs through hdrgate and Squid', { timeout: 240000, concurrency: PROVIDERS.length }, async (t) => {
  const world = await scene(t);
  // Side by side on one gateway; an SDK's own scenarios one after the other, on its stand-in.
  await Promise.all(PROVIDERS.map((p) => t.test(p.name, async (t) => {
    t.diagnostic(`${p.sdk} ${version(p.sdk)}`);
    for (const [name, run] of Object.entries({ ...SCENARIOS, ...MORE[p.name] })) {
      await t.test(name, (t) => run(new Scenario(t, world, p)));
    }
  })));

  const { gw, sq, ups } = world;
  await gw.stop();
  const sum = (what) => Object.values(ups).reduce((n, u) => n + what(u), 0);
  assert.equal(gw.lines.filter((l) => l.event === 'request_complete').length, sum((u) => u.requests.length));
  const tunnels = await sq.waitForLog((lines) => connects(lines).length >= sum((u) => u.accepted) && connects(lines));
  for (const line of tunnels) assert.match(line, / TCP_TUNNEL\/200 .* CONNECT api\.test\.example:/);
  const logs = gw.text() + gw.stderr + tunnels.join('\n');
  for (const secret of [PLACEHOLDER, ...PROVIDERS.map((p) => key(p.name))]) {
    assert.ok(!logs.includes(secret), 'a credential is in a log');
  }
});
