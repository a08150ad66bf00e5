// @ts-check
// Start: the language, the first drawing, then who is here.
import { h, render } from '../vendor/preact.js';
import { setLang } from './i18n.js';
import { Layout } from './layout.js';
import { startRouter } from './router.js';
import { startSession } from './session.js';

startRouter();
const session = startSession();
await setLang(document.documentElement.lang);
render(h(Layout, {}), /** @type {HTMLElement} */ (document.getElementById('app')));
await session;

// Not needed for the first message on the screen.
const later = [
  import('./shortcuts.js').then((m) => m.installShortcuts()),
  import('./notify.js').then((m) => m.installNotifications()),
];
for (const part of later) part.catch((error) => console.error(error));
