// @ts-check
// Small pieces that are drawn everywhere: icons, avatars, names of conversations, the menu button, news, parts fetched later.
import { h, html, signal, useEffect, useRef, useState } from '../vendor/preact.js';
import { t } from './i18n.js';
import { firstWords } from './text.js';

/** Line icons on a 24 × 24 grid, drawn for this app: those of a conversation; icons.js has the rest. */
const shapes = signal(/** @type {Record<string, string[]>} */ ({
  add: ['M12 5v14', 'M5 12h14'],
  alert: ['M12 4 2.8 19.5h18.4z', 'M12 10v4', 'M12 16.8v.2'],
  at: ['M12 8.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z', 'M15.5 8.5v4.7a2.3 2.3 0 0 0 4.6 0V12A8.1 8.1 0 1 0 17 18.4'],
  back: ['M19 12H5', 'm11 6-6 6 6 6'],
  chevron: ['m6 9 6 6 6-6'],
  clock: ['M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z', 'M12 8v4.5l3 1.8'],
  close: ['m6 6 12 12', 'M18 6 6 18'],
  code: ['m8.5 7-5 5 5 5', 'm15.5 7 5 5-5 5'],
  copy: ['M9 9h10.5v10.5H9z', 'M15 9V4.5H4.5V15H9'],
  download: ['M12 4v11', 'm7 10.5 5 5 5-5', 'M5 19.5h14'],
  edit: ['m4 20 1-4.5L16 4.5l3.5 3.5L8.5 19z', 'm13.5 7 3.5 3.5'],
  file: ['M6 3.5h8l4 4v13H6z', 'M14 3.5v4h4'],
  group: ['M9 5.2a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4z', 'M3 19c.5-3 2.800-4.700 6-4.700s5.500 1.700 6 4.700', 'M15.500 5.600a3.200 3.200 0 0 1 0 5.700', 'M17.500 14.700c1.900.6 3.100 2.100 3.500 4.300'],
  image: ['M4 5h16v14H4z', 'm4 16 4.500-4.500 4 4 2.500-2.500 5 5', 'M15.500 8.500v.1'],
  join: ['M10 4.500h9v15h-9', 'M4 12h10', 'm10.500 8.500 3.500 3.500-3.500 3.500'],
  logo: ['M4 4.500h16v11.500h-9.500L6 20.500V16H4z', 'M8 8.800h8', 'M8 12h5'],
  message: ['M4 5h16v11.500H10L5.500 20v-3.500H4z'],
  more: ['M6 12v.01', 'M12 12v.01', 'M18 12v.01'],
  note: ['M5 4.500h14v10l-5 5H5z', 'M14 19.500v-5h5', 'M8.500 9h7', 'M8.500 12.500h4'],
  panel: ['M4 5h16v14H4z', 'M14.500 5v14'],
  paperclip: ['m19.500 11.500-7.700 7.700a4.500 4.500 0 0 1-6.400-6.400l8-8a3 3 0 0 1 4.300 4.300l-7.900 7.900a1.500 1.500 0 0 1-2.200-2.100l7.200-7.200'],
  people: ['M9 5.200a3.200 3.200 0 1 0 0 6.400 3.200 3.200 0 0 0 0-6.400z', 'M3 19c.5-3 2.800-4.700 6-4.700s5.500 1.700 6 4.700', 'M18 8v6', 'M15 11h6'],
  person: ['M12 4.500a3.700 3.700 0 1 0 0 7.400 3.700 3.700 0 0 0 0-7.400z', 'M5 20c.6-3.500 3.300-5.400 7-5.400s6.400 1.900 7 5.400'],
  reply: ['m9 6-5 5 5 5', 'M4 11h9.500a6 6 0 0 1 6 6v1.500'],
  search: ['M10.500 4.500a6 6 0 1 0 0 12 6 6 0 0 0 0-12z', 'm15 15 5 5'],
  send: ['M4.500 12 3.500 4.500 21 12 3.500 19.500 4.500 12z', 'M4.500 12H12'],
  settings: ['M4 7h9', 'M17 7h3', 'M15 5a2 2 0 1 0 0 4 2 2 0 0 0 0-4z', 'M4 17h3', 'M11 17h9', 'M9 15a2 2 0 1 0 0 4 2 2 0 0 0 0-4z', 'M4 12h16'],
  smile: ['M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16z', 'M8.500 14c.8 1.400 2 2.100 3.500 2.100s2.700-.7 3.500-2.100', 'M9.300 9.500v.5', 'M14.700 9.500v.5'],
  trash: ['M5 7h14', 'M9.500 7V4.500h5V7', 'm7 7 .8 12.500h8.400L17 7', 'M10.500 11v5', 'M13.500 11v5'],
}));
let more = false;

