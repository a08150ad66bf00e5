// @ts-check
// What is on its way to other realms, without its drawing: where there may be such, what is heard of it. Pure.
import { asWaiting } from './history.js';

/** Another realm takes part for certain: a person of it, or a group of it. @param {any} c */
export const isShared = (c) => Boolean(c?.with?.realm || (c?.kind === 'group' && c.name.includes('@')));

/** The other realm, where one can tell which. @param {any} c @returns {string|null} */
export const realmOf = (c) => c?.with?.realm ?? (c?.kind === 'group' ? /@([^@]+)$/.exec(c.name)?.[1] : null) ?? null;

/** The first of one's own messages of which more can be heard; of what was delivered only between two people. @param {any[]} messages @param {boolean} direct */
export const unsettled = (messages, direct) => messages.find((m) => m.delivery === 'queued' || (direct && m.delivery === 'delivered')) ?? null;

/**
 * The same messages with what was told of them, and nothing else of it: the rest may be older than what the events said.
 * @param {any[]} messages @param {any[]} told @returns {any[]} the list itself when nothing is other
 */
export function withDeliveries(messages, told) {
  const news = new Map(told.filter((m) => m.delivery).map((m) => [m.seq, m]));
  const next = messages.map((m) => {
    const { delivery, delivery_reason } = news.get(m.seq) ?? m;
    return delivery === m.delivery && delivery_reason === m.delivery_reason ? m : { ...m, delivery, delivery_reason };
  });
  return next.some((m, i) => m !== messages[i]) ? next : messages;
}

/**
 * What waits, after it was asked for. A message keeps its object as long as nothing of it changes; changes that wait are
 * marked at their messages, so only those that failed stand here.
 * @param {any[]} before shown when it was asked for @param {any[]} now shown now @param {any[]} told
 */
export function withWaiting(before, now, told) {
  const known = new Map(now.map((m) => [m.id, m]));
  const listed = new Set([...before, ...told].map((m) => m.id));
  const kept = told.filter((m) => !m.change || m.delivery === 'failed')
    .map((m) => (known.get(m.id)?.delivery === m.delivery ? known.get(m.id) : asWaiting(m)));
  // What was taken meanwhile is newer than the answer.
  return [...kept, ...now.filter((m) => !listed.has(m.id))];
}
