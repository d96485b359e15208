// SPDX-License-Identifier: MIT
// A CA of this test run and certificates of many kinds, made with the openssl command, each when first asked for.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tempDir } from './env.mjs';

const NAMES = 'DNS:*.test.example,DNS:localhost,IP:127.0.0.1,IP:::1';
const KINDS = {
  good: { names: NAMES },
  'wrong-name': { names: 'DNS:other.invalid' },
  expired: { names: NAMES, from: '20200101000000Z', to: '20200201000000Z' },
  'self-signed': { names: NAMES, self: true },
  client: { names: 'DNS:client.test.example' },
  providers: { names: 'DNS:api.openai.com,DNS:api.anthropic.com,DNS:generativelanguage.googleapis.com' },
};

let dir;
const path = (name) => join(dir, name);
const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'ignore', 'pipe'], cwd: dir });
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

function makeCa(name) {
  openssl('req', '-x509', ...KEY, '-keyout', path(`${name}.key`), '-out', path(`${name}.pem`), '-days', '30',
    '-subj', `/CN=hdrgate test ${name}`, '-addext', 'basicConstraints=critical,CA:TRUE',
    '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
}

function setUp() {
  if (dir) return;
  dir = tempDir('ca');
  makeCa('ca');
  writeFileSync(path('index.txt'), '');
  writeFileSync(path('index.txt.attr'), 'unique_subject = no\n');
  writeFileSync(path('ca.cnf'), `[ca]\ndefault_ca = d\n[d]\ndatabase = index.txt\nnew_certs_dir = .\nrand_serial = yes
default_md = sha256\npolicy = p\ncopy_extensions = copy\n[p]\ncommonName = supplied\n`);
}

// The CA's certificate file; another name makes another CA that signed nothing.
export function caFile(name = 'ca') {
  setUp();
  if (!existsSync(path(`${name}.pem`))) makeCa(name);
  return path(`${name}.pem`);
}

// { cert, key }: files. kind: one of KINDS.
export function certificate(kind = 'good') {
  setUp();
  const files = { cert: path(`${kind}.crt`), key: path(`${kind}.key.pem`) };
  if (!existsSync(files.cert)) make(KINDS[kind], kind, files);
  return files;
}

function make({ names, from, to, self }, kind, { cert, key }) {
  const subject = ['-subj', `/CN=${kind}.test.example`, '-addext', `subjectAltName=${names}`];
  if (self) {
    openssl('req', '-x509', ...KEY, '-keyout', key, '-out', cert, '-days', '30', ...subject);
    return;
  }
  const csr = path(`${kind}.csr`);
  openssl('req', '-new', ...KEY, '-keyout', key, '-out', csr, ...subject);
  const time = from ? ['-startdate', from, '-enddate', to] : ['-days', '30'];
  openssl('ca', '-batch', '-notext', '-config', 'ca.cnf', '-cert', 'ca.pem', '-keyfile', 'ca.key', '-in', csr,
    '-out', cert, ...time);
}

// What node:tls wants for a server with this certificate.
export function serverOptions(kind) {
  const { cert, key } = certificate(kind);
  return { cert: readFileSync(cert), key: readFileSync(key) };
}

// What node:tls wants for a client that trusts the CA.
export const trust = (servername = 'localhost') => ({ ca: readFileSync(caFile()), servername });
