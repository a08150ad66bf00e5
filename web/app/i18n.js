// @ts-check
// Words, numbers and dates in the reader's language. A missing key falls back to English, then to its own name.
import { signal } from '../vendor/preact.js';

export const LANGS = ['en', 'id'];
export const lang = signal('en');
const catalogues = signal(/** @type {Record<string, Record<string, string>>} */ ({ en: {}, id: {} }));

/** Puts a catalogue in place; tests call it without a network. */
export function useCatalogue(/** @type {string} */ name, /** @type {Record<string, string>} */ entries) {
  catalogues.value = { ...catalogues.value, [name]: entries };
}

/** Loads what is needed for `name`, then switches everything that is shown. English is always there to fall back on. */
export async function setLang(/** @type {string} */ name) {
  const wanted = LANGS.includes(name) ? name : 'en';
  await Promise.all([...new Set(['en', wanted])].filter((l) => !Object.keys(catalogues.value[l]).length).map(async (l) => {
    const response = await fetch(new URL(`../i18n/${l}.json`, import.meta.url));
    useCatalogue(l, await response.json());
  }));
  lang.value = wanted;
  document.documentElement.lang = wanted;
}

/** The person's own choice: applied now and told to the server with a cookie, for the next first paint. */
export async function chooseLang(/** @type {string} */ name) {
  await setLang(name);
  document.cookie = `lang=${lang.value}; Path=/; SameSite=Lax; Max-Age=31536000`;
}

function template(/** @type {string} */ key, /** @type {Record<string, any>} */ params) {
  const own = catalogues.value[lang.value] ?? {};
  const { en } = catalogues.value;
  if ('count' in params) {
    const form = `${key}.${intl(Intl.PluralRules).select(params.count)}`;
    const plural = own[form] ?? own[`${key}.other`] ?? en[form] ?? en[`${key}.other`];
    if (plural !== undefined) return plural;
  }
  return own[key] ?? en[key] ?? key;
}

/** The text of a key with its `{places}` filled; with `count` the form of the plural is chosen. */
export function t(/** @type {string} */ key, /** @type {Record<string, any>} */ params = {}) {
  return template(key, params).replace(/\{(\w+)\}/g, (whole, name) => (name in params ? show(params[name]) : whole));
}

/** Like `t`, for places filled with elements: an array of texts and elements. */
export function tx(/** @type {string} */ key, /** @type {Record<string, any>} */ params = {}) {
  return template(key, params).split(/(\{\w+\})/).filter(Boolean).map((part) => {
    const name = /^\{(\w+)\}$/.exec(part)?.[1];
    if (!name || !(name in params)) return part;
    return typeof params[name] === 'object' ? params[name] : show(params[name]);
  });
}

const show = (/** @type {any} */ value) => (typeof value === 'number' ? fmt.number(value) : String(value));

/** The reader's regional form of the language, when the browser tells one ("en-GB"). */
function locale() {
  const told = typeof navigator === 'undefined' ? [] : navigator.languages ?? [];
  return told.find((l) => l === lang.value || l.startsWith(`${lang.value}-`)) ?? lang.value;
}

/** Intl objects are slow to make: one of each kind is kept per locale. */
const made = new Map();
function intl(/** @type {any} */ Kind, /** @type {object} */ options = {}) {
  const key = `${Kind.name} ${locale()} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Kind(locale(), options));
  return made.get(key);
}

const date = (/** @type {Date|string|number} */ value) => (value instanceof Date ? value : new Date(value));
const midnight = (/** @type {Date} */ d) => new Date(d.getFullYear(), d.getMonth(), d.getDate()).getTime();
const STEPS = /** @type {[string, number][]} */ ([['second', 60], ['minute', 60], ['hour', 24], ['day', 30], ['month', 12], ['year', Infinity]]);
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte'];

/** Everything takes a Date, a time string of the API or milliseconds. */
export const fmt = {
  time: (/** @type {any} */ d) => intl(Intl.DateTimeFormat, { hour: '2-digit', minute: '2-digit' }).format(date(d)),
  date: (/** @type {any} */ d) => intl(Intl.DateTimeFormat, { dateStyle: 'medium' }).format(date(d)),
  dateTime: (/** @type {any} */ d) => intl(Intl.DateTimeFormat, { dateStyle: 'full', timeStyle: 'short' }).format(date(d)),
  /** Today and Yesterday by name, this year's days without the year. */
  day(/** @type {any} */ value, now = new Date()) {
    const d = date(value);
    const days = Math.round((midnight(d) - midnight(now)) / 86400e3);
    if (days === 0 || days === -1) return capital(intl(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(days, 'day'));
    const year = d.getFullYear() === now.getFullYear() ? {} : { year: 'numeric' };
    return intl(Intl.DateTimeFormat, { weekday: 'long', day: 'numeric', month: 'long', ...year }).format(d);
  },
  /** As short as a list needs: the time today, the weekday this week, else the day. */
  brief(/** @type {any} */ value, now = new Date()) {
    const d = date(value);
    const days = Math.round((midnight(now) - midnight(d)) / 86400e3);
    if (days <= 0) return fmt.time(d);
    if (days < 7) return intl(Intl.DateTimeFormat, { weekday: 'short' }).format(d);
    if (d.getFullYear() === now.getFullYear()) return intl(Intl.DateTimeFormat, { day: 'numeric', month: 'short' }).format(d);
    return intl(Intl.DateTimeFormat, { dateStyle: 'short' }).format(d);
  },
  number: (/** @type {number} */ n) => intl(Intl.NumberFormat).format(n),
  bytes(/** @type {number} */ n) {
    let unit = 0;
    let size = n;
    while (size >= 1000 && unit < UNITS.length - 1) { size /= 1000; unit += 1; }
    return intl(Intl.NumberFormat, { style: 'unit', unit: UNITS[unit], unitDisplay: unit ? 'short' : 'long', maximumFractionDigits: size < 10 && unit ? 1 : 0 }).format(size);
  },
  ago(/** @type {any} */ value, now = Date.now()) {
    let amount = (date(value).getTime() - now) / 1000;
    for (const [unit, size] of STEPS) {
      if (Math.abs(Math.round(amount)) < size) return intl(Intl.RelativeTimeFormat, { numeric: 'auto' }).format(Math.round(amount), unit);
      amount /= size;
    }
    return fmt.date(value);
  },
  list: (/** @type {string[]} */ items) => intl(Intl.ListFormat, { type: 'conjunction' }).format(items),
};

const capital = (/** @type {string} */ text) => text.charAt(0).toLocaleUpperCase(lang.value) + text.slice(1);