/** @param {{name: string}} props */
export function Icon({ name }) {
  const known = shapes.value[name];
  if (!known && !more) {
    more = true;
    import('./icons.js').then((m) => { shapes.value = { ...shapes.peek(), ...m.ICONS }; }, () => { more = false; });
  }
  return h('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, (known ?? []).map((d) => h('path', { d })));
}

/** People of other realms are `user@realm` everywhere; those of this one have the sign before the name. @param {string} username */
export const handleOf = (username) => (username.includes('@') ? username : `@${username}`);

// Initials on a colour that follows from the name: the same for everyone, on every device.
const HUES = 10;

/** @param {string} username @returns {number} */
export function hueOf(username) {
  let hash = 2166136261;
  for (let i = 0; i < username.length; i += 1) hash = Math.imul(hash ^ username.charCodeAt(i), 16777619);
  return (hash >>> 8) % HUES;
}

const letters = typeof Intl !== 'undefined' && 'Segmenter' in Intl ? new Intl.Segmenter() : null;
/** @param {string} word */
const firstLetter = (word) => (letters ? letters.segment(word)[Symbol.iterator]().next().value?.segment : [...word][0]) ?? '';

/** @param {string} name at most two letters of it */
export function initials(name) {
  const words = name.trim().split(/[\s._-]+/).filter(Boolean);
  const chosen = words.length > 1 ? [words[0], /** @type {string} */ (words.at(-1))] : words;
  return chosen.map(firstLetter).join('').toLocaleUpperCase();
}

/**
 * Decoration: the name always stands beside it.
 * @param {{user?: any, name?: string, group?: boolean, icon?: string, size?: 's'|'l', active?: boolean}} props
 */
export function Avatar({ user, name, group, icon, size, active }) {
  const shown = name ?? user?.name ?? '';
  const classes = ['avatar', `hue-${hueOf(user?.username ?? shown)}`, size ? `avatar-${size}` : '', active ? 'avatar-active' : ''];
  const sign = icon ?? (group ? 'group' : null);
  return html`<span class=${classes.join(' ')} aria-hidden="true">${sign ? h(Icon, { name: sign }) : initials(shown)}</span>`;
}

// What a conversation is called and what its line in a list says.
export function titleOf(/** @type {any} */ c) {
  return c.kind === 'note' ? t('naming.note') : c.name;
}

/** For `Avatar`: the other person, or the group by its name. */
export function avatarOf(/** @type {any} */ c, /** @type {any} */ me) {
  if (c.kind === 'note') return { user: me };
  if (c.kind === 'room') return { name: c.name, icon: 'room' };
  return c.with ? { user: c.with } : { name: c.name, group: true };
}

/** The last message in a few words, with its author where that is not plain. @returns {{who: string, text: string, icon?: string}|null} */
export function lastLine(/** @type {any} */ c, /** @type {string} */ username) {
  const { last } = c;
  if (!last) return null;
  const own = last.author.username === username;
  let who = '';
  if (c.kind !== 'note' && own) who = t('naming.you');
  else if (!own && c.kind !== 'direct') who = String(last.author.name).split(' ')[0];
  if (last.deleted) return { who, text: t('naming.deleted'), icon: 'trash' };
  if (last.file) return { who, text: last.text ? firstWords(last.text, 80) : last.file.name, icon: /^image\//.test(last.file.media_type) ? 'image' : 'file' };
  return { who, text: firstWords(last.text, 80) };
}

const Popup = lazy(() => import('./menu.js'), 'Popup');

/**
 * A button with a menu.
 * @param {{label: string, icon?: string, items: {label: string, icon?: string, danger?: boolean, run: () => void}[],
 *   className?: string, tabindex?: number, onOpen?: (open: boolean) => void}} props
 */
export function Menu({ label, icon = 'more', items, className = 'icon-button', tabindex, onOpen }) {
  const [open, setOpen] = useState(false);
  const button = useRef(/** @type {HTMLElement|null} */ (null));
  const show = (/** @type {boolean} */ value) => { setOpen(value); onOpen?.(value); };
  const close = (focus = true) => { show(false); if (focus) button.current?.focus(); };
  return [
    html`<button key="button" ref=${button} type="button" class=${className} tabindex=${tabindex} aria-haspopup="menu" aria-expanded=${open ? 'true' : 'false'}
      aria-label=${label} title=${label} onClick=${() => show(!open)}>${h(Icon, { name: icon })}</button>`,
    open && h(Popup, { key: 'popup', label, items, anchor: button.current, close }),
  ];
}

/**
 * Short news at the edge of the window: an error stays until it is closed.
 * @param {string} text @param {{error?: boolean, action?: string, onAction?: () => void}} [options]
 */
export function toast(text, options) { fetched(() => import('./toast.js')).then((m) => m.show(text, options)); }
/** What an ApiError has to say, as news. @param {any} error */
export function toastError(error) { fetched(() => import('./toast.js')).then((m) => m.showError(error)); }

/** A module that must come, if not now then when the server is there again. @param {() => Promise<any>} load an `import()` @returns {Promise<any>} */
export const fetched = (load) => load().catch(() => new Promise((again) => { setTimeout(again, 2000); }).then(() => fetched(load)));

/** @type {Map<string, Promise<void>>} */
const sheets = new Map();
/** A stylesheet that the first drawing does without. Modules that draw with it wait for it. @param {string} name @returns {Promise<void>} */
export function styled(name) {
  const known = sheets.get(name);
  if (known || typeof document === 'undefined') return known ?? Promise.resolve();
  const loading = /** @type {Promise<void>} */ (new Promise((done) => {
    const link = document.createElement('link');
    link.rel = 'stylesheet';
    link.href = new URL(`./style/${name}.css`, import.meta.url).href;
    link.onload = () => done();
    // Unstyled is better than not at all; the next module that needs it tries again.
    link.onerror = () => { sheets.delete(name); link.remove(); done(); };
    document.head.append(link);
  }));
  sheets.set(name, loading);
  return loading;
}

/**
 * A part of the page that is fetched when it is first drawn.
 * @param {() => Promise<any>} load an `import()` @param {string} name the export
 * @param {() => any} [waiting] drawn until then
 */
export function lazy(load, name, waiting) {
  /** @type {any} */
  let Loaded = null;
  return function Lazy(/** @type {any} */ props) {
    const [, again] = useState(0);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      // Another of its kind may have fetched it between this one's drawing and now.
      if (Loaded) again(1);
      else load().then((m) => { Loaded = m[name]; again(1); }, () => setFailed(true));
    }, []);
    if (Loaded) return h(Loaded, props);
    if (failed) return html`<p class="empty" role="alert">${t('layout.part_failed')}</p>`;
    return waiting ? h(waiting, {}) : null;
  };
}
