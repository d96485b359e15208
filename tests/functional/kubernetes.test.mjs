// SPDX-License-Identifier: MIT
// The manifests of docker/kubernetes: their types, that no key is unknown, that what names another thing names one that
// is there, and their configuration at work.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as apps from 'kubernetes-models/apps/v1';
import * as networking from 'kubernetes-models/networking.k8s.io/v1';
import * as core from 'kubernetes-models/v1';
import { parseAllDocuments } from 'yaml';
import { caFile } from './lib/ca.mjs';
import { BINARY, tempDir } from './lib/env.mjs';
import { gateway } from './lib/gateway.mjs';
import { upstream } from './lib/upstream.mjs';
import { get } from './lib/world.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const FOLDER = resolve(here, '../../docker/kubernetes');
const RULES = resolve(here, '../../rules');
const KINDS = { v1: core, 'apps/v1': apps, 'networking.k8s.io/v1': networking };

function load(file) {
  const documents = parseAllDocuments(readFileSync(join(FOLDER, file), 'utf8'), { strict: true });
  for (const document of documents) assert.deepEqual([...document.errors, ...document.warnings], [], file);
  return documents.map((document) => document.toJS());
}

// The validator reads every key that its schema has, and of a map all: a key that it never asked for is unknown. So
// each object is shown to it through a proxy that notes what was read.
function problems(object) {
  const Kind = KINDS[object.apiVersion]?.[object.kind];
  if (!Kind) return [`${object.apiVersion} ${object.kind} is not known`];
  const asked = new Map();
  const proxies = new Map();
  const shown = (value) => {
    if (value === null || typeof value !== 'object') return value;
    if (!proxies.has(value)) {
      asked.set(value, new Set());
      proxies.set(value, new Proxy(value, { get: (target, key) => (asked.get(value).add(key), shown(target[key])) }));
    }
    return proxies.get(value);
  };
  const found = [];
  try {
    Kind.prototype.validate.call(shown(object));
  } catch (error) {
    found.push(error.message);
  }
  const walk = (value, path) => {
    if (value === null || typeof value !== 'object') return;
    for (const key of Object.keys(value)) {
      if (!Array.isArray(value) && !asked.get(value)?.has(key)) found.push(`${path}.${key} is unknown`);
      else walk(value[key], `${path}.${key}`);
    }
  };
  if (!found.length) walk(object, object.kind);
  return found;
}

const files = readdirSync(FOLDER).filter((name) => name.endsWith('.yaml'));
const all = Object.fromEntries(files.map((file) => [file, load(file)]));
const objects = files.flatMap((file) => all[file].map((object) => ({ file, ...object })));
const find = (file, kind, name) => all[file].find((o) => o.kind === kind && (!name || o.metadata.name === name)) ?? assert.fail(`${file} has no ${kind} ${name ?? ''}`);
const pods = objects.filter((o) => o.kind === 'Pod' || o.kind === 'Deployment').map((o) => ({ name: `${o.file}: ${o.metadata.name}`, spec: o.spec.template?.spec ?? o.spec, labels: o.spec.template?.metadata.labels ?? o.metadata.labels }));
const containers = pods.flatMap((pod) => [...(pod.spec.initContainers ?? []), ...pod.spec.containers].map((c) => ({ pod, ...c, where: `${pod.name}: ${c.name}` })));
const matches = (selector, labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);

test('every manifest has the types of its kind, and no key that the kind does not have', () => {
  assert.deepEqual(files, ['agent.yaml', 'gateway.yaml', 'sidecar.yaml']);
  for (const { file, ...object } of objects) assert.deepEqual(problems(object), [], `${file}: ${object.kind}`);
});

