// SPDX-License-Identifier: MIT
// The ready-made taps on answers in the shape of each provider, plain and streamed, whatever the content coding; what
// the client gets is what the upstream sent, byte for byte.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import zlib from 'node:zlib';
import WebSocket, { WebSocketServer } from 'ws';
import { once } from 'node:events';
import http from 'node:http';
import { tempDir, within } from './lib/env.mjs';
import { gateway, run, writeFiles } from './lib/gateway.mjs';
import { docFile } from './lib/manual.mjs';
import { upstream } from './lib/upstream.mjs';
import { post } from './lib/world.mjs';

const RULES = { HDRGATE_RULES_DIR: docFile('../rules') };
const lines = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l)) : []);
const event = (v, type) => `${type ? `event: ${type}\n` : ''}data: ${typeof v === 'string' ? v : JSON.stringify(v)}\n\n`;

// In the order of the contract: model, input, output, cache read, cache write, reasoning.
const openaiUsage = { prompt_tokens: 1234, completion_tokens: 56, total_tokens: 1290, prompt_tokens_details: { cached_tokens: 1024 }, completion_tokens_details: { reasoning_tokens: 33 } };
const responsesUsage = { input_tokens: 36, input_tokens_details: { cached_tokens: 12 }, output_tokens: 87, output_tokens_details: { reasoning_tokens: 64 } };
const geminiUsage = { promptTokenCount: 8, candidatesTokenCount: 20, cachedContentTokenCount: 2, thoughtsTokenCount: 21, totalTokenCount: 49 };
const deltas = (n, make) => Array.from({ length: n }, (_, i) => make(`piece ${i} "quoted" \u{1F600}\n`));
const JSON_TYPE = 'application/json; charset=utf-8';
const SSE = 'text/event-stream; charset=utf-8';
const SHAPES = [
  ['openai', '/v1/chat/completions', JSON_TYPE, JSON.stringify({ id: 'c', choices: [{ message: { content: '{"usage":{"prompt_tokens":7}}' } }], model: 'gpt-5', usage: openaiUsage }), ['gpt-5', 1234, 56, 1024, 0, 33]],
  ['openai', '/v1/chat/completions', SSE, deltas(40, (content) => event({ model: 'gpt-5', choices: [{ delta: { content } }], usage: null })).join('') + event({ model: 'gpt-5', choices: [], usage: openaiUsage }) + event('[DONE]'), ['gpt-5', 1234, 56, 1024, 0, 33]],
  ['openai', '/v1/responses', JSON_TYPE, JSON.stringify({ object: 'response', model: 'gpt-5', output: [], usage: responsesUsage }), ['gpt-5', 36, 87, 12, 0, 64]],
  ['openai', '/v1/responses', SSE, event({ type: 'response.created', response: { model: 'gpt-5', usage: null } }, 'response.created') + deltas(40, (delta) => event({ type: 'response.output_text.delta', delta }, 'response.output_text.delta')).join('') + event({ type: 'response.completed', response: { model: 'gpt-5', usage: responsesUsage } }, 'response.completed'), ['gpt-5', 36, 87, 12, 0, 64]],
  ['anthropic', '/v1/messages', JSON_TYPE, JSON.stringify({ type: 'message', model: 'claude-sonnet-4-5', content: [], usage: { input_tokens: 12, cache_creation_input_tokens: 100, cache_read_input_tokens: 2000, output_tokens: 6 } }), ['claude-sonnet-4-5', 12, 6, 2000, 100, 0]],
  ['anthropic', '/v1/messages', SSE, event({ type: 'message_start', message: { model: 'claude-sonnet-4-5', usage: { input_tokens: 25, cache_creation_input_tokens: 3, cache_read_input_tokens: 300, output_tokens: 1 } } }, 'message_start') + deltas(40, (text) => event({ type: 'content_block_delta', delta: { text } }, 'content_block_delta')).join('') + event({ type: 'message_delta', usage: { output_tokens: 15 } }, 'message_delta') + event({ type: 'message_stop' }, 'message_stop'), ['claude-sonnet-4-5', 25, 15, 300, 3, 0]],
  ['gemini', '/v1beta/models/gemini-2.5-flash:generateContent', JSON_TYPE, JSON.stringify({ candidates: [], usageMetadata: geminiUsage, modelVersion: 'gemini-2.5-flash' }, null, 2), ['gemini-2.5-flash', 8, 20, 2, 0, 21]],
  ['gemini', '/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', SSE, deltas(40, (text) => event({ candidates: [{ content: { parts: [{ text }] } }], usageMetadata: { promptTokenCount: 8 }, modelVersion: 'gemini-2.5-flash' })).join('') + event({ usageMetadata: geminiUsage, modelVersion: 'gemini-2.5-flash' }), ['gemini-2.5-flash', 8, 20, 2, 0, 21]],
  ['vertex', '/v1/projects/p/locations/l/publishers/google/models/gemini-2.5-pro:streamGenerateContent', JSON_TYPE, JSON.stringify([{ usageMetadata: { trafficType: 'ON_DEMAND' } }, { usageMetadata: geminiUsage, modelVersion: 'gemini-2.5-pro' }]), ['gemini-2.5-pro', 8, 20, 2, 0, 21]],
  ['vertex', '/v1/projects/p/locations/l/publishers/anthropic/models/claude:streamRawPredict', SSE, event({ type: 'message_start', message: { model: 'claude', usage: { input_tokens: 9, output_tokens: 1 } } }) + event({ type: 'message_delta', usage: { output_tokens: 15 } }), ['claude', 9, 15, 0, 0, 0]],
];
const CODINGS = {
  identity: (b) => b,
  gzip: (b) => zlib.gzipSync(b),
  deflate: (b) => zlib.deflateSync(b),
  br: (b) => zlib.brotliCompressSync(b),
  zstd: (b) => zlib.zstdCompressSync(b),
};

