// SPDX-License-Identifier: MIT
// A provider: a TLS server under the real one's name, which keeps what it is sent and answers as the test scripts it.
import { once } from 'node:events';
import https from 'node:https';
import { WebSocketServer } from '../../functional/lib/ws.mjs';
import { serverOptions } from '../../functional/lib/ca.mjs';

const event = ({ type, data }) => `${type ? `event: ${type}\n` : ''}data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`;

export class Provider {
  requests = []; // { method, path, headers (a list of pairs), body, header(name), json() }
  frames = []; // messages on WebSockets
  extensions = []; // what each WebSocket agreed on
  failed = null; // the first failure of a script

  async listen(address) {
    this.server = https.createServer(serverOptions('providers'), (req, res) => this.#take(req, res));
    const ws = new WebSocketServer({ noServer: true, perMessageDeflate: { threshold: 0 } });
    this.server.on('upgrade', (req, socket, head) => {
      this.#keep(req);
      if (!this.websocket) return socket.end('HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
      ws.handleUpgrade(req, socket, head, (s) => this.#opened(s));
    });
    this.sockets = ws.clients;
    await once(this.server.listen(443, address), 'listening');
  }

  #keep(req) {
    const { method, url, rawHeaders } = req;
    const headers = [];
    for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i].toLowerCase(), rawHeaders[i + 1]]);
    const kept = { method, path: url, headers, body: '', header: (name) => headers.find(([n]) => n === name)?.[1] };
    this.requests.push(kept);
    return kept;
  }

  async #take(req, res) {
    const kept = this.#keep(req);
    try {
      for await (const piece of req) kept.body += piece.toString('latin1');
      kept.json = () => JSON.parse(Buffer.from(kept.body, 'latin1'));
      res.events = (list) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8', 'Cache-Control': 'no-cache' });
        for (const e of list) res.write(event(e));
        res.end();
      };
      res.json = (status, value) => {
        res.writeHead(status, { 'Content-Type': 'application/json' });
        res.end(JSON.stringify(value));
      };
      await this.handle(kept, res);
    } catch (e) {
      this.failed ??= e;
      res.destroy();
    }
  }

  #opened(socket) {
    this.extensions.push(socket.extensions);
    socket.on('error', () => {});
    socket.on('message', (data) => {
      const text = data.toString();
      this.frames.push(text);
      try {
        this.websocket(JSON.parse(text), (value) => socket.send(JSON.stringify(value)));
      } catch (e) {
        this.failed ??= e;
        socket.terminate();
      }
      });
  }

  // What came since the script was given; `sent` is all of it as text.
  get got() {
    const { requests, extensions } = this;
    return { requests, extensions, sent: [...requests.map((r) => [r.method, r.path, r.headers, r.body].join('\n')), ...this.frames].join('\n') };
  }

  // From now on: handle(request, response); websocket(message, send), without which upgrades are refused.
  script({ handle, websocket = null }) {
    Object.assign(this, { handle, websocket, requests: [], frames: [], extensions: [], failed: null });
  }

  close() {
    for (const s of this.sockets) s.terminate();
    this.server.close();
    this.server.closeAllConnections();
  }
}
