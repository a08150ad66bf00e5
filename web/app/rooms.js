// @ts-check
// Rooms: going in and out, coming back after the connection was lost; the list of rooms, who is in one, who came and went.
import { batch, effect, h, html, useEffect, useState } from '../vendor/preact.js';
import { useDeed } from './dialog.js';
import { errorText } from './errors.js';
import { Field } from './forms.js';
import { startChat } from './groups.js';
import { knownTimeline } from './history.js';
import { fmt, t } from './i18n.js';
import { condensed } from './moves.js';
import { api, ApiError, connection, onEvent, sendFrame } from './net.js';
import { navigate, pathTo } from './router.js';
import { changeConversation, currentId, dropConversation, conversations, isActive, me, putConversation, putPeople, queue, setStay, stay } from './state.js';
import { Avatar, Icon, toast } from './ui.js';

const ANSWER_MS = 10_000;
const LOOK_AGAIN_MS = 10_000;
const NAMED_MAX = 3;

/** The answer to `enter` is the next `entered`, or an `error`. @type {{done: (c: any) => void, fail: (e: any) => void}|null} */
let asked = null;

/** @param {string} name @returns {Promise<any>} the conversation of the room */
function ask(name) {
  asked?.fail(new ApiError({ code: 'busy' }));
  return new Promise((done, fail) => {
    const timer = setTimeout(() => own.fail(new ApiError({ code: 'offline' })), ANSWER_MS);
    const end = (/** @type {(v: any) => void} */ how) => (/** @type {any} */ value) => { clearTimeout(timer); if (asked === own) asked = null; how(value); };
    const own = { done: end(done), fail: end(fail) };
    asked = own;
    if (!sendFrame({ type: 'enter', room: name })) own.fail(new ApiError({ code: 'offline' }));
  });
}

/** Goes into the room and shows it. @param {string} name */
export async function enterRoom(name) {
  const room = await ask(name);
  navigate(pathTo(room.id));
}

/** @param {any} room */
export function leaveRoom(room) {
  sendFrame({ type: 'leave' });
  batch(() => {
    setStay(null);
    navigate('/app/rooms');
    dropConversation(room.id);
  });
}

/** Back to where one was. A refusal ends the wish. */
async function comeBack() {
  const room = stay.peek();
  if (!room || room.here || asked || connection.peek().state !== 'open') return;
  try {
    await ask(room.name);
    knownTimeline(room.id)?.note({ event: 'again', username: '', name: '' });
    toast(t('rooms.again', { room: room.name }));
  } catch (/** @type {any} */ error) {
    // Without an answer the next connection tries again.
    if (error.code === 'offline' || error.code === 'busy') return;
    setStay(null);
    toast(t('rooms.not_again', { room: room.name, why: errorText(error) }), { error: true });
  }
}

onEvent('entered', ({ room, conversation, people }) => {
  batch(() => {
    putConversation(conversation);
    putPeople(people);
    setStay({ id: conversation.id, name: room, here: true, people });
  });
  // What was said while one was not there is not told.
  knownTimeline(conversation.id)?.missed();
  queue.wake();
  asked?.done(conversation);
});
onEvent('error', ({ error }) => { if (!error.field || error.field === 'room') asked?.fail(new ApiError({ status: 400, ...error })); });
onEvent('hello', () => { comeBack(); });
onEvent('room', ({ conversation, event, user }) => {
  const room = stay.peek();
  if (!room || room.id !== conversation) return;
  const others = room.people.filter((p) => p.username !== user.username);
  const inside = event === 'entered' ? [...others, user] : others;
  putPeople([user]);
  setStay({ ...room, people: inside });
  changeConversation(conversation, () => ({ members: inside.length }));
  knownTimeline(conversation)?.note({ event, username: user.username, name: user.name });
});
effect(() => {
  const { state } = connection.value;
  const room = stay.peek();
  // The server takes out of the room whoever it has lost.
  if (state !== 'open' && room?.here) setStay({ ...room, here: false });
});
let seen = currentId.peek();
effect(() => {
  const now = currentId.value;
  // A room that was only looked at does not stay in the list.
  if (seen && seen !== now && seen !== stay.peek()?.id && conversations.peek().get(seen)?.kind === 'room') dropConversation(seen);
  seen = now;
});
comeBack();

