// SPDX-License-Identifier: MIT
// Holds so many streams through the gateway, says when all have had their first event, and ends with its input.
//
//   node streams.mjs URL COUNT
import http from 'node:http';

const [, , url, count] = process.argv;
const agent = new http.Agent({ maxSockets: Infinity });
const one = () => new Promise((done, fail) => {
  http.get(url, { agent }, (res) => res.statusCode === 200 ? res.once('data', done) : fail(new Error(`status ${res.statusCode}`))).on('error', fail);
});
await Promise.all(Array.from({ length: Number(count) }, one));
console.log('all');
process.stdin.on('end', () => process.exit(0)).resume();