function config(url, file) {
  const names = ['openai', 'anthropic', 'gemini', 'vertex'];
  return `include = [ ${names.map((n) => `"<usage-${n}.cfg>"`).join(', ')} ];
global: { threads = 2; usage-log = "${file}"; };
frontend: { ${names.map((n) => `${n}: { bind = "127.0.0.1:0"; backend = "${n}"; };`).join(' ')} };
backend: { ${names.map((n) => `${n}: { url = "${url}"; via = "direct"; response = ( { use = "usage-${n}"; } ); };`).join(' ')} };\n`;
}

const figures = (l) => [l.model, l.input_tokens, l.output_tokens, l.cache_read_tokens, l.cache_write_tokens, l.reasoning_tokens];

// Bytes in pieces of the sizes that a pattern gives, so that chunks end anywhere.
function* cut(bytes, sizes) {
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const n = sizes[i % sizes.length];
    yield bytes.subarray(at, at + n);
    at += n;
  }
}

for (const coding of Object.keys(CODINGS)) {
  test(`each provider, plain and streamed: ${coding}`, async (t) => {
    const file = join(tempDir('usage'), 'u');
    let next;
    const handle = async (req, res) => {
      const { type, bytes, framing, sizes } = next;
      const fields = { 'Content-Type': type, ...(coding === 'identity' ? {} : { 'Content-Encoding': coding }) };
      if (framing === 'length') {
        await res.head(200, { ...fields, 'Content-Length': bytes.length });
        for (const piece of cut(bytes, sizes)) await res.raw(piece);
      } else {
        await res.head(200, { ...fields, 'Transfer-Encoding': 'chunked' });
        for (const piece of cut(bytes, sizes)) await res.chunk(piece);
        await res.endChunks();
      }
    };
    const up = await upstream(t, { handle, plain: true });
    const gw = await gateway(t, config(up.url('localhost'), file), { env: RULES });
    let n = 0;
    for (const [frontend, path, type, text, want] of SHAPES) {
      const bytes = CODINGS[coding](Buffer.from(text));
      for (const [framing, sizes] of [['length', [1 << 20]], ['chunked', [1, 2, 3, 7, 50]]]) {
        next = { type, bytes, framing, sizes };
        const c = await gw.client(t, { frontend });
        await c.send(post(path, '{}'));
        await c.until(() => c.responses.length === 1, `the answer for ${frontend} ${type} ${framing}`);
        c.destroy();
        assert.ok(c.responses[0].body.equals(bytes), `${path}: the client has other bytes`);
        // An answer waits for its line for 3 ms; a busy machine takes longer.
        await gw.until(() => lines(file).length > n, `the line of ${path}`);
        const l = lines(file)[n++];
        assert.deepEqual(l && [l.provider, l.streaming, l.response_bytes, l.partial, ...figures(l)], [frontend, type === SSE, bytes.length, undefined, ...want], `${path} ${type} ${framing}`);
      }
    }
    assert.equal(lines(file).length, n);
  });
}

