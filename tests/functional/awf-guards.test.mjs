// SPDX-License-Identifier: MIT
// The guards of the bundled configuration, on all providers together: what counts, what those are told that come too
// late (in the words that AWF's tools look for), and what /reflect and /metrics say of it.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { providers } from './lib/awf.mjs';
import { get, post } from './lib/world.mjs';

const JSON_TYPE = 'Content-Type: application/json\r\n';
const CLOSE = 'Connection: close\r\n';
const ask = (gw, t, frontend, path, model = 'gpt-5') => gw.once(t, post(path, JSON.stringify({ model }), JSON_TYPE + CLOSE), { frontend });
const read = (gw, t, frontend, path) => gw.once(t, get(path, CLOSE), { frontend });
const CALLS = [
  ['openai', '/v1/chat/completions'], ['openai', '/v1/responses'], ['anthropic', '/v1/messages'], ['copilot', '/chat/completions'],
  ['gemini', '/v1beta/models/gemini-2.5-flash:generateContent'], ['vertex', '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent'],
];

test('AWF_MAX_RUNS: calls of all providers are one count; what is no call, or fails, is none', async (t) => {
  let status = 200;
  const { gw, up } = await providers(t, { AWF_MAX_RUNS: String(CALLS.length) }, (req, res) => res.json(status, {}));
  for (const [i, [frontend, path]] of CALLS.entries()) {
    status = 500;
    assert.equal((await ask(gw, t, frontend, path)).status, 500);
    status = 200;
    assert.equal((await read(gw, t, frontend, '/v1/models')).status, 200);
    assert.equal((await ask(gw, t, frontend, '/v1/embeddings')).status, 200);
    assert.equal((await ask(gw, t, frontend, path)).status, 200);
    const { runs } = (await read(gw, t, frontend, '/reflect')).json;
    assert.deepEqual(runs, { enabled: true, max_runs: CALLS.length, invocation_count: i + 1, remaining_runs: CALLS.length - i - 1 });
  }
  const seen = up.requests.length;
  for (const [frontend, path] of CALLS) {
    const r = await ask(gw, t, frontend, path);
    assert.deepEqual([r.status, r.header('content-type'), r.header('retry-after')], [429, 'application/json', undefined]);
    assert.equal(r.body.toString(), '{"error":{"type":"max_runs_exceeded","message":"Maximum LLM invocations exceeded (6 / 6).","invocation_count":6,"max_runs":6}}');
    assert.match(r.header('x-request-id'), /^[0-9a-f-]{36}$/);
  }
  assert.equal(up.requests.length, seen);
  assert.equal((await read(gw, t, 'openai', '/health')).status, 200, 'documents are never refused');
  const { counters, histograms } = (await read(gw, t, 'openai', '/metrics')).json;
  assert.equal(counters['requests_total:anthropic:POST:4xx'], 1);
  assert.equal(histograms.request_duration_ms.anthropic.count, 5, 'a refused one is in it, as the sidecar has it');
  const text = (await read(gw, t, 'openai', '/metrics?format=prometheus')).body.toString();
  assert.match(text, /^hdrgate_guard_runs_total\{guard="runs"\} 6\nhdrgate|^hdrgate_guard_runs_total\{guard="runs"\} 6$/m);
  assert.match(text, /^hdrgate_guard_refusals_total\{guard="runs"\} 6$/m);
});

test('AWF_MAX_PERMISSION_DENIED: answers with 401 and 403 of any provider', async (t) => {
  const statuses = [401, 200, 403];
  const { gw, up } = await providers(t, { AWF_MAX_PERMISSION_DENIED: '2' }, (req, res) => res.json(statuses.shift() ?? 200, {}));
  assert.equal((await ask(gw, t, 'openai', '/v1/responses')).status, 401);
  assert.equal((await ask(gw, t, 'openai', '/v1/responses')).status, 200);
  assert.equal((await read(gw, t, 'copilot', '/models')).status, 403);
  const r = await ask(gw, t, 'anthropic', '/v1/messages');
  assert.equal(r.status, 403);
  assert.equal(r.body.toString(), '{"error":{"type":"permission_denied_limit_exceeded","message":"Permission denied limit exceeded (2 / 2). The run has been stopped due to repeated permission errors \u2014 check that all API keys and tokens are correctly configured.","denied_count":2,"max_permission_denied":2}}');
  assert.equal(up.requests.length, 3);
  assert.deepEqual((await read(gw, t, 'gemini', '/reflect')).json.permission_denied, { enabled: true, max_permission_denied: 2, denied_count: 2 });
});

