// SPDX-License-Identifier: MIT
// Prometheus' text, read strictly: what a family is must stand before its samples, which stand together.
import assert from 'node:assert/strict';
import { get } from './world.mjs';

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{((?:[a-zA-Z_]\w*="(?:\\.|[^"\\])*",?)*)\})? (\d+(?:\.\d+)?)$/;

// { families: Map of name to { type, help, samples: Map of labels to number } }
export function parse(text) {
  const families = new Map();
  let now = null;
  assert.ok(text.endsWith('\n'));
  for (const line of text.slice(0, -1).split('\n')) {
    const [, what, name, rest] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (what === 'HELP') {
      assert.ok(!families.has(name), `${name} begins twice`);
      families.set(name, (now = { name, help: rest, samples: new Map() }));
    } else if (what === 'TYPE') {
      assert.equal(name, now.name);
      now.type = rest;
    } else {
      const m = SAMPLE.exec(line);
      assert.ok(m, `not a sample: ${line}`);
      const key = now.type === 'histogram' ? m[1].replace(/_(bucket|sum|count)$/, '') : m[1];
      assert.equal(key, now.name, `${m[1]} stands in the family ${now.name}`);
      const labels = `${m[1].slice(now.name.length)}{${m[2] ?? ''}}`;
      assert.ok(!now.samples.has(labels), `twice: ${line}`);
      now.samples.set(labels, Number(m[3]));
    }
  }
  return families;
}

export class Scrape {
  constructor(text) {
    this.text = text;
    this.families = parse(text);
  }

  // The number of one sample, 0 when it is not there: value('frontend_requests_total', 'frontend="api",code="2xx"').
  value(name, labels = '', part = '') {
    const f = this.families.get(name.startsWith('process_') ? name : `hdrgate_${name}`);
    assert.ok(f, `there is no metric ${name}`);
    return f.samples.get(`${part}{${labels}}`) ?? 0;
  }

  // Over all samples of a family whose labels hold these.
  sum(name, ...labels) {
    const f = this.families.get(`hdrgate_${name}`);
    assert.ok(f, `there is no metric ${name}`);
    return [...f.samples].filter(([l]) => labels.every((x) => l.includes(x))).reduce((n, [, v]) => n + v, 0);
  }
}

export async function scrape(t, gw, frontend = 'manage') {
  const r = await gw.once(t, get('/metrics'), { frontend });
  assert.deepEqual([r.status, r.header('content-type')], [200, 'text/plain; version=0.0.4; charset=utf-8']);
  return new Scrape(r.body.toString());
}
