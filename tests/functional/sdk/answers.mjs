// SPDX-License-Identifier: MIT
// The stand-ins for the providers: answers in the shapes that the providers' own documentation shows.
import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';

const WORDS = ['One', ' by', ' one', ' they', ' come', '.'];
const TEXT = WORDS.join('');
const ID = { openai: 'chatcmpl-B9MBs8CjcvOU2jLn4n570S5qMJKcT', response: 'resp_67ccd2bed1ec8190b14f964abc054267',
  anthropic: 'msg_01XFDUDYJgAACzvnptvVoYEL', gemini: 'mAitaLmkHPPlz7IPvtfUqQ4' };
const json = (body) => JSON.parse(body.toString());
const data = (value) => `data: ${JSON.stringify(value)}\n\n`;
const named = (value) => `event: ${value.type}\n${data(value)}`;

// Providers compress for who asks for it, and do not know the length beforehand.
export async function answerJson(req, res, value, headers) {
  const gzip = /\bgzip\b/.test(req.header('accept-encoding') ?? '');
  const text = JSON.stringify(value);
  const coding = gzip ? { 'Content-Encoding': 'gzip', Vary: 'Accept-Encoding' } : {};
  await res.head(200, { 'Content-Type': 'application/json', 'Transfer-Encoding': 'chunked', ...coding, ...headers });
  await res.chunk(gzip ? gzipSync(text) : text);
  await res.endChunks();
}

// One piece, and the next one not before told() says that the client has this one. Rest: what follows the last.
export async function answerEvents(res, pieces, rest, headers, told) {
  await res.head(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache',
    'Transfer-Encoding': 'chunked', ...headers });
  for (const [i, piece] of pieces.entries()) {
    await res.chunk(piece);
    await told(i + 1);
  }
  await res.chunk(rest);
  await res.endChunks();
}

const openaiHeaders = { 'openai-version': '2020-10-01', 'openai-processing-ms': 12, 'x-request-id': 'req_stand_in',
  'x-ratelimit-remaining-requests': 9999, 'Set-Cookie': ['__cf_bm=a; path=/; HttpOnly', '_cfuvid=b; path=/; HttpOnly'] };
const usage = { input_tokens: 9, output_tokens: 6, total_tokens: 15, input_tokens_details: { cached_tokens: 0 },
  output_tokens_details: { reasoning_tokens: 0 } };

const completion = (model) => ({
  id: ID.openai, object: 'chat.completion', created: 1741569952, model, service_tier: 'default',
  choices: [{ index: 0, message: { role: 'assistant', content: TEXT, refusal: null, annotations: [] }, logprobs: null, finish_reason: 'stop' }],
  usage: { prompt_tokens: 9, completion_tokens: 6, total_tokens: 15 },
});

function completionEvents(model) {
  const chunk = (delta, finish_reason = null) => data({ id: ID.openai, object: 'chat.completion.chunk', created: 1741569952, model,
    system_fingerprint: 'fp_44709d6fcb', choices: [{ index: 0, delta, logprobs: null, finish_reason }] });
  const pieces = WORDS.map((w) => chunk({ content: w }));
  pieces[0] = chunk({ role: 'assistant', content: '' }) + pieces[0];
  return [pieces, `${chunk({}, 'stop')}data: [DONE]\n\n`];
}

const part = (text) => ({ type: 'output_text', text, annotations: [], logprobs: [] });
const item = (status, content) => ({ type: 'message', id: 'msg_67ccd2bf17f0819081ff3bb2cf6508e6', status, role: 'assistant', content });
const response = (model, status, output, used = null) => ({ id: ID.response, object: 'response', created_at: 1741476542, status, model,
  error: null, incomplete_details: null, instructions: null, output, parallel_tool_calls: true, tools: [], metadata: {}, usage: used });

function responseEvents(model) {
  const at = { item_id: item().id, output_index: 0, content_index: 0 };
  let n = 0;
  const event = (type, more) => named({ type, sequence_number: n++, ...more });
  const first = event('response.created', { response: response(model, 'in_progress', []) }) +
    event('response.in_progress', { response: response(model, 'in_progress', []) }) +
    event('response.output_item.added', { output_index: 0, item: item('in_progress', []) }) +
    event('response.content_part.added', { ...at, part: part('') });
  const pieces = WORDS.map((delta) => event('response.output_text.delta', { ...at, delta, logprobs: [] }));
  pieces[0] = first + pieces[0];
  const whole = item('completed', [part(TEXT)]);
  return [pieces, event('response.output_text.done', { ...at, text: TEXT, logprobs: [] }) +
    event('response.content_part.done', { ...at, part: part(TEXT) }) +
    event('response.output_item.done', { output_index: 0, item: whole }) +
    event('response.completed', { response: response(model, 'completed', [whole], usage) })];
}

// The one file of a multipart form.
function formFile(req, body) {
  const boundary = /^multipart\/form-data; boundary="?([^";]+)/.exec(req.header('content-type'))[1];
  const head = body.indexOf('\r\n\r\n', body.indexOf('filename="'));
  return body.subarray(head + 4, body.indexOf(`\r\n--${boundary}`, head + 4, 'latin1'));
}

