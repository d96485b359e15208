// SPDX-License-Identifier: MIT
// A TLS upstream that keeps the bytes of what it was sent, counts connections and handshakes, and answers as the
// test scripts it. It reads HTTP itself, so that nothing is repaired on the way.
import { createHash } from 'node:crypto';
import net from 'node:net';
import tls from 'node:tls';
import { serverOptions } from './ca.mjs';
import { Pieces, Watch, deferred } from './env.mjs';
import { Wire } from './wire.mjs';

export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

const REASONS = { 200: 'OK', 204: 'No Content', 304: 'Not Modified', 401: 'Unauthorized', 429: 'Too Many Requests' };

// The answer to one request. Nothing is added that the test did not ask for.
class Answer {
  constructor(socket) {
    this.socket = socket;
  }

  raw(bytes) {
    return new Promise((done) => this.socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, done));
  }

  head(status, headers = {}) {
    const lines = Object.entries(headers).flatMap(([n, v]) => [v].flat().map((one) => `${n}: ${one}\r\n`));
    return this.raw(`HTTP/1.1 ${status} ${REASONS[status] ?? 'Status'}\r\n${lines.join('')}\r\n`);
  }

  send(status, body = '', headers = {}) {
    const bytes = Buffer.from(body);
    this.socket.cork(); // head and body in one write
    this.head(status, { 'Content-Length': bytes.length, ...headers });
    const written = this.raw(bytes);
    this.socket.uncork();
    return written;
  }

  json(status, value, headers = {}) {
    return this.send(status, JSON.stringify(value), { 'Content-Type': 'application/json', ...headers });
  }

  chunk(text) {
    const bytes = Buffer.from(text);
    return this.raw(Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]));
  }

  endChunks(trailers = '') {
    return this.raw(`0\r\n${trailers}\r\n`);
  }

  close() {
    this.socket.end();
  }

  // As abruptly as it gets: RST on the TCP connection below, without a close_notify.
  reset() {
    this.socket.below.resetAndDestroy();
  }
}

async function echo(req, res) {
  const body = await req.body();
  const headers = req.headers.map(([n, v]) => [n, v]);
  await res.json(200, { method: req.method, target: req.target, headers, length: body.length, sha256: sha256(body) });
}

class Connection {
  constructor(upstream, socket) {
    Object.assign(this, { upstream, socket, requests: [], pieces: new Pieces(1 << 20), closed: deferred() });
    this.wire = new Wire(this, { request: true });
    socket.on('data', (b) => this.#bytes(b));
    socket.on('end', () => this.#ended());
    socket.on('error', (e) => (this.error = e));
    // Older Nodes do not close a TLS socket when the one below is gone.
    for (const s of new Set([socket, socket.below])) s.on('close', () => this.#gone());
    this.turn = Promise.resolve();
  }

  #bytes(b) {
    this.pieces.add(b);
    try {
      this.wire.push(b);
    } catch (e) {
      this.upstream.broken = e; // hdrgate wrote something that is not HTTP
      this.socket.destroy();
    }
    this.upstream.watch.changed();
  }

  // The first MiB of what came in, as it came.
  get received() {
    return this.pieces.bytes;
  }

  #ended() {
    this.socket.end();
  }

  #gone() {
    if (!this.upstream.live.has(this)) return;
    this.upstream.live.delete(this);
    this.goneAt = performance.now();
    for (const r of this.requests) if (!r.complete) r.finished.done(false);
    this.closed.done();
    this.upstream.watch.changed();
  }

  head(m) {
    Object.assign(m, { connection: this, chunks: [], complete: false, finished: deferred(), length: 0, reads: [] });
    m.body = () => m.finished.promise.then(() => Buffer.concat(m.chunks));
    this.requests.push(m);
    this.upstream.requests.push(m);
    if (/^websocket$/i.test(m.header('upgrade') ?? '')) m.raw = true;
    m.on = { raw: () => {} };
    const answer = new Answer(this.socket);
    this.turn = this.turn
      .then(() => this.upstream.handle(m, answer))
      .catch((e) => (this.upstream.failed ??= e));
  }

  data(m, bytes) {
    m.length += bytes.length;
    m.reads.push(performance.now());
    if (m.onData) m.onData(bytes);
    else if (this.upstream.keep) m.chunks.push(bytes);
  }

  end(m) {
    m.complete = true;
    m.finished.done(true);
  }

  raw(bytes) {
    this.requests.at(-1).on.raw(bytes);
  }
}

export class Upstream {
  watch = new Watch();
  requests = []; // all heads that arrived, in order
  live = new Set(); // connections now
  connections = 0; // HTTP connections (after the handshake)
  accepted = 0; // TCP
  handshakes = 0; // full ones
  resumed = 0;
  keep = true; // false: bodies are not kept
  broken = null;

  constructor(options) {
    this.handle = options.handle ?? echo;
    this.options = options;
  }

  async listen(port = 0, host = '127.0.0.1') {
    const { certificate: kind = 'good', plain, tlsOptions } = this.options;
    // TCP is accepted here and TLS laid on it, so that a test can reset the connection below.
    this.server = net.createServer({ allowHalfOpen: true }, (tcp) => {
      this.accepted++;
      this.watch.changed();
      tcp.setNoDelay(true);
      const port = tcp.remotePort;
      this.sockets.add(tcp);
      this.byPort.set(port, tcp);
      tcp.on('close', () => {
        this.sockets.delete(tcp);
        this.byPort.delete(port);
      });
      tcp.on('error', () => {});
      if (plain) this.#connected(tcp);
      else if (this.options.silent) tcp.resume().on('end', () => tcp.destroy()).on('close', () => this.watch.changed());
      else this.secure.emit('connection', tcp);
    });
    this.sockets = new Set();
    this.byPort = new Map(); // the TCP socket below a TLS one
    this.secure = tls.createServer({ ...serverOptions(kind), ...tlsOptions }, (s) => {
      if (s.isSessionReused()) this.resumed++;
      else this.handshakes++;
      this.#connected(s);
    });
    this.secure.on('tlsClientError', (e) => {
      this.tlsError = e;
      this.watch.changed();
    });
    await new Promise((done, fail) => this.server.on('error', fail).listen(port, host, done));
    this.port = this.server.address().port;
    return this;
  }

  #connected(socket) {
    this.connections++;
    socket.below = this.byPort.get(socket.remotePort) ?? socket;
    this.live.add(new Connection(this, socket));
    this.watch.changed();
  }

  url(name = 'api.test.example') {
    return `${this.options.plain ? 'http' : 'https'}://${name}:${this.port}`;
  }

  until(check, what = 'the upstream to see it', ms) {
    return this.watch.until(() => {
      if (this.broken) throw this.broken;
      return check(this);
    }, what, ms);
  }

  // The n-th request (from 0), as soon as its head is there.
  request(n = 0) {
    return this.until((u) => u.requests[n], `request ${n + 1} at the upstream`);
  }

  // Ends all connections as a server does that has had enough of idle ones.
  closeAll() {
    for (const s of this.sockets) s.destroy();
  }

  close() {
    this.closeAll();
    return new Promise((done) => this.server.close(done));
  }
}

// options: handle(req, res), certificate (kind), plain (no TLS), silent (accepts and says nothing), tlsOptions.
export async function upstream(t, options = {}) {
  const u = new Upstream(options);
  await u.listen();
  t.after(async () => {
    await u.close();
    if (u.broken) throw u.broken;
    if (u.failed) throw u.failed;
  });
  return u;
}
