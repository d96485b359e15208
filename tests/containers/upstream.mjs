// SPDX-License-Identifier: MIT
// All providers at once, for the container test. Says who was asked and whether the credential is the real one; never
// what it is, since the answer goes to the agent.
//
//   node upstream.mjs CERT KEY        with the real keys in the environment
import { readFileSync } from 'node:fs';
import https from 'node:https';

const [, , cert, key] = process.argv;
const { OPENAI_API_KEY, ANTHROPIC_API_KEY, COPILOT_GITHUB_TOKEN, GEMINI_API_KEY, GOOGLE_API_KEY } = process.env;
const REAL = {
  'api.openai.com': ['authorization', `Bearer ${OPENAI_API_KEY}`],
  'api.anthropic.com': ['x-api-key', ANTHROPIC_API_KEY],
  'api.githubcopilot.com': ['authorization', `Bearer ${COPILOT_GITHUB_TOKEN}`],
  'generativelanguage.googleapis.com': ['x-goog-api-key', GEMINI_API_KEY],
  'aiplatform.googleapis.com': ['x-goog-api-key', GOOGLE_API_KEY],
};

function answer(req, res) {
  const [name, value] = REAL[req.headers.host] ?? [];
  const credential = name && req.headers[name] === value ? 'real' : 'not the real one';
  const placeholder = req.rawHeaders.some((h) => h.includes('placeholder'));
  const usage = { input_tokens: 7, output_tokens: 3, prompt_tokens: 7, completion_tokens: 3 };
  const usageMetadata = { promptTokenCount: 7, candidatesTokenCount: 3 };
  const body = JSON.stringify({ host: req.headers.host, url: req.url, credential, placeholder, model: 'scripted-1', usage, usageMetadata });
  res.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }).end(body);
}

// An event with what it has taken so far, and then nothing until the client leaves: a model that thinks.
function stream(res) {
  res.writeHead(200, { 'Content-Type': 'text/event-stream' });
  res.write('data: {"model":"scripted-1","usage":{"prompt_tokens":7,"completion_tokens":3}}\n\n');
}

https.createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (req, res) => {
  req.resume().on('end', () => (req.url.startsWith('/v1/stream') ? stream(res) : answer(req, res)));
}).listen(443, () => console.log('ready'));
process.on('SIGTERM', () => process.exit(0));
