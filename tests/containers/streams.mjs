// SPDX-License-Identifier: MIT
// Holds so many streams through the gateway, says when all have had their first event, and ends with its input.
//
//   node streams.mjs URL COUNT
import http from 'node:http';

const [, , url, count] = process.argv;
const agent = new http.Agent({ maxSockets: Infinity });
const one = () => new Promise((done, fail) => {
  http.request(url, { method: 'POST', agent }, (res) => res.statusCode === 200 ? res.once('data', done) : fail(new Error(`status ${res.statusCode}`))).on('error', fail).end('{}');
});
await Promise.all(Array.from({ length: Number(count) }, one));
console.log('all');
process.stdin.on('end', () => process.exit(0)).resume();