test('that test sees what is wrong', () => {
  const broken = (change) => {
    const pod = structuredClone(find('sidecar.yaml', 'Pod'));
    change(pod);
    return problems(pod);
  };
  assert.deepEqual(broken(() => {}), []);
  const rows = [
    [(p) => { p.spec.containers[0].imagee = 'x'; }, /spec\.containers\.0\.imagee is unknown/],
    [(p) => { p.metadata.lables = {}; }, /metadata\.lables is unknown/],
    [(p) => { p.spec.initContainers[1].startupProbe.exec.comand = []; }, /exec\.comand is unknown/],
    [(p) => { p.spec.volumes[1].secret.defaultMod = 1; }, /secret\.defaultMod is unknown/],
    [(p) => { p.sepc = {}; }, /Pod\.sepc is unknown/],
    [(p) => { p.spec.containers[0].securityContext.runAsUser = 'x'; }, /runAsUser must be integer/],
    [(p) => { p.spec.containers[0].env = {}; }, /env must be array/],
    [(p) => { delete p.spec.containers[0].name; }, /required property name/],
    [(p) => { p.spec.containers[0].resources.limits.memory = '4 GB'; }, /limits\/memory/],
    [(p) => { p.apiVersion = 'v2'; }, /v2 Pod is not known/],
  ];
  for (const [change, text] of rows) assert.match(broken(change).join('\n'), text);
});

test('every container is confined; the firewall alone is root, with its two capabilities', () => {
  for (const c of containers) {
    const context = { ...c.pod.spec.securityContext, ...c.securityContext };
    const firewall = c.name === 'firewall';
    assert.equal(context.runAsNonRoot, !firewall, c.where);
    assert.equal(context.allowPrivilegeEscalation, false, c.where);
    assert.equal(context.readOnlyRootFilesystem, true, c.where);
    assert.deepEqual(context.capabilities, firewall ? { drop: ['ALL'], add: ['NET_ADMIN', 'NET_RAW'] } : { drop: ['ALL'] }, c.where);
    assert.deepEqual(context.seccompProfile, { type: 'RuntimeDefault' }, c.where);
    assert.ok(c.resources.requests.memory && c.resources.requests.cpu && c.resources.limits.memory, c.where);
    assert.equal(c.pod.spec.automountServiceAccountToken, false, c.where);
    assert.ok(!c.pod.spec.hostNetwork && !c.pod.spec.hostPID && !c.pod.spec.shareProcessNamespace && !context.privileged, c.where);
  }
});

test('only the gateway has the keys, as a folder that may be replaced', () => {
  for (const c of containers) {
    const volumes = Object.fromEntries(c.pod.spec.volumes.map((v) => [v.name, v]));
    for (const mount of c.volumeMounts ?? []) {
      assert.ok(volumes[mount.name], `${c.where}: ${mount.name}`);
      assert.equal(Boolean(volumes[mount.name].secret), c.name === 'gateway' && mount.name === 'keys', c.where);
      assert.equal(mount.subPath, undefined, c.where);
      if (volumes[mount.name].secret || volumes[mount.name].configMap) assert.equal(mount.readOnly, true, c.where);
    }
    for (const { name, value, valueFrom } of c.env ?? []) {
      assert.equal(valueFrom, undefined, `${c.where}: ${name}`);
      if (/KEY|TOKEN/.test(name)) assert.match(value, /placeholder/, `${c.where}: ${name}`);
    }
  }
  for (const pod of pods) {
    const secret = pod.spec.volumes.find((v) => v.secret)?.secret;
    if (secret) assert.equal(secret.defaultMode, 0o440, pod.name);
  }
  assert.ok(!objects.some((o) => o.kind === 'Secret'), 'keys are not in manifests');
});

