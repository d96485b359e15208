// SPDX-License-Identifier: MIT
// The bundled configuration of the AWF image on sockets: what fixtures cannot see, failures above all.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { bundle } from './lib/awf.mjs';
import { run } from './lib/gateway.mjs';
import { squid } from './lib/squid.mjs';
import { get, post } from './lib/world.mjs';

const top = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const KEY = 'sk-hush-0123456789uvwxyz'; // no part of it is one of an id

test('a provider without a key answers its own way, and none is connected to', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1' });
  const answers = {};
  for (const frontend of ['openai', 'anthropic', 'copilot', 'gemini', 'vertex']) {
    const r = await gw.once(t, post('/v1/messages', '{}', 'Connection: close\r\n'), { frontend });
    assert.match(r.header('content-type'), /^application\/json/);
    answers[frontend] = [r.status, r.json.error.type ?? r.json.error];
  }
  assert.deepEqual(answers, {
    openai: [404, 'OpenAI proxy not configured (no OPENAI_API_KEY)'],
    anthropic: [403, 'provider_not_configured'],
    copilot: [403, 'provider_not_configured'],
    gemini: [503, 'Gemini proxy not configured (no GEMINI_API_KEY). Set GEMINI_API_KEY in the AWF runner environment to enable credential isolation.'],
    vertex: [503, 'Vertex AI proxy not configured (no GOOGLE_API_KEY). Set GOOGLE_API_KEY in the AWF runner environment to enable credential isolation.'],
  });
});

test('a proxy that is not there: 502 in the words of the sidecar, and the log says so in its own', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1', OPENAI_API_KEY: KEY });
  const r = await gw.once(t, post('/v1/responses', '{}', 'Connection: close\r\n'), { frontend: 'openai' });
  assert.equal(r.status, 502);
  assert.equal(r.json.error, 'Proxy error');
  assert.match(r.json.message, /^api\.openai\.com: the proxy could not be reached/);
  const line = await gw.waitForLog((l) => l.event === 'request_error');
  assert.deepEqual([line.level, line.provider, line.method, line.path, line.upstream_host, line.request_id],
    ['error', 'openai', 'POST', '/v1/responses', 'api.openai.com', r.header('x-request-id')]);
  const start = gw.lines.find((l) => l.event === 'startup');
  assert.equal(start.message, 'Starting AWF API proxy sidecar');
  assert.equal(start.providers.openai, true);
  assert.equal(start.providers.anthropic, false);
  await gw.stop();
  assert.equal(gw.lines.find((l) => l.event === 'shutdown').message, 'Received SIGTERM, shutting down gracefully');
  for (const part of [KEY, KEY.slice(0, 8), KEY.slice(-4)]) assert.ok(!(gw.text() + gw.stderr).includes(part), 'no part of the key');
});

test('what Squid refuses is 403 proxy_denied', async (t) => {
  const sq = await squid(t);
  const gw = await bundle(t, { HTTPS_PROXY: sq.url, OPENAI_API_KEY: KEY });
  const r = await gw.once(t, get('/v1/models', 'Connection: close\r\n'), { frontend: 'openai' });
  assert.deepEqual([r.status, r.json.error.type, r.header('x-squid-error')], [403, 'proxy_denied', undefined]);
});

test('a target of another host is no path', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1', OPENAI_API_KEY: KEY });
  for (const target of ['//evil.example/v1', 'http://evil.example/v1']) {
    const r = await gw.once(t, get(target), { frontend: 'openai' });
    assert.deepEqual([r.status, r.json], [400, { error: 'Bad Request', message: 'URL must be a relative path' }]);
  }
});

const RATE = { AWF_RATE_LIMIT_RPM: '1', AWF_RATE_LIMIT_RPH: '0', AWF_RATE_LIMIT_BYTES_PM: '0' };

