// SPDX-License-Identifier: MIT
// Guards that read the model out of a request: what is held leaves byte for byte, and nobody gets a model past them.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { test } from 'node:test';
import { sha256 } from './lib/upstream.mjs';
import { direct, get, post } from './lib/world.mjs';

const JSON_TYPE = 'Content-Type: application/json\r\n';
const BUFFER = 4096;
const MODELS = `models: { allow = [ "gpt-*" ]; deny = [ "*-preview" ]; buffer = "4k"; };`;

const models = (t, { guard = MODELS, frontend = '', backend = '', env } = {}) =>
  direct(t, { gateway: { env }, config: { more: `guard: { ${guard} };`, request: '{ guard = "models"; }', frontend, backend } });

// {"model":"gpt-4o","x":"..."} of exactly n bytes
const bodyOf = (n, model = 'gpt-4o') => {
  const frame = JSON.stringify({ model, x: '' });
  return frame.replace('"x":""', `"x":"${'y'.repeat(n - frame.length)}"`);
};
const chunked = (body, size) => {
  const parts = [];
  for (let i = 0; i < body.length; i += size) parts.push(`${Math.min(size, body.length - i).toString(16)}\r\n${body.slice(i, i + size)}\r\n`);
  return `POST /c HTTP/1.1\r\nHost: gate.test\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n${parts.join('')}0\r\n\r\n`;
};
const reason = (r) => [r.status, r.json?.error?.reason];

test('an allowed model: the body leaves byte for byte, with a length and in chunks, up to the edge of the buffer', async (t) => {
  const { gw, up } = await models(t);
  const c = await gw.client(t);
  let n = 0;
  for (const size of [28, 1000, BUFFER - 1, BUFFER]) {
    const body = bodyOf(size);
    assert.equal(body.length, size);
    for (const bytes of [post('/l', body, JSON_TYPE), chunked(body, 1 << 20), chunked(body, 7)]) {
      c.send(bytes);
      const r = await c.response(n++);
      assert.deepEqual([r.status, r.json.length, r.json.sha256], [200, size, sha256(body)], `${size} bytes`);
    }
  }
  assert.equal(up.requests.length, n);
  assert.equal((await gw.counters()).guard_held_bytes, 0);
});