test('a WebSocket: figures of several answers add up, compressed by the client\'s offer or not', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const server = http.createServer();
  const ws = new WebSocketServer({ server, perMessageDeflate: true });
  ws.on('connection', (s) => s.on('message', (m) => {
    const n = Number(m);
    s.send(JSON.stringify({ type: 'response.created', response: { model: 'gpt-5', usage: null } }));
    for (const delta of deltas(20, (d) => d)) s.send(JSON.stringify({ type: 'response.output_text.delta', delta }));
    s.send(JSON.stringify({ type: 'response.completed', response: { model: 'gpt-5', usage: { ...responsesUsage, input_tokens: n } } }));
  }));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const c of ws.clients) c.terminate();
    server.close();
    server.closeAllConnections();
  });
  const gw = await gateway(t, config(`http://localhost:${server.address().port}`, file), { env: RULES });
  for (const [i, perMessageDeflate] of [false, true].entries()) {
    const c = new WebSocket(`ws://${gw.address('openai')}/v1/responses/${i}`, { perMessageDeflate });
    t.after(() => c.terminate());
    await within(once(c, 'open'), 'the upgrade');
    const seen = [];
    c.on('message', (m) => seen.push(JSON.parse(m)));
    const done = (k) => gw.until(() => seen.filter((e) => e.type === 'response.completed').length === k, `answer ${k}`);
    c.send('10');
    await done(1);
    c.send('5');
    await done(2);
    assert.equal(seen.length, 44);
    c.close(1000);
    const access = await gw.request(`/v1/responses/${i}`);
    assert.deepEqual([access.usage, access.input_tokens, access.status], ['measured', 15, 101]);
    await gw.until(() => lines(file).length === i + 1, 'the line');
    const l = lines(file)[i];
    assert.deepEqual([l.status, l.streaming, l.transport, l.partial, ...figures(l)], [101, true, 'websocket', undefined, 'gpt-5', 15, 174, 24, 0, 128]);
  }
});

test('an answer that is no JSON, a bomb, or one whose coding is a lie is passed on', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const bomb = zlib.gzipSync(Buffer.concat([Buffer.from('{"a":"'), Buffer.alloc(96 << 20, 'a'), Buffer.from('","usage":{"prompt_tokens":1}}')]));
  const cases = [
    ['/bomb', bomb, { 'Content-Encoding': 'gzip' }],
    ['/lie', Buffer.from('{"usage":{"prompt_tokens":1}}'), { 'Content-Encoding': 'gzip' }],
    ['/unknown', Buffer.from('{"usage":{"prompt_tokens":1}}'), { 'Content-Encoding': 'rot13' }],
    ['/html', Buffer.from('<html>'), {}],
  ];
  const handle = (req, res) => {
    const [, body, fields] = cases.find(([p]) => p === req.target);
    return res.send(200, body, { 'Content-Type': 'application/json', ...fields });
  };
  const up = await upstream(t, { handle, plain: true });
  const gw = await gateway(t, config(up.url('localhost'), file), { env: RULES });
  const before = gw.status('VmRSS');
  for (const [path, body] of cases) {
    const c = await gw.client(t, { frontend: 'openai' });
    await c.send(post(path, '{}'));
    await c.until(() => c.responses.length === 1, path, 60000);
    assert.ok(c.responses[0].body.equals(body), path);
    const l = await gw.request(path);
    assert.match(l.usage, /^not_measured:(too_large|bad_encoding|bad_json)$/, path);
  }
  assert.ok(gw.status('VmRSS') - before < 40 << 10, `grew by ${gw.status('VmRSS') - before} KiB`);
  assert.equal(lines(file).length, 0);
});

