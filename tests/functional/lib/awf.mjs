// SPDX-License-Identifier: MIT
// The bundled configuration of the AWF image, with free ports; and a proxy that leads every name to one upstream.
import { readFileSync, readdirSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { caFile } from './ca.mjs';
import { tempDir } from './env.mjs';
import { gateway } from './gateway.mjs';
import { upstream } from './upstream.mjs';

const top = fileURLToPath(new URL('../../../', import.meta.url));
const folder = join(top, 'docker/awf');

// The same files with free ports.
export function bundle(t, env) {
  const files = {};
  for (const name of readdirSync(folder).filter((n) => n.endsWith('.cfg'))) {
    files[name] = readFileSync(join(folder, name), 'utf8').replace(/"0\.0\.0\.0:1000\d"/, '"127.0.0.1:0"');
  }
  const include = Object.keys(files).map((n) => `"${n}"`).join(', ');
  return gateway(t, `include = [ ${include} ];\n`, { files, env: { HDRGATE_RULES_DIR: join(top, 'rules'), AWF_TOKEN_LOG_DIR: tempDir('usage'), ...env }, stderr: /^(\S+:\d+: [^\n]*warning: [^\n]*\n)*$/ });
}

// Answers every CONNECT and leads it to this port, whatever name was asked for.
async function everywhere(t, port) {
  const open = new Set();
  const proxy = net.createServer((client) => {
    const to = net.connect(port, '127.0.0.1');
    for (const s of [client, to]) open.add(s.on('error', () => {}).on('close', () => [client, to].forEach((x) => x.destroy())));
    let head = '';
    client.on('data', function first(b) {
      head += b.toString('latin1');
      if (!head.includes('\r\n\r\n')) return;
      client.off('data', first);
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      client.pipe(to).pipe(client);
    });
  });
  await new Promise((done) => { proxy.listen(0, '127.0.0.1', done); });
  t.after(() => {
    for (const s of open) s.destroy();
    return new Promise((done) => { proxy.close(done); });
  });
  return `http://127.0.0.1:${proxy.address().port}`;
}

// The bundle with keys for all providers, in front of one upstream. { up, gw }
export async function providers(t, env, handle) {
  const up = await upstream(t, { handle });
  const keys = Object.fromEntries(['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'COPILOT_GITHUB_TOKEN', 'GEMINI_API_KEY', 'GOOGLE_API_KEY'].map((n) => [n, `hush-${n}`]));
  const targets = Object.fromEntries(['OPENAI', 'ANTHROPIC', 'COPILOT', 'GEMINI', 'VERTEX'].map((n) => [`${n}_API_TARGET`, 'api.test.example']));
  const gw = await bundle(t, { HTTPS_PROXY: await everywhere(t, up.port), SSL_CERT_FILE: caFile(), ...keys, ...targets, ...env });
  return { up, gw };
}