test('limits count for each provider, and refuse in the words of the sidecar', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1', OPENAI_API_KEY: KEY, ANTHROPIC_API_KEY: KEY, AWF_RATE_LIMIT_ENABLED: 'true', ...RATE });
  const ask = (frontend) => gw.once(t, post('/v1/messages', '{}', 'Connection: close\r\n'), { frontend });
  for (const frontend of ['openai', 'anthropic']) {
    const first = await ask(frontend);
    assert.deepEqual([first.status, first.header('x-ratelimit-limit')], [502, undefined]);
    const second = await ask(frontend);
    const wait = Number(second.header('retry-after'));
    assert.ok(wait >= 1 && wait <= 60, `Retry-After: ${wait}`);
    assert.deepEqual([second.status, second.header('x-ratelimit-limit'), second.header('x-ratelimit-remaining'), second.json], [429, '1', '0', { error: {
      type: 'rate_limit_error', message: `Rate limit exceeded for ${frontend} provider. Limit: 1 requests per minute. Retry after ${wait} seconds.`,
      provider: frontend, limit: 1, window: 'per_minute', retry_after: wait,
    } }]);
  }
  const health = await gw.once(t, get('/health', 'Connection: close\r\n'), { frontend: 'openai' });
  assert.equal(health.status, 200, 'documents are never limited');
  const line = await gw.waitForLog((l) => l.event === 'rate_limited' && l.provider === 'anthropic');
  assert.deepEqual([line.level, line.limit_type, line.limit], ['warn', 'rpm', 1]);
});

test('no other word than "true" turns limits on', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1', OPENAI_API_KEY: KEY, AWF_RATE_LIMIT_ENABLED: 'TRUE', ...RATE });
  for (let i = 0; i < 3; i++) assert.equal((await gw.once(t, get('/v1/models', 'Connection: close\r\n'), { frontend: 'openai' })).status, 502);
});

test('models that the operator denies are not asked for', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1', OPENAI_API_KEY: KEY, AWF_DISALLOWED_MODELS: '["gpt-4*"]' });
  const ask = (model) => gw.once(t, post('/v1/responses', JSON.stringify({ model }), 'Content-Type: application/json\r\nConnection: close\r\n'), { frontend: 'openai' });
  const no = await ask('gpt-4o');
  assert.deepEqual([no.status, no.json], [403, { error: {
    type: 'model_policy_violation', message: "Model 'gpt-4o' is not permitted: it is explicitly disallowed by the model policy.", model: 'gpt-4o', reason: 'disallowed',
  } }]);
  assert.equal((await ask('gpt-5')).status, 502, 'this one would have gone');
});

test('a connection that says nothing is neither logged nor counted', async (t) => {
  const gw = await bundle(t, { HTTPS_PROXY: 'http://127.0.0.1:1', OPENAI_API_KEY: KEY });
  for (const how of ['fin', 'destroy']) {
    const c = await gw.client(t, { frontend: 'openai' });
    c[how]();
    if (how === 'fin') await c.gone();
  }
  const metrics = await gw.once(t, get('/metrics', 'Connection: close\r\n'), { frontend: 'openai' });
  assert.deepEqual([metrics.json.counters, metrics.json.histograms], [{}, {}]);
  await gw.stop();
  const events = gw.lines.filter((l) => l.event !== 'request_complete' || l.path !== '/metrics').filter((l) => /request|error|warn/.test(l.event + l.level));
  assert.deepEqual(events.filter((l) => l.event !== 'not_configured'), []);
});

test('times: half an hour for an answer, and the end when the environment says', async () => {
  const times = async (env) => {
    const { stdout, code } = await run(['dump', '-f', top('docker/awf')], { env: { HDRGATE_RULES_DIR: top('rules'), HTTPS_PROXY: 'direct', ...env } });
    assert.equal(code, 0);
    const all = (pattern) => [...new Set([...stdout.matchAll(pattern)].map((m) => m[1]))];
    return [all(/^  drain = .*SHUTDOWN_TIMEOUT_MS:-500>ms";.*: (\d+)$/gm), all(/^ +response-head = "(\w+)"/gm), all(/^    timeout: \{[^}]*\bidle = "(\w+)"/gm)];
  };
  assert.deepEqual(await times({}), [['500'], ['30m'], ['30m']]);
  assert.deepEqual(await times({ AWF_API_PROXY_SHUTDOWN_TIMEOUT_MS: '8000' }), [['8000'], ['30m'], ['30m']]);
});
