// SPDX-License-Identifier: MIT
import OpenAI, { toFile } from 'openai';
import { MODEL as model, QUESTION, UPLOAD, main, upload } from './child.mjs';

const client = new OpenAI({ maxRetries: 0 }); // the rest is in the environment
const messages = [{ role: 'user', content: QUESTION }];

async function chat() {
  const r = await client.chat.completions.create({ model, messages });
  return { id: r.id, text: r.choices[0].message.content, stop: r.choices[0].finish_reason, tokens: r.usage.total_tokens };
}

async function streamed(seen) {
  let text = '';
  let last;
  for await (const c of await client.chat.completions.create({ model, messages, stream: true })) {
    last = c;
    if (!c.choices[0].delta.content) continue;
    text += c.choices[0].delta.content;
    seen(c.choices[0].delta.content);
  }
  return { id: last.id, text, stop: last.choices[0].finish_reason };
}

async function responses() {
  const r = await client.responses.create({ model, input: QUESTION });
  return { id: r.id, text: r.output_text, stop: r.status, tokens: r.usage.total_tokens };
}

async function responsesStreamed(seen) {
  const stream = client.responses.stream({ model, input: QUESTION });
  stream.on('response.output_text.delta', (e) => seen(e.delta));
  const r = await stream.finalResponse();
  return { id: r.id, text: r.output_text, stop: r.status };
}

async function aborted(seen) {
  const stream = await client.chat.completions.create({ model, messages, stream: true });
  let events = 0;
  for await (const c of stream) {
    if (!c.choices[0].delta.content) continue;
    events = seen(c.choices[0].delta.content);
    if (events === 2) stream.controller.abort();
  }
  return { events };
}

async function uploaded() {
  const { bytes, sha256 } = upload(UPLOAD);
  const file = await client.files.create({ purpose: 'user_data', file: await toFile(bytes, 'random.bin') });
  return { id: file.id, bytes: file.bytes, sha256 };
}

const { APIUserAbortError, AuthenticationError, RateLimitError } = OpenAI;
await main({ plain: chat, streamed, responses, responsesStreamed, aborted, uploaded },
  { APIUserAbortError, AuthenticationError, RateLimitError });
