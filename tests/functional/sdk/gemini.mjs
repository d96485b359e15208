// SPDX-License-Identifier: MIT
import { ApiError, GoogleGenAI } from '@google/genai';
import { MODEL as model, QUESTION as contents, UPLOAD, main, upload } from './child.mjs';

const ai = new GoogleGenAI({}); // everything is in the environment; this SDK does not retry unless told to

async function plain() {
  const r = await ai.models.generateContent({ model, contents });
  return { id: r.responseId, text: r.text, stop: r.candidates[0].finishReason, tokens: r.usageMetadata.totalTokenCount };
}

async function streamed(seen) {
  let text = '';
  let last;
  for await (const c of await ai.models.generateContentStream({ model, contents })) {
    last = c;
    if (!c.text) continue;
    text += c.text;
    seen(c.text);
  }
  return { id: last.responseId, text, stop: last.candidates[0].finishReason };
}

async function aborted(seen) {
  const stop = new AbortController();
  const config = { abortSignal: stop.signal };
  for await (const c of await ai.models.generateContentStream({ model, contents, config })) {
    if (seen(c.text) === 2) stop.abort();
  }
}

async function uploaded() {
  const { bytes, sha256 } = upload(UPLOAD);
  const part = { inlineData: { mimeType: 'application/pdf', data: bytes.toString('base64') } };
  const r = await ai.models.generateContent({ model, contents: [{ role: 'user', parts: [part] }] });
  return { id: r.responseId, bytes: bytes.length, sha256 };
}

await main({ plain, streamed, aborted, uploaded }, { ApiError });
