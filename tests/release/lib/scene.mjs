// SPDX-License-Identifier: MIT
// compose.yaml's three without an engine, and the providers behind them. All of it in a network of its own without a
// way out, so that every address and port is the one that the files name:
//
//   box 172.30.0.20 --- gateway 172.30.0.30:10000-10004 --- Squid 172.30.0.10:3128 --- providers 127.0.0.2-4:443
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { caFile } from '../../functional/lib/ca.mjs';
import { environment } from '../../functional/lib/compose.mjs';
import { tempDir } from '../../functional/lib/env.mjs';
import { gateway } from '../../functional/lib/gateway.mjs';
import { squid } from '../../functional/lib/squid.mjs';
import { box } from './box.mjs';
import { Provider } from './provider.mjs';

const top = fileURLToPath(new URL('../../../', import.meta.url));

// In each of the keys: no part of them may be seen anywhere but at the provider.
export const SECRET = 'hush7key';
const KEYS = { OPENAI_API_KEY: `sk-${SECRET}-1111`, ANTHROPIC_API_KEY: `sk-ant-${SECRET}-2222`, GEMINI_API_KEY: `AIza-${SECRET}-4444` };
const PROVIDERS = {
  openai: { host: 'api.openai.com', address: '127.0.0.2', credential: ['authorization', `Bearer ${KEYS.OPENAI_API_KEY}`] },
  anthropic: { host: 'api.anthropic.com', address: '127.0.0.3', credential: ['x-api-key', KEYS.ANTHROPIC_API_KEY] },
  gemini: { host: 'generativelanguage.googleapis.com', address: '127.0.0.4', credential: ['x-goog-api-key', KEYS.GEMINI_API_KEY] },
};
const AGENT = environment('agent', KEYS);

// docker/squid's configuration, with its files in another place.
function squidText(dir) {
  writeFileSync(join(dir, 'domains'), Object.values(PROVIDERS).map(({ host }) => `.${host}\n`).join(''));
  const text = readFileSync(join(top, 'docker/squid/squid.conf'), 'utf8');
  return `${text.replaceAll('/tmp/awf-domains', join(dir, 'domains')).replaceAll('/var/log/awf-squid', dir)}
cache_effective_user proxy
hosts_file ${dir}/hosts
dns_nameservers 127.0.0.1
`;
}

class Scene {
  placeholders = [...new Set(Object.values(AGENT).filter((v) => v.includes('placeholder')))];

  oneShot = AGENT.AWF_ONE_SHOT_TOKENS.split(',');

  async start(t) {
    this.providers = {};
    for (const [name, { address }] of Object.entries(PROVIDERS)) {
      const p = (this.providers[name] = new Provider());
      await p.listen(address);
      t.after(() => p.close());
    }
    const hosts = Object.fromEntries(Object.values(PROVIDERS).map(({ host, address }) => [host, address]));
    this.squid = await squid(t, { port: 3128, text: squidText, hosts });
    this.box = await box(t);
    this.logs = tempDir('logs');
    this.usageFile = join(this.logs, 'token-usage.jsonl');
    await this.gateway(t);
    return this;
  }

  // The gateway, in the place of the one before; `more` is environment beside compose.yaml's.
  async gateway(t, more = {}) {
    await this.gw?.stop();
    const test = { AWF_TOKEN_LOG_DIR: this.logs, NODE_EXTRA_CA_CERTS: caFile(), HDRGATE_RULES_DIR: join(top, 'rules') };
    const env = { ...environment('api-proxy', KEYS), ...test, ...more };
    this.gw = await gateway(t, '', { from: join(top, 'docker/awf'), env, stderr: /^(\S+:\d+: [^\n]*warning: [^\n]*\n)*$/ });
  }

  credential(name) {
    return PROVIDERS[name].credential;
  }

  usage() {
    return existsSync(this.usageFile) ? readFileSync(this.usageFile, 'utf8').split('\n').slice(0, -1).map((l) => JSON.parse(l)) : [];
  }

  // Runs a command in the box, and tells everything that it did: what it printed (stdout, stderr, code), what the
  // provider got (requests, sent, extensions), what others got (elsewhere), the processes that ran when the provider
  // was asked, what it tried beside the gateway (tried, at Squid; refused, packets), and how many lines of usage there
  // were before.
  async prompt(name, command, { handle = () => {}, websocket = null }) {
    const others = Object.entries(this.providers).filter(([n]) => n !== name).map(([, p]) => p);
    const processes = [];
    const look = (script) => script && ((...args) => {
      processes.push(...this.box.processes());
      return script(...args);
    });
    for (const p of others) p.script({ handle: (req, res) => res.json(500, { error: 'not for me' }) });
    const provider = this.providers[name];
    provider.script({ handle: look(handle), websocket: look(websocket) });
    const before = { usage: this.usage().length, squid: this.squid.log().length };
    this.box.clean();
    const ended = await this.box.run(AGENT, command);
    const refused = this.box.refused();
    if (provider.failed) throw provider.failed;
    return {
      ...ended, ...provider.got, processes, refused, before: before.usage,
      elsewhere: others.flatMap((p) => p.got.requests),
      tried: (await this.#squidLog(before.squid)).filter((l) => l.includes(' 172.30.0.20 ')),
    };
  }

  // Squid's log from line `from` on, up to now: a last line of our own comes behind all that has been.
  async #squidLog(from) {
    const mark = `mark-${from}.invalid`;
    this.box.root('sh', '-c', `curl -s -x http://172.30.0.10:3128 https://${mark}/ || true`);
    const at = (lines) => lines.findIndex((l) => l.includes(mark));
    const lines = await this.squid.waitForLog((all) => at(all) >= 0 && all);
    return lines.slice(from, at(lines));
  }
}

export const scene = (t) => new Scene().start(t);