// A stream whose decoder needs a window of 8 MiB, in two pieces; its figures are in the second.
async function wide(n) {
  const z = zlib.createZstdCompress({ params: { [zlib.constants.ZSTD_c_windowLog]: 23, [zlib.constants.ZSTD_c_compressionLevel]: 1 } });
  const out = [];
  z.on('data', (b) => out.push(b));
  await new Promise((done) => { z.write(event({ model: 'gpt-5' }), () => z.flush(done)); });
  const first = Buffer.concat(out.splice(0));
  z.end(event({ usage: { prompt_tokens: n, completion_tokens: 1 } }));
  await once(z, 'end');
  return [first, Buffer.concat(out)];
}

test('the memory of a thread\'s taps has a ceiling: over it answers pass whole, are not measured, and are counted', async (t) => {
  const file = join(tempDir('usage'), 'u');
  const answers = await Promise.all(Array.from({ length: 12 }, (_, i) => wide(i + 1)));
  const number = (req) => Number(req.target.split('/').at(-1));
  const open = [];
  const handle = async (req, res) => {
    await res.head(200, { 'Content-Type': SSE, 'Content-Encoding': 'zstd', 'Transfer-Encoding': 'chunked' });
    await res.chunk(answers[number(req)][0]);
    open[number(req)] = res;
  };
  const up = await upstream(t, { handle, plain: true });
  const gw = await gateway(t, config(up.url('localhost'), file).replace('threads = 2', 'threads = 1'), { env: RULES });
  const clients = [];
  for (let i = 0; i < answers.length; i++) {
    clients[i] = await gw.client(t, { frontend: 'openai' });
    await clients[i].send(post(`/v1/responses/${i}`, '{}'));
    await clients[i].until((c) => c.events.length > 0, 'the first piece');
  }
  const held = (await gw.counters()).usage_tap_bytes;
  assert.ok(held > 48 << 20 && held <= 64 << 20, `${held} bytes`);
  const words = [];
  for (const [i, c] of clients.entries()) {
    await open[i].chunk(answers[i][1]);
    await open[i].endChunks();
    await c.until(() => c.responses.length === 1, 'the answer');
    assert.ok(c.responses[0].body.equals(Buffer.concat(answers[i])), `answer ${i} is whole`);
    const l = await gw.request(`/v1/responses/${i}`);
    words.push(l.usage);
    assert.equal(l.input_tokens, l.usage === 'measured' ? i + 1 : undefined);
  }
  const refused = words.filter((w) => w === 'not_measured:memory').length;
  assert.equal(words.filter((w) => w === 'measured').length, answers.length - refused);
  assert.ok(refused >= 4 && refused <= 6, words.join());
  const c = await gw.counters();
  assert.deepEqual([c.usage_tap_refused_total, c.usage_not_measured_total, c.usage_measured_total, c.usage_taps, c.usage_tap_bytes], [refused, refused, answers.length - refused, 0, 0]);
  assert.equal((await gw.until(() => lines(file).length === answers.length - refused && lines(file), 'the lines')).length, words.length - refused);
});

test('explain says which tap would read along, and why', async () => {
  const dir = writeFiles({ 'a.cfg': config('http://localhost:1', '/tmp/u') });
  const ask = (...args) => run(['explain', '-f', join(dir, 'a.cfg'), '--frontend', 'openai', ...args], { env: RULES, wrapper: [] });
  const post = (await ask('POST', '/v1/chat/completions')).stdout;
  assert.match(post, /usage of an answer with status 200 and JSON\n +not met .* usage: .*status.*\n +applied .* usage: tap openai reads along\n/);
  assert.doesNotMatch((await ask('GET', '/v1/models')).stdout, /applied .* usage/);
});