test('names lead to what is there: labels, ports, configuration', () => {
  const deployment = find('gateway.yaml', 'Deployment');
  const labels = deployment.spec.template.metadata.labels;
  assert.ok(matches(deployment.spec.selector.matchLabels, labels));
  const service = find('gateway.yaml', 'Service');
  assert.ok(matches(service.spec.selector, labels));
  const [container] = deployment.spec.template.spec.containers;
  const ports = Object.fromEntries(container.ports.map((p) => [p.name, p.containerPort]));
  for (const p of service.spec.ports) assert.equal(ports[p.targetPort], p.port);
  for (const kind of ['startupProbe', 'readinessProbe', 'livenessProbe']) assert.ok(ports[(container[kind].httpGet ?? container[kind].tcpSocket).port], kind);

  const agent = find('agent.yaml', 'Pod');
  const policy = find('gateway.yaml', 'NetworkPolicy', 'hdrgate-agent');
  assert.ok(matches(policy.spec.podSelector.matchLabels, agent.metadata.labels));
  assert.deepEqual(policy.spec.policyTypes, ['Ingress', 'Egress']);
  assert.deepEqual(policy.spec.ingress, []);
  assert.equal(policy.spec.egress.length, 1);
  assert.equal(policy.spec.egress[0].to.length, 1);
  assert.ok(matches(policy.spec.egress[0].to[0].podSelector.matchLabels, labels));
  assert.deepEqual(policy.spec.egress[0].ports.map((p) => p.port), Object.values(ports));
  const own = find('gateway.yaml', 'NetworkPolicy', 'hdrgate');
  assert.ok(matches(own.spec.podSelector.matchLabels, labels));
  assert.ok(matches(own.spec.ingress[0].from[0].podSelector.matchLabels, agent.metadata.labels));
  for (const p of own.spec.ingress[0].ports) assert.ok(ports[p.port]);

  // The variable that Kubernetes makes of the Service's name.
  const variable = `$(${service.metadata.name.toUpperCase().replaceAll('-', '_')}_SERVICE_HOST)`;
  for (const { name, value } of agent.spec.containers[0].env) if (name.endsWith('_BASE_URL')) assert.ok(value.startsWith(`http://${variable}:`), name);

  for (const file of ['gateway.yaml', 'sidecar.yaml']) {
    const map = find(file, 'ConfigMap');
    const pod = pods.find((p) => p.name.startsWith(file));
    const c = containers.find((one) => one.pod === pod && one.name === 'gateway');
    assert.equal(pod.spec.volumes.find((v) => v.name === 'config').configMap.name, map.metadata.name);
    assert.deepEqual(c.args, ['run', '-f', `${c.volumeMounts.find((m) => m.name === 'config').mountPath}/${Object.keys(map.data)[0]}`]);
  }
});

test('sidecar: the firewall first, then the gateway, then the agent, whose uid has no way out', () => {
  const { spec } = find('sidecar.yaml', 'Pod');
  assert.deepEqual(spec.initContainers.map((c) => [c.name, c.restartPolicy]), [['firewall', undefined], ['gateway', 'Always']]);
  const [firewall, gate] = spec.initContainers;
  const [, uid] = firewall.command[2].match(/--uid-owner (\d+)/);
  assert.equal(gate.securityContext.runAsUser, Number(uid));
  for (const c of spec.containers) assert.notEqual(c.securityContext.runAsUser, Number(uid));
  for (const c of spec.containers) for (const { name, value } of c.env) if (name.endsWith('_BASE_URL')) assert.match(value, /^http:\/\/127\.0\.0\.1:1000[01]/, name);
  assert.match(find('sidecar.yaml', 'ConfigMap').data['gateway.cfg'], /bind = "127\.0\.0\.1:10000"/);
  assert.doesNotMatch(find('sidecar.yaml', 'ConfigMap').data['gateway.cfg'], /0\.0\.0\.0/);
});

// In a network of its own: a pair of interfaces, with a listener at the other end.
const able = process.getuid() === 0 && spawnSync('unshare', ['-n', 'sh', '-ec', 'iptables -A OUTPUT -m owner --uid-owner 1 -j REJECT && ip link add name g0 type veth peer name g1']).status === 0;
test('sidecar: the rules of the firewall, by uid', { skip: !able && 'needs root, iptables, ip and network namespaces' }, () => {
  const [firewall] = find('sidecar.yaml', 'Pod').spec.initContainers;
  const script = `ip link set lo up
    unshare -n sleep 60 >/dev/null & other=$!
    until [ "$(readlink /proc/$other/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; do :; done
    ip link add name g0 type veth peer name g1 netns $other
    ip addr add 10.99.0.1/24 dev g0; ip link set g0 up
    nsenter -t $other -n ip addr add 10.99.0.2/24 dev g1; nsenter -t $other -n ip link set g1 up; nsenter -t $other -n ip link set lo up
    # $1: uid, the rest: an address and a port, refused at once where there is a way, since nobody listens.
    try() { setpriv --reuid $1 --regid $1 --clear-groups curl -s -m 5 -o /dev/null "http://$2:9/"; echo "$1 $2 $?"; }
    try 1000 10.99.0.2; try 65532 10.99.0.2
    ${firewall.command.slice(0, 2).join(' ')} "$RULES"
    iptables -I INPUT 1 -i lo -p tcp --dport 9 -j REJECT --reject-with tcp-reset
    nsenter -t $other -n iptables -I INPUT 1 -p tcp --dport 9 -m comment --comment seen -j REJECT --reject-with tcp-reset
    for uid in 1000 0 65532; do try $uid 10.99.0.2; nsenter -t $other -n iptables -nvxL INPUT | awk -v uid=$uid '/seen/ { print uid, "packets", $1 }'; nsenter -t $other -n iptables -Z INPUT; done
    try 1000 127.0.0.1
    kill $other`;
  const out = execFileSync('unshare', ['-n', 'bash', '-c', script], { env: { ...process.env, RULES: firewall.command[2] }, encoding: 'utf8' });
  const seen = out.split('\n').filter((line) => line.includes('packets'));
  assert.deepEqual(seen.map((line) => line.replace(/[1-9]\d*$/, 'some')), ['1000 packets 0', '0 packets 0', '65532 packets some'], out);
  // Before the rules everybody got there.
  assert.ok(out.startsWith('1000 10.99.0.2 7\n65532 10.99.0.2 7\n'), out);
  assert.match(out, /^1000 127\.0\.0\.1 7$/m);
});

