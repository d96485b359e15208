// SPDX-License-Identifier: MIT
// Log formats: AWF's lines by configuration alone, text lines, whose events a format is for, and what clients send.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { direct, get, KEY, post } from './lib/world.mjs';

const AWF = readFileSync(new URL('data/awf-log.cfg', import.meta.url), 'utf8');
const KEYS = (line) => Object.keys(line);
const COMMON = ['timestamp', 'level', 'event'];

// The scene with AWF's format; its frontend has a name of ours.
const awf = (more = {}) => ({
  ...more, config: { threads: 1, global: 'log: { format = "awf"; };', more: AWF.replace('%{configured:openai}', '%{configured:api}'), ...more.config },
});
const line = (gw, check, what) => gw.waitForLog(check, what);

test("AWF's events have AWF's fields, in its order, with its types", async (t) => {
  const { up, gw } = await direct(t, awf({ gateway: { env: { HTTPS_PROXY: 'http://user:hush@10.0.0.1:3128', ANTHROPIC_API_KEY: 'x' } } }));
  await gw.once(t, post('/v1/chat?key=hush', 'hello', 'X-Request-ID: one\r\n'));
  const complete = await line(gw, (l) => l.event === 'request_complete');
  const startup = await line(gw, (l) => l.event === 'startup');
  const start = await line(gw, (l) => l.event === 'request_start');
  assert.deepEqual(KEYS(startup), [...COMMON, 'message', 'squid_proxy', 'api_targets', 'api_base_paths', 'providers']);
  assert.equal(startup.squid_proxy, 'http://10.0.0.1:3128');
  assert.deepEqual(startup.api_targets, { openai: 'api.openai.com', anthropic: 'api.anthropic.com' });
  assert.deepEqual(startup.api_base_paths, { openai: '(none)', anthropic: '(none)' });
  assert.deepEqual(startup.providers, { openai: true, anthropic: true });
  assert.match(startup.timestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(KEYS(start), [...COMMON, 'request_id', 'provider', 'method', 'path', 'upstream_host']);
  const host = new URL(up.url('localhost')).host;
  assert.deepEqual([start.level, start.request_id, start.provider, start.path, start.upstream_host], ['info', 'one', 'api', '/v1/chat', host]);
  const names = ['request_id', 'provider', 'method', 'path', 'status', 'duration_ms', 'request_bytes', 'response_bytes', 'upstream_host'];
  assert.deepEqual(KEYS(complete), [...COMMON, ...names]);
  const types = names.map((n) => typeof complete[n]);
  assert.deepEqual(types, ['string', 'string', 'string', 'string', 'number', 'number', 'number', 'number', 'string']);
  assert.deepEqual([complete.status, complete.request_bytes], [200, 5]);
  assert.ok(gw.lines.indexOf(start) < gw.lines.indexOf(complete));
  await gw.stop();
  const shutdown = gw.lines.filter((l) => l.event === 'shutdown');
  assert.deepEqual(shutdown.map((l) => [KEYS(l).join(), l.message]), [['timestamp,level,event,message', 'Received SIGTERM, shutting down gracefully']]);
  const known = new Set(['startup', 'server_start', 'request_start', 'request_complete', 'shutdown']);
  assert.deepEqual(gw.lines.filter((l) => !known.has(l.event)), []);
  assert.ok(!gw.text().includes('hush') && !gw.text().includes(KEY), gw.text());
});

test('an exchange that breaks is a request_error, one that we refuse is complete; a 401 is said', async (t) => {
  const handle = (req, res) => (req.target.startsWith('/401') ? res.send(401, 'no') : res.reset());
  const { gw } = await direct(t, awf({ upstream: { handle }, config: { backend: 'retry: { on = "none"; };', request: '{ deny = 405; when: { path = "/denied"; }; }' } }));
  await gw.once(t, get('/reset'));
  const broken = await line(gw, (l) => l.event === 'request_error');
  assert.deepEqual(KEYS(broken), [...COMMON, 'request_id', 'provider', 'method', 'path', 'duration_ms', 'error', 'upstream_host']);
  assert.deepEqual([broken.level, broken.path], ['error', '/reset']);
  assert.ok(broken.error.length > 3, broken.error);
  await gw.once(t, get('/denied'));
  assert.equal((await line(gw, (l) => l.path === '/denied')).event, 'request_complete');
  assert.ok(!gw.lines.some((l) => l.event === 'request_start' && l.path === '/denied'));
  await gw.once(t, get('/401'));
  const refused = await line(gw, (l) => l.event === 'upstream_auth_error');
  assert.deepEqual([refused.level, refused.status, refused.path], ['warn', 401, '/401']);
  assert.match(refused.message, /^Upstream returned 401 — check/);
  assert.equal((await line(gw, (l) => l.event === 'request_complete' && l.path === '/401')).status, 401);
});
