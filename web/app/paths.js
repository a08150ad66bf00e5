// @ts-check
// Paths to places and back. Pure.

/** @typedef {{page: string, id?: string, seq?: number, q?: string, section?: string, code?: string, username?: string}} Route */

/** @type {[RegExp, (m: RegExpExecArray, query: URLSearchParams) => Route][]} */
const TABLE = [
  [/^\/app\/?$/, () => ({ page: 'home' })],
  [/^\/app\/(signin|register)$/, (m) => ({ page: m[1] })],
  [/^\/app\/setup\/([^/]+)$/, (m) => ({ page: 'setup', code: m[1] })],
  [/^\/app\/i\/([^/]+)$/, (m) => ({ page: 'invitation', code: m[1] })],
  [/^\/app\/c\/([^/]+)$/, (m) => ({ page: 'conversation', id: m[1] })],
  [/^\/app\/c\/([^/]+)\/(\d{1,15})$/, (m) => ({ page: 'conversation', id: m[1], seq: Number(m[2]) })],
  [/^\/app\/(people|groups|contacts|mentions)$/, (m) => ({ page: m[1] })],
  [/^\/app\/search$/, (_, query) => ({ page: 'search', q: query.get('q') ?? '' })],
  [/^\/app\/settings(?:\/([a-z-]+))?$/, (m) => ({ page: 'settings', section: m[1] ?? 'account' })],
];

/** @param {string} path with its query @returns {Route} */
export function parsePath(path) {
  const url = new URL(path, 'http://app');
  for (const [pattern, make] of TABLE) {
    const found = pattern.exec(url.pathname);
    if (found) return make(/** @type {any} */ (found.map((part) => part && safeDecode(part))), url.searchParams);
  }
  return { page: 'nowhere' };
}

/** @param {string} part */
function safeDecode(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

/** @param {string} id @param {number} [seq] */
export function pathTo(id, seq) {
  return `/app/c/${encodeURIComponent(id)}${seq ? `/${seq}` : ''}`;
}
