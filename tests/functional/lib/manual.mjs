// SPDX-License-Identifier: MIT
// Reads doc/*.md: headings that name keys with the row below them, and blocks of code with their kind.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const docFile = (name) => fileURLToPath(new URL(`../../../doc/${name}`, import.meta.url));

const HEAD = '| Type | Unit | Default | Where | Since |';
const LINE = '|---|---|---|---|---|';

// { lines, heads: [{ title, names, line, row, cells, prose }], blocks: [{ kind, text, line, end, head }] }
// Lines count from 0. A heading of level 3 whose title is in backquotes names keys, separated by commas.
export function readManual(name) {
  const lines = readFileSync(docFile(name), 'utf8').split('\n');
  const heads = [];
  const blocks = [];
  let head = null;
  let chapter = '';
  for (let i = 0; i < lines.length; i++) {
    const fence = /^```(\S*)/.exec(lines[i]);
    if (fence) {
      const end = lines.indexOf('```', i + 1);
      if (end < 0) throw new Error(`${name}:${i + 1}: the block is not closed`);
      blocks.push({ kind: fence[1], text: `${lines.slice(i + 1, end).join('\n')}\n`, line: i, end, head, chapter });
      i = end;
      continue;
    }
    const title = /^(#+) (.*)$/.exec(lines[i]);
    if (title && title[1].length <= 3) {
      if (title[1].length === 2) chapter = title[2];
      head = { title: title[2], line: i, row: -1, names: [], prose: '' };
      if (/^`[^`]+`(, `[^`]+`)*$/.test(title[2])) head.names = title[2].replaceAll('`', '').split(', ');
      heads.push(head);
    } else if (head && lines[i] === HEAD && lines[i + 1] === LINE) {
      head.row = i + 2;
      head.cells = lines[head.row].split(/(?<!\\)\|/).slice(1, -1).map((c) => c.trim());
      i += 2;
    } else if (head) {
      head.prose += `${lines[i]}\n`;
    }
  }
  return { name, lines, heads, blocks };
}

export const saveManual = (m) => writeFileSync(docFile(m.name), m.lines.join('\n'));

const number = (n, units) => {
  for (const [size, unit] of units) if (n >= size && n % size === 0) return `${n / size}${unit}`;
  return String(n);
};
const DURATIONS = [[864e5, 'd'], [36e5, 'h'], [6e4, 'm'], [1e3, 's'], [1, 'ms']];
const SIZES = [[2 ** 30, 'G'], [2 ** 20, 'M'], [2 ** 10, 'k']];

const KINDS = {
  text: 'string', template: 'template', pattern: 'pattern', duration: 'duration', size: 'size', 'size-or-none': 'size or `"none"`',
  number: 'number', bool: '`true` or `false`', mode: 'file mode', name: 'name', path: 'file name', url: 'URL', address: 'address',
  network: 'network', id: 'id or range', status: 'status', glob: 'name with `*`', decimal: 'number in quotes',
};
const FORMS = {
  list: (one) => `list of ${one}s`, group: () => 'group', 'list of groups': () => 'list of groups', 'named groups': () => 'named groups',
  'named lists of groups': () => 'named lists of groups', pair: (one) => `[ name, ${one} ]`, 'list of pairs': () => 'list of such pairs',
  triple: (one) => `[ name, pattern, ${one} ]`, 'group of values': (one) => `{ name = ${one}; }`,
};

// What the row under a heading must say of this key. `standard` and `where` of the table.
export function describe(key, keys) {
  let one = key.words ? key.words.map((w) => `\`"${w}"\``).join(', ') : KINDS[key.kind] ?? '';
  if (key.kind && !one) throw new Error(`${key.name}: there is no word for values of kind ${key.kind}`);
  let range = '';
  if (key.most !== undefined) {
    const units = { ms: DURATIONS, bytes: SIZES }[key.unit] ?? [];
    range = `, ${number(key.least, units)} to ${number(key.most, units)}`;
  }
  const forms = key.forms.map((f) => {
    if (f === 'one') return `${one}${range}`;
    if (!FORMS[f]) throw new Error(`${key.name}: there is no word for the form ${f}`);
    return FORMS[f](one.replaceAll('`', ''));
  });
  const holders = keys.filter((k) => k.holds === key.block).map((k) => k.name);
  const unit = { ms: '`ms s m h d`', bytes: 'bytes, `k M G`' }[key.unit] ?? '-';
  const standard = key.default === undefined ? null : `\`${key.kind === 'bool' || key.kind === 'number' ? key.default : `"${key.default}"`}\``;
  return { type: forms.join('; '), unit, standard, where: key.block === '' ? 'top of a file' : holders.map((h) => `\`${h}\``).join(', ') };
}
