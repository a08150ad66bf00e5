// @ts-check
// The list that opens while a name, command or emoji is typed; the focus stays in the field (aria-activedescendant).
import { h, html, useEffect, useLayoutEffect, useRef, useState } from '../vendor/preact.js';
import { COMMANDS, inserted, offersFor, triggerAt } from './complete.js';
import { t } from './i18n.js';
import { api } from './net.js';
import { conversations, me, people, putPeople, setDraft } from './state.js';
import { Avatar } from './ui.js';

/**
 * @param {{field: {current: HTMLTextAreaElement|null}, id: string, kind: string, handle: {current: any}}} props
 * `handle`: where the composer finds what its keys are to ask
 */
export function Offers({ field, id, kind, handle }) {
  const [trigger, setTrigger] = useState(/** @type {any} */ (null));
  const [at, setAt] = useState(0);
  const closed = useRef('');
  const group = kind === 'group' || kind === 'room';
  const known = trigger ? {
    people: [...people.value.values()].filter((p) => p.username !== me.value?.username),
    places: [...conversations.value.values()].filter((c) => c.kind === 'group' || c.kind === 'room'),
    commands: COMMANDS.map((c) => ({ name: c.name, about: t(`composer.command_${c.name}`) })),
    all: group ? t('composer.all') : null,
  } : null;
  const list = trigger && known ? offersFor(trigger, known) : [];
  const open = list.length > 0;
  const index = Math.min(at, list.length - 1);

  const wantsPeople = trigger?.kind === 'person';
  useEffect(() => {
    if (!wantsPeople) return;
    const path = kind === 'group' ? `/conversations/${encodeURIComponent(id)}/members` : '/people?limit=50';
    api.get(path).then((a) => putPeople(a.members ?? a.people), () => {});
  }, [wantsPeople, id]);

  const close = () => setTrigger(null);
  const look = () => {
    const el = field.current;
    if (!el) return;
    const found = triggerAt(el.value, el.selectionStart);
    // Closed with Esc: stays closed for this word.
    if (found && closed.current === `${found.kind}${found.start}`) return;
    closed.current = '';
    setTrigger(found);
    setAt(0);
  };
  const choose = (/** @type {any} */ offer) => {
    const el = field.current;
    if (!el) return;
    const next = inserted(el.value, el.selectionStart, trigger, offer);
    el.value = next.text;
    el.setSelectionRange(next.caret, next.caret);
    setDraft(id, { text: next.text });
    close();
    el.focus();
  };
  /** @param {KeyboardEvent} e @returns {boolean} the key was for the list */
  const key = (e) => {
    if (!open) return false;
    const step = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (step && !e.altKey && !e.ctrlKey) setAt((index + step + list.length) % list.length);
    else if ((e.key === 'Enter' && !e.shiftKey) || (e.key === 'Tab' && !e.shiftKey)) choose(list[index]);
    else if (e.key === 'Escape') { closed.current = `${trigger.kind}${trigger.start}`; close(); } else return false;
    e.preventDefault();
    e.stopPropagation();
    return true;
  };
  useLayoutEffect(() => {
    handle.current = { key, look, close, moved: () => { if (trigger) look(); } };
    return () => { handle.current = null; };
  });
  useLayoutEffect(() => {
    if (open) field.current?.setAttribute('aria-controls', 'offers'); else field.current?.removeAttribute('aria-controls');
    if (open) field.current?.setAttribute('aria-activedescendant', `offer-${index}`); else field.current?.removeAttribute('aria-activedescendant');
  }, [open, index]);
  // What was typed before this was fetched counts too.
  useEffect(look, []);

  if (!open) return null;
  return html`<ul id="offers" class="offers" role="listbox" aria-label=${t('composer.offers')}>${list.map((o, i) => html`<li key=${o.insert} id=${`offer-${i}`} class="offer" role="option" aria-selected=${i === index ? 'true' : 'false'}
    onPointerDown=${(/** @type {Event} */ e) => { e.preventDefault(); choose(o); }}>
    ${o.user ? h(Avatar, { user: o.user, size: 's' }) : o.sign && html`<span class="offer-sign">${o.sign}</span>`}
    <bdi class="offer-label">${o.label}</bdi>${o.about && html`<span class="offer-about">${o.about}</span>`}
  </li>`)}</ul>`;
}
