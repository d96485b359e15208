// SPDX-License-Identifier: MIT
// Reads HTTP/1 messages off a byte stream, for both ends of the tests. It keeps the bytes as they came,
// and throws at what hdrgate must never write.
const CRLF = Buffer.from('\r\n');

export class Wire {
  #buf = Buffer.alloc(0);
  #state = 'head';
  #left = 0;
  #m = null;

  // on: { head(message), data(message, bytes), end(message), raw(bytes) }
  // head may set message.noBody (answers to HEAD), message.interim or message.raw (upgraded).
  constructor(on, { request }) {
    this.on = on;
    this.request = request;
  }

  get idle() {
    return this.#state === 'head' && this.#buf.length === 0;
  }

  push(bytes) {
    this.#buf = this.#buf.length ? Buffer.concat([this.#buf, bytes]) : bytes;
    while (this.#step()) continue;
  }

  // The stream ended cleanly. False: in the middle of a message.
  eof() {
    if (this.#state === 'close') this.#end();
    return this.idle || this.#state === 'raw';
  }

  #step() {
    switch (this.#state) {
      case 'head': return this.#head();
      case 'length': return this.#data(() => this.#end());
      case 'close': return this.#data(() => {});
      case 'size': return this.#size();
      case 'chunk': return this.#data(() => (this.#state = 'crlf'));
      case 'crlf': return this.#crlf();
      case 'trailers': return this.#trailers();
      default: return this.#raw();
    }
  }

  #take(n) {
    const got = this.#buf.subarray(0, n);
    this.#buf = this.#buf.subarray(n);
    return got;
  }

  #head() {
    const at = this.#buf.indexOf('\r\n\r\n');
    if (at < 0) return false;
    const raw = this.#take(at + 4).toString('latin1');
    const m = (this.#m = parseHead(raw, this.request));
    this.on.head(m);
    if (m.raw) this.#state = 'raw';
    else this.#framing(m);
    return true;
  }

  #framing(m) {
    const coding = m.header('transfer-encoding');
    const length = m.header('content-length');
    if (coding !== undefined && length !== undefined) throw new Error(`two framings:\n${m.rawHead}`);
    const bare = m.noBody || m.status < 200 || m.status === 204 || m.status === 304;
    if (bare) return this.#end();
    if (coding !== undefined) {
      if (coding !== 'chunked') throw new Error(`coding ${coding}`);
      m.framing = 'chunked';
      this.#state = 'size';
    } else if (length !== undefined) {
      if (!/^\d+$/.test(length)) throw new Error(`length ${length}`);
      m.framing = 'length';
      this.#left = Number(length);
      this.#state = 'length';
      if (!this.#left) this.#end();
    } else if (this.request) {
      this.#end();
    } else {
      m.framing = 'close';
      this.#left = Infinity;
      this.#state = 'close';
    }
  }

  #data(done) {
    if (!this.#buf.length) return false;
    const bytes = this.#take(Math.min(this.#left, this.#buf.length));
    this.#left -= bytes.length;
    this.on.data(this.#m, bytes);
    if (this.#left === 0) done();
    return true;
  }

  #line() {
    const at = this.#buf.indexOf(CRLF);
    if (at < 0) return null;
    const line = this.#take(at + 2);
    return line.subarray(0, at).toString('latin1');
  }

  #size() {
    const line = this.#line();
    if (line === null) return false;
    if (!/^[0-9a-fA-F]+$/.test(line)) throw new Error(`chunk size line ${JSON.stringify(line)}`);
    this.#left = parseInt(line, 16);
    this.#state = this.#left ? 'chunk' : 'trailers';
    return true;
  }

  #crlf() {
    if (this.#buf.length < 2) return false;
    if (!this.#take(2).equals(CRLF)) throw new Error('no CRLF behind a chunk');
    this.#state = 'size';
    return true;
  }

  #trailers() {
    const line = this.#line();
    if (line === null) return false;
    if (line === '') this.#end();
    else this.#m.trailers.push(line);
    return true;
  }

  #raw() {
    if (!this.#buf.length) return false;
    this.on.raw(this.#take(this.#buf.length));
    return true;
  }

  #end() {
    const m = this.#m;
    this.#state = 'head';
    this.#m = null;
    this.on.end(m);
  }
}

function parseHead(rawHead, request) {
  const lines = rawHead.slice(0, -4).split('\r\n');
  const headers = lines.slice(1).map((l) => {
    const m = /^([^\s:]+): ?(.*)$/.exec(l);
    if (!m) throw new Error(`header line ${JSON.stringify(l)}`);
    return [m[1], m[2]];
  });
  const all = (name) => headers.filter(([n]) => n.toLowerCase() === name).map(([, v]) => v);
  const message = { rawHead, headers, trailers: [], framing: 'none', all, header: (name) => all(name)[0] };
  const m = request ? /^(\S+) (\S+) HTTP\/1\.(\d)$/.exec(lines[0]) : /^HTTP\/1\.(\d) (\d{3}) (.*)$/.exec(lines[0]);
  if (!m) throw new Error(`first line ${JSON.stringify(lines[0])}`);
  if (request) Object.assign(message, { method: m[1], target: m[2], minor: Number(m[3]) });
  else Object.assign(message, { minor: Number(m[1]), status: Number(m[2]), reason: m[3] });
  return message;
}
