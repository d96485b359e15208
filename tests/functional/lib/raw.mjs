// SPDX-License-Identifier: MIT
// A client that sends exactly the bytes it is told to, and keeps what comes back.
import net from 'node:net';
import tls from 'node:tls';
import { Pieces, Watch } from './env.mjs';
import { Wire } from './wire.mjs';

// "127.0.0.1:1234", "[::1]:1234" or "unix:/path"
export function place(address) {
  if (address.startsWith('unix:')) return { path: address.slice(5) };
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

export class RawClient {
  watch = new Watch();
  pieces = new Pieces(1 << 20);
  responses = []; // final ones, complete
  interim = [];
  reads = []; // [time, bytes] of each read
  events = []; // body bytes as they came: [time, text]
  current = null; // the one whose body is coming in
  ended = false; // the peer's FIN
  closed = false;
  error = null;
  methods = [];

  static connect(t, address, options = {}) {
    const c = new RawClient(address, options);
    t.after(() => c.destroy());
    return c.watch.until(() => c.open || failed(c), `a connection to ${address}`).then(() => c);
  }

  constructor(address, { tls: secure, keep = true, onData } = {}) {
    this.keep = keep;
    this.onData = onData;
    const where = place(address);
    this.socket = secure ? tls.connect({ ...where, ...secure }) : net.connect(where);
    this.wire = new Wire(this, { request: false });
    this.socket.setNoDelay?.(true);
    this.socket.on(secure ? 'secureConnect' : 'connect', () => this.#change({ open: true }));
    this.socket.on('data', (b) => this.#bytes(b));
    this.socket.on('end', () => this.#ended());
    this.socket.on('error', (error) => this.#change({ error }));
    this.socket.on('close', () => this.#change({ closed: true }));
  }

  // The first MiB of what came back, as it came.
  get received() {
    return this.pieces.bytes;
  }

  #change(what) {
    Object.assign(this, what);
    this.watch.changed();
  }

  #bytes(b) {
    this.pieces.add(b);
    if (this.keep) this.reads.push([performance.now(), b]);
    try {
      this.wire.push(b);
    } catch (error) {
      this.broken = error;
    }
    this.watch.changed();
  }

  #ended() {
    this.wire.eof();
    this.#change({ ended: true });
  }

  head(m) {
    const method = m.status >= 200 ? this.methods.shift() : undefined;
    m.noBody = method === 'HEAD';
    m.raw = m.status === 101;
    const body = new Pieces();
    m.add = (b) => body.add(b);
    Object.defineProperty(m, 'body', { get: () => body.bytes });
    this.current = m;
    if (m.raw) this.responses.push(m);
  }

  data(m, bytes) {
    this.onData?.(bytes);
    if (!this.keep) return;
    this.events.push([performance.now(), bytes]);
    m.add(bytes);
  }

  end(m) {
    this.current = null;
    (m.status < 200 ? this.interim : this.responses).push(m);
  }

  raw(bytes) {
    this.current.add(bytes);
  }

  // Methods of the requests to come matter for HEAD only: send('...', 'HEAD').
  send(bytes, ...methods) {
    this.methods.push(...methods);
    return new Promise((done) => this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, done));
  }

  fin() {
    this.socket.end();
  }

  reset() {
    this.socket.resetAndDestroy();
  }

  destroy() {
    this.socket.destroy();
  }

  until(check, what = 'what the client should see', ms) {
    return this.watch.until(() => check(this), what, ms).catch((e) => {
      const seen = JSON.stringify(this.received.subarray(0, 800).toString('latin1'));
      e.message += ` (received ${seen}${this.closed ? ', closed' : ''}${this.error ? `, ${this.error.code}` : ''})`;
      throw this.broken ?? e;
    });
  }

  // The n-th complete response (from 0), with its JSON if it has some.
  async response(n = 0, ms) {
    await this.until((c) => c.broken || c.responses.length > n || c.closed, `response ${n + 1}`, ms);
    if (this.broken) throw this.broken;
    const r = this.responses[n];
    if (!r) throw new Error(`closed without response ${n + 1}; received ${JSON.stringify(this.received.toString('latin1'))}`);
    if (this.keep && r.body.length && /json/.test(r.header('content-type') ?? '')) r.json = JSON.parse(r.body.toString());
    return r;
  }

  // The gateway ended the connection (cleanly, or with a reset when `reset` is true).
  gone(ms) {
    return this.until((c) => c.ended || c.closed, 'the end of the connection', ms);
  }
}

function failed(c) {
  if (c.error) throw c.error;
  return false;
}

// One request on a connection of its own.
export async function once(t, address, bytes, { method, ms, ...options } = {}) {
  const c = await RawClient.connect(t, address, options);
  await c.send(bytes, ...(method ? [method] : []));
  const r = await c.response(0, ms);
  c.destroy();
  return r;
}
