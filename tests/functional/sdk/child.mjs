// SPDX-License-Identifier: MIT
// What the child scripts share: run the scenario that argv names, tell the parent what the SDK showed, and stay
// alive until the parent lets go, so that the end of the process cannot be mistaken for something the SDK did.
import { createHash } from 'node:crypto';
import { subscribe } from 'node:diagnostics_channel';

export const MODEL = process.argv[3];
export const QUESTION = process.argv[4];

// The answers as they came over the wire, below the SDK: not every SDK shows the headers of an error.
const answers = [];
subscribe('undici:request:headers', ({ response }) => {
  const flat = response.headers.map(String);
  const headers = {};
  for (let i = 0; i < flat.length; i += 2) headers[flat[i].toLowerCase()] = flat[i + 1];
  answers.push({ status: response.statusCode, headers });
});

// Bytes that no text contains by chance, and that do not compress.
export function upload(size) {
  const bytes = Buffer.alloc(size);
  let x = 0x2545f491;
  for (let i = 0; i < size; i += 4) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes.writeInt32LE(x, i);
  }
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

export const UPLOAD = 5 << 20;

// kinds: { name: class }. What the SDK threw, as the program that uses it sees it.
function describe(error, kinds) {
  const kind = Object.keys(kinds).find((k) => error.constructor === kinds[k]) ?? error.constructor.name;
  const { status, message, requestID } = error;
  return { kind, status, message, requestID, body: error.error, retryAfter: error.headers?.get('retry-after') };
}

// scenarios: { name: async (seen) => result }; seen(text) tells of one event of a stream and counts.
export async function main(scenarios, kinds) {
  let count = 0;
  const seen = (text) => {
    process.send({ seen: text, at: performance.now() });
    return ++count;
  };
  const done = {};
  try {
    done.result = await scenarios[process.argv[2]](seen);
  } catch (error) {
    done.error = describe(error, kinds);
  }
  for (const end of ['message', 'disconnect']) process.on(end, () => process.exit(0));
  process.send({ done: { ...done, answers } });
}