test('AWF_MAX_EFFECTIVE_TOKENS: weights and multipliers, plain and streamed, over providers', async (t) => {
  const event = (type, v) => `event: ${type}\ndata: ${JSON.stringify({ type, ...v })}\n\n`;
  const openai = { model: 'gpt-5-mini', usage: { prompt_tokens: 100, completion_tokens: 10, prompt_tokens_details: { cached_tokens: 50 }, completion_tokens_details: { reasoning_tokens: 5 } } };
  const handle = (req, res) => {
    if (req.target === '/v1/messages') {
      return res.send(200, event('message_start', { message: { model: 'claude-x', usage: { input_tokens: 300, cache_read_input_tokens: 1000, output_tokens: 1 } } }) + event('message_delta', { usage: { output_tokens: 20 } }), { 'Content-Type': 'text/event-stream' });
    }
    return req.target.includes('fail') ? res.json(500, {}) : res.json(200, openai);
  };
  const env = { AWF_MAX_EFFECTIVE_TOKENS: '2000', AWF_EFFECTIVE_TOKEN_MODEL_MULTIPLIERS: '{"gpt-5-mini":0.5}', AWF_EFFECTIVE_TOKEN_DEFAULT_MODEL_MULTIPLIER: '2' };
  const { gw, up } = await providers(t, env, handle);
  const used = async () => (await read(gw, t, 'openai', '/reflect')).json.effective_tokens;
  assert.equal((await ask(gw, t, 'openai', '/v1/chat/completions')).status, 200);
  const first = 0.5 * (100 + 0.1 * 50 + 4 * 10 + 4 * 5);
  assert.deepEqual(await used(), { enabled: true, max_effective_tokens: 2000, total_effective_tokens: first, remaining_effective_tokens: 2000 - first });
  assert.equal((await ask(gw, t, 'openai', '/v1/fail')).status, 500);
  assert.equal((await used()).total_effective_tokens, first, 'a failure without figures costs nothing');
  assert.equal((await ask(gw, t, 'anthropic', '/v1/messages')).status, 200);
  const total = first + 2 * (300 + 0.1 * 1000 + 4 * 20);
  assert.equal((await used()).total_effective_tokens, total);
  const line = await gw.waitForLog((l) => l.event === 'token_usage' && l.provider === 'anthropic');
  assert.deepEqual([line.level, line.model, line.input_tokens, line.output_tokens, line.cache_read_tokens, line.cache_write_tokens, line.streaming, line.transport], ['info', 'claude-x', 300, 20, 1000, 0, true, undefined]);
  const r = await ask(gw, t, 'openai', '/v1/chat/completions');
  assert.equal(total + 1000 > 2000, true, 'the estimate of another request does not fit');
  assert.equal(r.status, 403);
  assert.deepEqual(r.json, { error: { type: 'effective_tokens_limit_exceeded', message: `Maximum effective tokens exceeded (${(total + 1000).toFixed(2)} / 2000).`, total_effective_tokens: total + 1000, max_effective_tokens: 2000 } });
  assert.equal(up.requests.length, 3);
});

const policy = (model, reason, message) => [403, { error: { type: 'model_policy_violation', message, model, reason } }];
const NO = (model) => policy(model, 'disallowed', `Model '${model}' is not permitted: it is explicitly disallowed by the model policy.`);
const NOT_LISTED = (model) => policy(model, 'not_allowed', `Model '${model}' is not permitted: it does not match the allowed models policy.`);
const MODELS = { AWF_ALLOWED_MODELS: '["gpt-5*","claude-*","gemini-*"]', AWF_DISALLOWED_MODELS: '["*-preview"]' };

test('AWF_ALLOWED_MODELS and AWF_DISALLOWED_MODELS: the model of a body or a path, and deny wins', async (t) => {
  const { gw, up } = await providers(t, MODELS, (req, res) => res.json(200, {}));
  const answer = async (...args) => {
    const r = await ask(gw, t, ...args);
    return [r.status, r.json];
  };
  assert.deepEqual(await answer('openai', '/v1/responses', 'gpt-5-mini'), [200, {}]);
  assert.deepEqual(await answer('anthropic', '/v1/messages', 'claude-sonnet-4-5'), [200, {}]);
  assert.deepEqual(await answer('openai', '/v1/responses', 'gpt-5-preview'), NO('gpt-5-preview'));
  assert.deepEqual(await answer('copilot', '/chat/completions', 'o3'), NOT_LISTED('o3'));
  const gemini = (model) => gw.once(t, post(`/v1beta/models/${model}:generateContent`, '{"contents":[]}', JSON_TYPE + CLOSE), { frontend: 'gemini' });
  assert.equal((await gemini('gemini-2.5-flash')).status, 200);
  assert.deepEqual((await gemini('gemini-3-preview')).json, NO('gemini-3-preview')[1]);
  assert.equal((await read(gw, t, 'openai', '/v1/models')).status, 200);
  assert.equal(up.requests.length, 4);
});

// The head of the answer to an upgrade, and what came behind it.
async function upgrade(t, gw, path, more = '') {
  const c = await gw.client(t, { frontend: 'openai' });
  const key = Buffer.from('0123456789abcdef').toString('base64');
  await c.send(get(path, `Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n${more}`));
  const r = await c.response();
  return { c, r };
}

test('a WebSocket says its model in the query: one that is not allowed is refused before anything leaves', async (t) => {
  const handle = async (req, res) => {
    const accept = createHash('sha1').update(`${req.header('sec-websocket-key')}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    await res.head(101, { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Accept': accept });
    await res.raw(Buffer.from([0x81, 2, 0x6f, 0x6b])); // a frame with "ok"
  };
  const { gw, up } = await providers(t, MODELS, handle);
  for (const [path, model, reason] of [['/v1/realtime?model=gpt-5-preview', 'gpt-5-preview', 'disallowed'], ['/v1/realtime?model=o3', 'o3', 'not_allowed'], ['/v1/realtime', '', 'unknown'], ['/v1/responses?model=gpt-5', '', 'unknown']]) {
    const { r, c } = await upgrade(t, gw, path);
    assert.deepEqual([r.status, r.header('content-type'), r.json.error.type, r.json.error.model, r.json.error.reason], [403, 'application/json', 'model_policy_violation', model, reason], path);
    c.destroy();
  }
  assert.equal(up.accepted, 0);
  const { r, c } = await upgrade(t, gw, '/v1/realtime?model=gpt-5-realtime');
  assert.equal(r.status, 101);
  await c.until(() => c.responses[0].body.includes('ok'), 'the frame');
  assert.equal(up.requests[0].target, '/v1/realtime?model=gpt-5-realtime');
  c.destroy();
});
