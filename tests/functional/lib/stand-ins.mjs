// SPDX-License-Identifier: MIT
// What CI talks to, small: a registry of npm packages, git over HTTPS (git's own http-backend), and an API like
// GitHub's. All over TLS, and all refuse whoever does not bring the credential.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import { serverOptions } from './ca.mjs';
import { own, tempDir } from './env.mjs';

// A TLS server that keeps of each request what matters here. answer(request, response) is called for those who
// brought `credential`; the others are asked for it with `challenge`.
async function standIn(t, name, credential, challenge, answer) {
  const requests = [];
  const server = https.createServer(serverOptions('good'), (req, res) => {
    requests.push({ method: req.method, url: req.url, authorization: req.headers.authorization, headers: req.rawHeaders });
    if (req.headers.authorization === credential) return answer(req, res, self);
    res.writeHead(401, { 'WWW-Authenticate': challenge, 'Content-Type': 'application/json' });
    res.end('{"message":"Requires authentication"}');
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    server.closeAllConnections();
    return new Promise((done) => server.close(done));
  });
  const self = { requests, url: `https://${name}.test.example:${server.address().port}` };
  return self;
}

const json = (res, status, value, headers = {}) =>
  res.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(value));

// A package as npm packs it.
function pack(name, version, files, more = {}) {
  const dir = join(tempDir('package'), 'package');
  mkdirSync(dir);
  const manifest = { name, version, main: 'index.js', ...more };
  for (const [file, text] of Object.entries({ 'package.json': JSON.stringify(manifest), ...files })) writeFileSync(join(dir, file), text);
  const tarball = execFileSync('tar', ['-C', join(dir, '..'), '-czf', '-', 'package']);
  return { manifest, tarball, integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}` };
}

// Two packages, one of a scope that needs the other. The tarball of the other is redirected once. As registries do,
// it names its own URLs in what it says of a package.
export function npmRegistry(t, token) {
  const packages = {
    '@acme/widget': pack('@acme/widget', '1.2.0', { 'index.js': "module.exports = `widget on ${require('left')}`;\n" }, { dependencies: { left: '^1.0.0' } }),
    left: pack('left', '1.0.3', { 'index.js': "module.exports = 'left';\n" }),
  };
  const tarballOf = (name, version) => `/${name}/-/${name.split('/').at(-1)}-${version}.tgz`;
  return standIn(t, 'npm', `Bearer ${token}`, 'Bearer realm="npm"', (req, res, self) => {
    const path = req.url.split('?')[0];
    const name = decodeURIComponent(path.slice(1));
    if (Object.hasOwn(packages, name)) {
      const { manifest, integrity } = packages[name];
      const dist = { tarball: self.url + tarballOf(name, manifest.version), integrity };
      return json(res, 200, { name, 'dist-tags': { latest: manifest.version }, versions: { [manifest.version]: { ...manifest, dist } } });
    }
    for (const [n, { manifest, tarball }] of Object.entries(packages)) {
      const at = tarballOf(n, manifest.version);
      if (path === at && n === 'left') return res.writeHead(302, { Location: `${self.url}/files${at}` }).end();
      if (path === at || path === `/files${at}`) return res.writeHead(200, { 'Content-Type': 'application/octet-stream' }).end(tarball);
    }
    if (req.method === 'PUT') return publish(req, res, self);
    return json(res, 404, { error: 'Not found' });
  }).then((self) => Object.assign(self, { published: [] }));
}

async function publish(req, res, self) {
  const pieces = [];
  for await (const b of req) pieces.push(b);
  const { name, versions } = JSON.parse(Buffer.concat(pieces));
  self.published.push(`${name}@${Object.keys(versions)}`);
  return json(res, 201, { success: true });
}

// Repositories as git's own CGI program serves them: { 'org/name.git': { file: text } }.
export function gitServer(t, user, password, repositories) {
  const root = tempDir('git');
  const env = { PATH: process.env.PATH, HOME: root, GIT_CONFIG_NOSYSTEM: '1' };
  const git = (...args) => execFileSync('git', args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const who = ['-c', 'user.name=Acme', '-c', 'user.email=acme@example.com'];
  for (const [path, files] of Object.entries(repositories)) {
    const work = tempDir('work');
    git('init', '-q', '-b', 'main', work);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text);
    git('-C', work, 'add', '.');
    git(...who, '-C', work, 'commit', '-q', '-m', 'A private repository');
    git('clone', '-q', '--bare', work, join(root, path));
    git('-C', join(root, path), 'config', 'http.receivepack', 'true');
  }
  const credential = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return standIn(t, 'git', credential, 'Basic realm="git"', (req, res) => cgi(req, res, { ...env, GIT_PROJECT_ROOT: root }));
}

// RFC 3875, as far as git http-backend needs it.
function cgi(req, res, env) {
  const [path, query = ''] = req.url.split('?');
  const child = own(spawn('git', ['http-backend'], {
    env: {
      ...env, GIT_HTTP_EXPORT_ALL: '1', REQUEST_METHOD: req.method, PATH_INFO: decodeURIComponent(path), QUERY_STRING: query,
      CONTENT_TYPE: req.headers['content-type'] ?? '', REMOTE_USER: 'ci', REMOTE_ADDR: '127.0.0.1',
      ...(req.headers['content-length'] && { CONTENT_LENGTH: req.headers['content-length'] }),
      ...(req.headers['content-encoding'] && { HTTP_CONTENT_ENCODING: req.headers['content-encoding'] }),
      ...(req.headers['git-protocol'] && { GIT_PROTOCOL: req.headers['git-protocol'] }),
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  }));
  child.stdin.on('error', () => {});
  req.pipe(child.stdin);
  const pieces = [];
  child.stdout.on('data', (b) => pieces.push(b));
  child.on('close', () => {
    const all = Buffer.concat(pieces);
    const end = all.indexOf('\r\n\r\n');
    const headers = all.subarray(0, end).toString('latin1').split('\r\n').map((l) => [l.slice(0, l.indexOf(':')), l.slice(l.indexOf(':') + 1).trim()]);
    const status = Number.parseInt(headers.find(([n]) => n === 'Status')?.[1] ?? '200', 10);
    res.writeHead(status, headers.filter(([n]) => n !== 'Status').flat()).end(all.subarray(end + 4));
  });
}

// Some of GitHub's API: who one is, a repository, issues in two pages. Whatever changes something is taken as well.
export function githubApi(t, token) {
  return standIn(t, 'api', `Bearer ${token}`, 'Basic realm="GitHub"', (req, res, self) => {
    const url = new URL(req.url, self.url);
    if (req.method !== 'GET') return res.writeHead(204).end();
    if (url.pathname === '/user') return json(res, 200, { login: 'acme-ci' }, { 'Set-Cookie': 'session=as-good-as-a-token' });
    if (url.pathname === '/repos/acme/site') return json(res, 200, { full_name: 'acme/site', private: true });
    if (url.pathname === '/repos/acme/site/issues') {
      const page = Number(url.searchParams.get('page') ?? 1);
      const link = page === 1 ? { Link: `<${self.url}${url.pathname}?page=2>; rel="next"` } : {};
      return json(res, 200, [{ number: page, title: `Issue ${page}` }], link);
    }
    return json(res, 404, { message: 'Not Found' });
  });
}

// All files below a folder, as [path, bytes].
export function* filesBelow(dir, entries) {
  for (const e of entries(dir)) {
    const path = join(dir, e.name);
    if (e.isDirectory()) yield* filesBelow(path, entries);
    else if (e.isFile()) yield [path, readFileSync(path)];
  }
}
