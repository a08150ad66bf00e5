// The Back button closes what lies on top (dialog, drawer, picture) before it leaves the page. One history entry is
// held while anything is open; several things share it.
/** @type {{close: () => void}[]} */
const held = [];
/** True between our own history.back() and its popstate. */
let returning = false;

/** Registers something open; Back calls `close`. The answer must be called when it closes by any other way. */
export function holdBack(/** @type {() => void} */ close) {
  const entry = { close };
  held.push(entry);
  hold();
  return () => {
    const at = held.indexOf(entry);
    if (at < 0) return;
    held.splice(at, 1);
    // Later, so that closing one thing to open the next does not walk the history twice.
    if (!held.length) setTimeout(settle);
  };
}

/** Whether the current entry is ours: a move to another page then replaces it. */
export const holdsEntry = () => Boolean(history.state?.overlay);

function hold() {
  if (!holdsEntry()) history.pushState({ ...history.state, overlay: true }, '');
}

function settle() {
  if (held.length || returning || !holdsEntry()) return;
  returning = true;
  history.back();
}

if (typeof window !== 'undefined') {
  window.addEventListener('popstate', () => {
    const own = returning;
    returning = false;
    if (!own && !holdsEntry()) held.pop()?.close();
    // What is still open needs the entry again; an entry met by Forward with nothing open is left alone.
    if (held.length) hold();
  });
}
