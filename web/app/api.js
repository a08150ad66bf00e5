// @ts-check
// Requests to the server of this page. Nothing here knows what the answers mean.

const BASE = '/api/v1';
const TIMEOUT_MS = 20_000;

/** A refusal of the server, or `code: 'offline'` when it was not reached. */
export class ApiError extends Error {
  /** @param {{status?: number, code: string, message?: string, hint?: string, retryAfter?: number, offset?: number}} parts */
  constructor({ status = 0, code, message = '', hint = '', retryAfter = 0, offset }) {
    super(message || code);
    this.status = status;
    this.code = code;
    this.hint = hint;
    this.retryAfter = retryAfter;
    this.offset = offset;
  }

  /** Trying the same request again may help. */
  get temporary() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

let signedOut = () => {};
/** @param {() => void} fn called when a request is answered 401 although someone was signed in */
export function onUnauthorized(fn) { signedOut = fn; }

/**
 * @param {string} method @param {string} path @param {unknown} [body]
 * @param {{signal?: AbortSignal, quiet?: boolean}} [options] `quiet`: a 401 is not the end of the session
 */
async function request(method, path, body, options = {}) {
  const signals = [AbortSignal.timeout(TIMEOUT_MS)];
  if (options.signal) signals.push(options.signal);
  /** @type {Response} */
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: { 'Accept-Language': document.documentElement.lang || 'en', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: signals.length > 1 && AbortSignal.any ? AbortSignal.any(signals) : options.signal ?? signals[0],
    });
  } catch (cause) {
    if (options.signal?.aborted) throw cause;
    throw new ApiError({ code: 'offline' });
  }
  if (response.status === 204) return null;
  const answer = await response.json().catch(() => null);
  if (response.ok && answer !== null) return answer;
  const { code = 'failed', message = '', hint = '' } = answer?.error ?? {};
  if (response.status === 401 && code === 'unauthorized' && !options.quiet) signedOut();
  const offset = response.headers.get('Upload-Offset');
  throw new ApiError({
    status: response.status, code, message, hint,
    retryAfter: Number(response.headers.get('Retry-After') ?? 0), offset: offset === null ? undefined : Number(offset),
  });
}

export const api = {
  /** @param {string} path @param {object} [options] */
  get: (path, options) => request('GET', path, undefined, options),
  /** @param {string} path @param {unknown} [body] @param {object} [options] */
  post: (path, body = {}, options = {}) => request('POST', path, body, options),
  /** @param {string} path @param {unknown} body @param {object} [options] */
  patch: (path, body, options = {}) => request('PATCH', path, body, options),
  /** @param {string} path @param {unknown} [body] @param {object} [options] */
  put: (path, body = {}, options = {}) => request('PUT', path, body, options),
  /** @param {string} path @param {object} [options] */
  del: (path, options = {}) => request('DELETE', path, undefined, options),
};
