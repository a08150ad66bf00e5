// @ts-check
// Lines that begin with a slash. The table is what is offered, what is run and what is explained. Pure.

/** Each: its name, whether it takes words, and what it becomes: a text to send or a place to go to. */
export const COMMANDS = /** @type {{name: string, words: boolean, become: (words: string) => {text?: string, go?: string, help?: true}}[]} */ ([
  { name: 'me', words: true, become: (words) => ({ text: `_${words}_` }) },
  { name: 'code', words: true, become: (words) => ({ text: `\`\`\`\n${words}\n\`\`\`` }) },
  { name: 'search', words: true, become: (words) => ({ go: `/app/search?q=${encodeURIComponent(words)}` }) },
  { name: 'groups', words: false, become: () => ({ go: '/app/groups' }) },
  { name: 'people', words: false, become: () => ({ go: '/app/people' }) },
  { name: 'settings', words: false, become: () => ({ go: '/app/settings' }) },
  { name: 'help', words: false, become: () => ({ help: true }) },
]);

/**
 * @param {string} text
 * @returns {{text?: string, go?: string, help?: true, unknown?: string, wants?: string}} `unknown`, `wants`: refused, the name
 */
export function interpret(text) {
  if (!text.startsWith('/')) return { text };
  if (text.startsWith('//')) return { text: text.slice(1) };
  const [, name, words] = /^\/(\S*)\s*([\s\S]*)$/.exec(text) ?? [];
  const command = COMMANDS.find((c) => c.name === name);
  if (!command) return { unknown: `/${name}` };
  if (command.words && !words.trim()) return { wants: `/${name}` };
  return command.become(words.trim());
}