// As the kubelet lays them out: names lead through a link that is replaced as a whole.
function mounted(files_) {
  const dir = tempDir('k8s');
  let n = 0;
  const swap = (values) => {
    const folder = `..${n++}`;
    mkdirSync(join(dir, folder));
    for (const [name, value] of Object.entries(values)) writeFileSync(join(dir, folder, name), value);
    symlinkSync(folder, join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
  };
  swap(files_);
  for (const name of Object.keys(files_)) symlinkSync(join('..data', name), join(dir, name));
  return { dir, swap };
}

for (const file of ['gateway.yaml', 'sidecar.yaml']) {
  const text = find(file, 'ConfigMap').data['gateway.cfg'];
  const placed = (dir) => text.replaceAll('/run/secrets/llm', dir);

  test(`${file}: the configuration is valid, and its fixtures hold`, () => {
    const keys = mounted({ openai: 'hush-openai\n', anthropic: 'hush-anthropic\n' });
    const path = join(tempDir('k8s'), 'gateway.cfg');
    writeFileSync(path, placed(keys.dir));
    const env = { PATH: process.env.PATH, HDRGATE_RULES_DIR: RULES };
    for (const args of [['check', '-f', path], ['test', '-f', path, join(here, 'data/kubernetes.fixtures')]]) {
      const ran = spawnSync(BINARY, args, { env, encoding: 'utf8' });
      assert.equal(ran.status, 0, ran.stdout + ran.stderr);
      // One warning is meant: no Squid stands there, the gateway itself decides where requests go.
      const warnings = ran.stderr.split('\n').filter((line) => / warning: /.test(line) && !line.endsWith(' warning: connects directly, without a proxy'));
      assert.deepEqual(warnings, []);
    }
  });

  test(`${file}: a key that the kubelet replaces is used from then on`, async (t) => {
    const up = await upstream(t);
    const keys = mounted({ openai: 'hush-1\n', anthropic: 'hush-a\n' });
    // Another place for the keys, another upstream, ports of this machine's choice.
    const here_ = placed(keys.dir).replace('"https://api.openai.com"', `"${up.url('localhost')}"; tls: { ca = "${caFile()}"; }`).replaceAll(/bind = "[^"]*"/g, 'bind = "127.0.0.1:0"');
    const gw = await gateway(t, here_, { env: { HDRGATE_RULES_DIR: RULES } });
    const used = async () => {
      assert.equal((await gw.once(t, get('/v1/models'), { frontend: 'openai' })).status, 200);
      return up.requests.at(-1).header('authorization');
    };
    assert.equal(await used(), 'Bearer hush-1');
    keys.swap({ openai: 'hush-2\n', anthropic: 'hush-a\n' });
    await gw.waitForLog((l) => l.event === 'secret_rotated');
    assert.equal(await used(), 'Bearer hush-2');
    assert.equal((await gw.once(t, get('/health'), { frontend: 'openai' })).status, 200);
  });
}