/** The list of rooms with somebody in them, and a way into any other. */
export function Rooms() {
  const [rooms, setRooms] = useState(/** @type {any[]|null} */ (null));
  const [failed, setFailed] = useState(/** @type {any} */ (null));
  const { busy, error, run } = useDeed();
  const load = () => api.get('/rooms').then((answer) => { setRooms(answer.rooms); setFailed(null); }, setFailed);
  useEffect(() => {
    load();
    const timer = setInterval(() => { if (document.visibilityState === 'visible') load(); }, LOOK_AGAIN_MS);
    return () => clearInterval(timer);
  }, [stay.value?.id]);
  const submit = (/** @type {any} */ event) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get('room')).trim();
    if (name) run(() => enterRoom(name));
  };
  return html`<form class="line-form" onSubmit=${submit}>
      ${h(Field, { label: t('rooms.name'), hint: t('rooms.hint'), name: 'room', required: true, maxlength: 64, autocomplete: 'off', error: error && errorText(error) })}
      <button type="submit" class="button button-primary" disabled=${busy}>${h(Icon, { name: 'room' })}${t('rooms.enter')}</button>
    </form>
    ${failed && html`<p class="form-error" role="alert">${errorText(failed)}</p>`}
    ${!rooms && !failed && html`<div class="rows" aria-busy="true">${[0, 1, 2].map((i) => html`<div class="row" key=${i}><span class="skeleton skeleton-avatar"></span><span class="skeleton skeleton-line"></span></div>`)}</div>`}
    ${rooms && !rooms.length && html`<div class="empty">${h(Icon, { name: 'room' })}<h2>${t('rooms.none')}</h2><p>${t('rooms.none_text')}</p></div>`}
    ${rooms && rooms.length > 0 && html`<ul class="rows">${rooms.map((room) => html`<li class="row" key=${room.id}>
      ${h(Avatar, { name: room.name, icon: 'room' })}
      <span class="row-text"><bdi class="row-name">${room.name}</bdi><span class="row-more">${t('rooms.people', { count: room.people })}</span></span>
      ${stay.value?.id === room.id ? html`<span class="tag">${t('rooms.you_are_here')}</span><a class="button" href=${pathTo(room.id)}>${t('groups.open')}<span class="hidden-text"> ${room.name}</span></a>`
    : html`<button type="button" class="button" disabled=${busy} onClick=${() => run(() => enterRoom(room.name))}>${t('rooms.enter_do')}<span class="hidden-text"> ${room.name}</span></button>`}
    </li>`)}</ul>`}`;
}

/** In the place of the composer for who only looks in: everybody may read, who is there may write. */
export function Outside(/** @type {any} */ { room }) {
  const { busy, error, run } = useDeed();
  return html`<div class="outside">
    <p role="status">${t('rooms.outside')}</p>
    ${error && html`<p class="form-error" role="alert">${errorText(error)}</p>`}
    <button type="button" class="button button-primary" disabled=${busy} onClick=${() => run(() => enterRoom(room.name))}>${h(Icon, { name: 'room' })}${t('rooms.enter')}</button>
  </div>`;
}

export function LeaveButton(/** @type {any} */ { room }) {
  if (stay.value?.id !== room.id) return null;
  return html`<button type="button" class="icon-button" aria-label=${t('rooms.leave')} title=${t('rooms.leave')} onClick=${() => leaveRoom(room)}>${h(Icon, { name: 'leave' })}</button>`;
}

/** For the panel. */
export function People(/** @type {any} */ { room }) {
  const inside = stay.value?.id === room.id;
  const [looked, setLooked] = useState(/** @type {any[]|null} */ (null));
  useEffect(() => {
    if (!inside) api.get(`/rooms/${encodeURIComponent(room.name)}`).then((answer) => { putPeople(answer.people); setLooked(answer.people); }, () => setLooked([]));
  }, [room.id, inside]);
  const people = inside ? stay.value?.people ?? [] : looked ?? [];
  return html`<section class="panel-part" aria-labelledby="room-title">
    <div class="panel-part-head"><h3 id="room-title">${t('rooms.here')} <span class="count">${fmt.number(people.length)}</span></h3></div>
    ${!people.length && html`<p class="panel-quiet">${t('rooms.nobody')}</p>`}
    <ul class="rows">${people.map((p) => html`<li class="row" key=${p.username}>
      ${h(Avatar, { user: p, active: isActive(p.username) })}
      <span class="row-text"><bdi class="row-name">${p.name}</bdi><span class="row-more">@<bdi>${p.username}</bdi></span></span>
      ${p.username !== me.value?.username && html`<button type="button" class="icon-button" aria-label=${t('rooms.write', { name: p.name })} title=${t('members.write')} onClick=${() => startChat(p.username)}>${h(Icon, { name: 'message' })}</button>`}
    </li>`)}</ul>
  </section>
  ${inside && html`<section class="panel-part"><button type="button" class="button button-wide panel-leave" onClick=${() => leaveRoom(room)}>${h(Icon, { name: 'leave' })}${t('rooms.leave')}</button></section>`}`;
}

/** Who came and went since the message before, in one line. */
export function Moves(/** @type {any} */ { notes }) {
  const told = condensed(notes);
  const names = (/** @type {string[]} */ all) => fmt.list(all.length > NAMED_MAX + 1 ? [...all.slice(0, NAMED_MAX), t('rooms.others', { count: all.length - NAMED_MAX })] : all);
  const part = (/** @type {string} */ key, /** @type {string[]} */ all) => all.length > 0 && t(key, { count: all.length, names: names(all) });
  const parts = [part('rooms.came', told.came), part('rooms.passed', told.passed), part('rooms.back', told.back), part('rooms.left', told.left), told.again && t('rooms.again_line')];
  return html`<span dir="auto">${parts.filter(Boolean).join(' · ')}</span>`;
}
