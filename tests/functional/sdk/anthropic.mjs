// SPDX-License-Identifier: MIT
import Anthropic from '@anthropic-ai/sdk';
import { MODEL as model, QUESTION, UPLOAD, main, upload } from './child.mjs';

const client = new Anthropic({ maxRetries: 0 }); // the rest is in the environment
const request = { model, max_tokens: 64, messages: [{ role: 'user', content: QUESTION }] };

const show = (m) => ({ id: m.id, text: m.content[0].text, stop: m.stop_reason, tokens: m.usage.output_tokens });

const plain = async () => show(await client.messages.create(request));

async function streamed(seen) {
  const stream = client.messages.stream(request);
  stream.on('text', (text) => seen(text));
  return show(await stream.finalMessage());
}

async function aborted(seen) {
  const stream = client.messages.stream(request);
  stream.on('text', (text) => seen(text) === 2 && stream.abort());
  return show(await stream.finalMessage());
}

async function uploaded() {
  const { bytes, sha256 } = upload(UPLOAD);
  const source = { type: 'base64', media_type: 'application/pdf', data: bytes.toString('base64') };
  const m = await client.messages.create({ ...request, messages: [{ role: 'user', content: [{ type: 'document', source }] }] });
  return { id: m.id, bytes: bytes.length, sha256 };
}

const { APIUserAbortError, AuthenticationError, RateLimitError } = Anthropic;
await main({ plain, streamed, aborted, uploaded }, { APIUserAbortError, AuthenticationError, RateLimitError });