test('one byte over the buffer is unknown; with on-unknown = "allow" it streams on, byte for byte', async (t) => {
  const strict = await models(t);
  const open = await models(t, { guard: MODELS.replace('};', 'on-unknown = "allow"; };') });
  for (const size of [BUFFER + 1, 300000]) {
    const body = bodyOf(size);
    for (const bytes of [post('/l', body, JSON_TYPE), chunked(body, 1000)]) {
      const refused = await strict.gw.once(t, bytes);
      assert.deepEqual(reason(refused), [403, 'unknown']);
      assert.match(refused.json.error.message, /larger than the guard's buffer/);
      const r = await open.gw.once(t, bytes);
      assert.deepEqual([r.status, r.json.length, r.json.sha256], [200, size, sha256(body)]);
    }
  }
  const odd = randomBytes(20000).toString('latin1');
  const r = await open.gw.once(t, post('/odd', odd.replace(/[^\x20-\x7e]/g, 'z'), 'Content-Type: application/octet-stream\r\n'));
  assert.equal(r.status, 200);
  assert.deepEqual(reason(await open.gw.once(t, post('/l', bodyOf(100, 'gpt-4-preview'), JSON_TYPE))), [403, 'disallowed']);
  assert.equal(strict.up.requests.length, 0);
});

test('the decision comes when the whole object is there, however it drips, and not before', async (t) => {
  const { gw, up } = await models(t);
  const c = await gw.client(t);
  const body = '{"model":"gpt-4o","a":1,"model":"gpt-4-preview"}';
  c.send(`POST /x HTTP/1.1\r\nHost: gate.test\r\n${JSON_TYPE}Content-Length: ${body.length}\r\n\r\n`);
  for (const byte of body) await c.send(byte);
  assert.deepEqual(reason(await c.response()), [403, 'unknown']);
  assert.equal(up.requests.length, 0);
});

test('the connection lives on behind a refusal, and what was pipelined is answered', async (t) => {
  const { gw, up } = await models(t);
  const c = await gw.client(t);
  const bad = post('/bad', '{"model":"claude"}', JSON_TYPE);
  c.send(bad + chunked('{"model":"claude"}', 5) + post('/good', '{"model":"gpt-4o"}', JSON_TYPE) + bad);
  const answers = [];
  for (let i = 0; i < 4; i++) answers.push((await c.response(i)).status);
  assert.deepEqual(answers, [403, 403, 200, 403]);
  assert.deepEqual(up.requests.map((r) => r.target), ['/good']);
});

test('Expect: 100 is said so that the body comes; 413 and 408 hold while it is held', async (t) => {
  const { gw, up } = await models(t, { frontend: 'limit: { body = "100"; }; timeout: { request-body = "300ms"; };' });
  const head = (length) => `POST /x HTTP/1.1\r\nHost: gate.test\r\n${JSON_TYPE}Expect: 100-continue\r\nContent-Length: ${length}\r\n\r\n`;
  const c = await gw.client(t);
  c.send(head(18));
  await c.until(() => c.interim.length === 1, '100');
  assert.equal(up.accepted, 0);
  c.send('{"model":"gpt-4o"}');
  assert.equal((await c.response()).json.sha256, sha256('{"model":"gpt-4o"}'));
  assert.equal(c.interim.length, 1);
  assert.equal((await gw.once(t, head(101))).status, 413);
  assert.equal((await gw.once(t, chunked(bodyOf(200), 50))).status, 413);
  assert.equal((await gw.once(t, `${head(18)}{"mod`)).status, 408);
  assert.equal(up.requests.length, 1);
});

test('a client that leaves while its body is held leaves nothing behind', async (t) => {
  const { gw, up } = await models(t);
  const c = await gw.client(t);
  c.send(`POST /left HTTP/1.1\r\nHost: gate.test\r\n${JSON_TYPE}Content-Length: 1000\r\n\r\n{"model":`);
  await gw.until(async () => true, 'a turn');
  c.destroy();
  assert.equal((await gw.request('/left')).status, 499);
  assert.equal((await gw.counters()).guard_held_bytes, 0);
  assert.equal(up.accepted, 0);
});

test('what cannot be told is refused: no body, no length, no type, a coding, another document', async (t) => {
  const { gw, up } = await models(t);
  const body = '{"model":"gpt-4o"}';
  const rows = [
    get('/get'),
    post('/empty', '', JSON_TYPE),
    post('/plain', body),
    post('/form', 'model=gpt-4o', 'Content-Type: application/x-www-form-urlencoded\r\n'),
    post('/multi', `--b\r\nContent-Disposition: form-data; name="model"\r\n\r\ngpt-4o\r\n--b--\r\n`, 'Content-Type: multipart/form-data; boundary=b\r\n'),
    post('/coding', body, `${JSON_TYPE}Content-Encoding: x-none\r\n`),
    post('/codings', body, `${JSON_TYPE}Content-Encoding: identity\r\nContent-Encoding: gzip\r\n`),
    post('/two', `${body}\n${body}`, JSON_TYPE),
    post('/array', `[${body}]`, JSON_TYPE),
  ];
  for (const bytes of rows) assert.deepEqual(reason(await gw.once(t, bytes)), [403, 'unknown'], bytes);
  assert.equal(up.requests.length, 0);
});

test('a body in a content coding is decoded on a copy, within the buffer', async (t) => {
  const { gw, up } = await models(t);
  const ask = (coding, bytes) => {
    const head = `POST /zip HTTP/1.1\r\nHost: gate.test\r\n${JSON_TYPE}Content-Encoding: ${coding}\r\nContent-Length: ${bytes.length}\r\n\r\n`;
    return gw.once(t, Buffer.concat([Buffer.from(head), bytes]));
  };
  let n = 0;
  for (const [coding, encode] of [['gzip', gzipSync], ['deflate', deflateSync], ['br', brotliCompressSync]]) {
    const good = encode('{"model":"gpt-4o"}');
    const r = await ask(coding, good);
    assert.deepEqual([r.status, r.json.sha256], [200, sha256(good)], coding);
    assert.equal(up.requests[n++].header('content-encoding'), coding);
    assert.deepEqual(reason(await ask(coding, encode('{"model":"gpt-4-preview"}'))), [403, 'disallowed']);
    assert.deepEqual(reason(await ask(coding, good.subarray(0, good.length - 3))), [403, 'unknown']);
    assert.deepEqual(reason(await ask(coding, encode(bodyOf(5000)))), [403, 'unknown'], 'larger than the buffer when decoded');
    assert.deepEqual(reason(await ask(coding, Buffer.from('{"model":"gpt-4o"}'))), [403, 'unknown'], 'not in that coding');
  }
  assert.equal(up.requests.length, n);
});

test('lists come from the environment as JSON, in which * is a glob; unset they ask nothing', async (t) => {
  const guard = 'models: { allow = "$<json:AWF_ALLOWED_MODELS?>"; deny = "$<json:AWF_DISALLOWED_MODELS?>"; };';
  const set = await models(t, { guard, env: { AWF_ALLOWED_MODELS: '["gpt-*","auto"]', AWF_DISALLOWED_MODELS: '["*opus*"]' } });
  const unset = await models(t, { guard });
  const ask = async (gw, model) => reason(await gw.once(t, post('/x', JSON.stringify({ model }), JSON_TYPE)));
  assert.deepEqual(await ask(set.gw, 'GPT-5'), [200, undefined]);
  assert.deepEqual(await ask(set.gw, 'auto'), [200, undefined]);
  assert.deepEqual(await ask(set.gw, 'claude'), [403, 'not_allowed']);
  assert.deepEqual(await ask(set.gw, 'gpt-opus'), [403, 'disallowed']);
  assert.deepEqual(await ask(unset.gw, 'claude'), [200, undefined]);
  assert.equal((await unset.gw.once(t, get('/none'))).status, 200);
});

test('a name with what nobody sees, or what is no text, is unknown; the log says what was wrong', async (t) => {
  const { gw, up } = await models(t, { guard: 'models: { deny = [ "*-preview" ]; from = ( "body", [ "query", "model" ] ); };' });
  const ends = ['00a0', '0085', '200b', '2028', '202e', '3000', 'feff', '00ad'];
  for (const code of ends) {
    assert.deepEqual(reason(await gw.once(t, post('/b', `{"model":"gpt-4-preview\\u${code}"}`, JSON_TYPE))), [403, 'unknown'], code);
  }
  for (const value of ['gpt-4-preview%c2%a0', 'gpt-4-preview%ff', 'gpt-4-preview%e2%80', 'gpt-4-preview%c0%a0']) {
    assert.deepEqual(reason(await gw.once(t, post(`/q?model=${value}`, '{}', JSON_TYPE))), [403, 'unknown'], value);
  }
  assert.equal((await gw.once(t, post('/ok', '{"model":"mod\\u00e8le-\\u6f22\\ud83d\\ude00"}', JSON_TYPE))).status, 200);
  assert.equal(up.requests.length, 1);
  await gw.once(t, post('/twice', '{"model":"a","model":"b"}', JSON_TYPE));
  const line = await gw.waitForLog((l) => l.event === 'guard_denied' && l.path === '/twice');
  assert.deepEqual([line.reason, line.error_detail], ['unknown', 'The model of this request cannot be told: it has more than one member model.']);
});