// Each: [method and target, handler(req, res, told)]. The handler's value is kept as the upload's bytes.
export const openai = {
  id: ID.openai, text: TEXT, words: WORDS, stop: 'stop', tokens: 15, responseId: ID.response,
  async 'POST /v1/chat/completions'(req, res, told) {
    const { model, stream, messages } = json(await req.body());
    if (!messages[0].content) return res.json(400, {});
    if (stream) return answerEvents(res, ...completionEvents(model), openaiHeaders, told);
    return answerJson(req, res, completion(model), openaiHeaders);
  },
  async 'POST /v1/responses'(req, res, told) {
    const { model, stream } = json(await req.body());
    if (stream) return answerEvents(res, ...responseEvents(model), openaiHeaders, told);
    return answerJson(req, res, response(model, 'completed', [item('completed', [part(TEXT)])], usage), openaiHeaders);
  },
  async 'POST /v1/files'(req, res) {
    const file = formFile(req, await req.body());
    await answerJson(req, res, { id: ID.openai, object: 'file', bytes: file.length, created_at: 1741569952, filename: 'random.bin',
      purpose: 'user_data' }, openaiHeaders);
    return { file };
  },
  refusals: {
    401: { kind: 'AuthenticationError', headers: { 'x-request-id': 'req_401' }, body: { error: { message: 'Incorrect API key provided.',
      type: 'invalid_request_error', param: null, code: 'invalid_api_key' } } },
    429: { kind: 'RateLimitError', headers: { 'x-request-id': 'req_429', 'retry-after-ms': 17000, 'retry-after': 17 }, body: { error: {
      message: 'Rate limit reached. Please try again in 17s.', type: 'tokens', param: null, code: 'rate_limit_exceeded' } } },
  },
};

const anthropicHeaders = { 'request-id': 'req_stand_in', 'anthropic-organization-id': 'b0c5', via: '1.1 google',
  'anthropic-ratelimit-requests-remaining': 999 };
const message = (model, content, stop_reason, output_tokens) => ({ id: ID.anthropic, type: 'message', role: 'assistant', model, content,
  stop_reason, stop_sequence: null, usage: { input_tokens: 9, output_tokens, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 } });

function messageEvents(model) {
  const delta = (text) => named({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } });
  const pieces = WORDS.map(delta);
  pieces[0] = named({ type: 'message_start', message: message(model, [], null, 1) }) +
    named({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }) + named({ type: 'ping' }) + pieces[0];
  return [pieces, named({ type: 'content_block_stop', index: 0 }) +
    named({ type: 'message_delta', delta: { stop_reason: 'end_turn', stop_sequence: null }, usage: { output_tokens: 6 } }) +
    named({ type: 'message_stop' })];
}

const anthropicError = (type, text, request_id) => ({ type: 'error', error: { type, message: text }, request_id });

export const anthropic = {
  id: ID.anthropic, text: TEXT, words: WORDS, stop: 'end_turn', tokens: 6,
  async 'POST /v1/messages'(req, res, told) {
    assert.match(req.header('anthropic-version'), /^\d{4}-\d\d-\d\d$/);
    const { model, stream, messages } = json(await req.body());
    if (stream) return answerEvents(res, ...messageEvents(model), anthropicHeaders, told);
    await answerJson(req, res, message(model, [{ type: 'text', text: TEXT }], 'end_turn', 6), anthropicHeaders);
    const { source } = messages[0].content[0];
    return { file: source && Buffer.from(source.data, 'base64') };
  },
  refusals: {
    401: { kind: 'AuthenticationError', headers: { 'request-id': 'req_401', 'x-should-retry': 'false' },
      body: anthropicError('authentication_error', 'invalid x-api-key', 'req_401') },
    429: { kind: 'RateLimitError', headers: { 'request-id': 'req_429', 'retry-after': 17, 'anthropic-ratelimit-requests-remaining': 0 },
      body: anthropicError('rate_limit_error', 'This request would exceed your rate limit.', 'req_429') },
  },
};

const geminiHeaders = { Server: 'scaffolding on HTTPServer2', 'X-XSS-Protection': 0, 'X-Frame-Options': 'SAMEORIGIN',
  'X-Content-Type-Options': 'nosniff', 'Server-Timing': 'gfet4t7; dur=12' };
const candidate = (text, finishReason) => ({
  candidates: [{ content: { parts: [{ text }], role: 'model' }, ...(finishReason && { finishReason }), index: 0 }],
  usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 6, totalTokenCount: 15 },
  modelVersion: 'stand-in', responseId: ID.gemini,
});
const geminiEvent = (value) => data(value).replace(/\n/g, '\r\n');
const geminiRefusal = (code, status, text) => ({ kind: 'ApiError', headers: code === 429 ? { 'Retry-After': 17 } : {},
  body: { error: { code, message: text, status } } });

export const gemini = {
  id: ID.gemini, text: TEXT, words: WORDS, stop: 'STOP', tokens: 15,
  async 'POST /v1/models/stand-in:generateContent'(req, res) {
    const { contents } = json(await req.body());
    await answerJson(req, res, candidate(TEXT, 'STOP'), geminiHeaders);
    const { inlineData } = contents[0].parts[0];
    return { file: inlineData && Buffer.from(inlineData.data, 'base64') };
  },
  async 'POST /v1/models/stand-in:streamGenerateContent?alt=sse'(req, res, told) {
    await req.body();
    const pieces = WORDS.map((w) => geminiEvent(candidate(w)));
    return answerEvents(res, pieces, geminiEvent(candidate('', 'STOP')), geminiHeaders, told);
  },
  refusals: {
    401: geminiRefusal(401, 'UNAUTHENTICATED', 'Request had invalid authentication credentials.'),
    429: geminiRefusal(429, 'RESOURCE_EXHAUSTED', 'You exceeded your current quota.'),
  },
};
