// Adds or changes entries of both catalogues and keeps them sorted. Lines on standard input: key | English | Indonesian
// A key alone with "-" removes it:  - key
import { readFileSync, renameSync, writeFileSync } from 'node:fs';

const path = (lang) => new URL(`../i18n/${lang}.json`, import.meta.url);
const read = (lang) => { try { return JSON.parse(readFileSync(path(lang))); } catch { return {}; } };
const [en, id] = [read('en'), read('id')];
for (const line of readFileSync(0, 'utf8').split('\n').map((l) => l.trim()).filter(Boolean)) {
  if (line.startsWith('- ')) { delete en[line.slice(2)]; delete id[line.slice(2)]; continue; }
  const parts = line.split(' | ').map((p) => p.trim());
  if (parts.length !== 3) throw new Error(`not "key | English | Indonesian": ${line}`);
  [en[parts[0]], id[parts[0]]] = [parts[1], parts[2]];
}
for (const [lang, entries] of [['en', en], ['id', id]]) {
  const sorted = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(new URL(`../i18n/.${lang}.new`, import.meta.url), `${JSON.stringify(sorted, null, 2)}\n`);
  renameSync(new URL(`../i18n/.${lang}.new`, import.meta.url), path(lang));
}
