// @ts-check
// How to reach the same server from a terminal. Pure.

const USUAL_PORT = '8889';

/** @param {{hostname: string, port: string, protocol: string}} place where the page came from @param {string[]} lines typed once connected */
export function commandsFor({ hostname, port, protocol }, lines) {
  const host = hostname.replace(/^\[|\]$/g, '');
  // Behind a proxy with TLS the line dialects have a port of their own; the usual one is then the best guess.
  return [`nc ${host} ${protocol === 'http:' && port ? port : USUAL_PORT}`, ...lines].join('\n');
}
