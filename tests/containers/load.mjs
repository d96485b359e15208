// SPDX-License-Identifier: MIT
// Asks without a pause and holds streams until the gateway is gone. Says "going" when all of that is under way, and at
// the end, as JSON, which answers came whole and which streams had begun.
//
//   node load.mjs URL
import http from 'node:http';

const [, , base] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });
const whole = [];
const streams = [];
let asked = 0;

function send(id, path, onData) {
  return new Promise((done) => {
    const headers = { 'X-Request-ID': id, 'Content-Type': 'application/json' };
    http.request(base + path, { method: 'POST', agent, headers }, (res) => {
      res.on('data', onData).on('error', () => {}).on('close', () => done(res.statusCode === 200 && res.complete));
    }).on('error', () => done(false)).end('{}');
  });
}

async function ask() {
  for (;;) {
    const id = `load-${asked++}`;
    if (!await send(id, '/v1/chat/completions', () => {})) return;
    whole.push(id);
    if (whole.length === 200) console.log('going');
  }
}

const begun = [];
const held = Array.from({ length: 50 }, (_, i) => {
  const id = `load-stream-${i}`;
  let begin;
  begun.push(new Promise((done) => { begin = done; }));
  return send(id, '/v1/stream', () => begin(streams.push(id)));
});
await Promise.race([Promise.all(begun), Promise.all(held)]);
await Promise.all([...Array.from({ length: 10 }, ask), ...held]);
console.log(JSON.stringify({ whole, streams }));
process.exit(0);
