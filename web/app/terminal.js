// @ts-check
// How to reach the same server from a terminal. Pure.
const USUAL_PORT = '8889';

/** @typedef {{hostname: string, port: string, protocol: string}} Place where the page came from */

/** @param {Place} place */
function connecting({ hostname, port, protocol }) {
  const host = hostname.replace(/^\[|\]$/g, '');
  // Behind a proxy with TLS the line dialects have a port of their own; the usual one is then the best guess.
  return `nc ${host} ${protocol === 'http:' && port ? port : USUAL_PORT}`;
}

/** What is typed, line by line. @param {Place} place @param {string[]} lines typed once connected */
export const commandsFor = (place, lines) => [connecting(place), ...lines].join('\n');

/** One command for a shell that sends the lines; what they are made of has no quotes. @param {Place} place @param {string[]} lines */
export const pasteFor = (place, lines) => `printf '%s\\r\\n' ${lines.map((line) => `'${line}'`).join(' \\\n  ')} \\\n  | ${connecting(place)}`;
