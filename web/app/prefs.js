// @ts-check
// A person's choices, kept in `me.settings` on the server so that every device has them.

/** Every setting with what holds until it is chosen. */
export const DEFAULTS = Object.freeze({
  enterSends: true,
  typing: true,
  notifications: false,
  letterShortcuts: false,
  sound: false,
});

/** @param {Record<string, unknown>|undefined|null} settings @param {keyof typeof DEFAULTS} name */
export function chosen(settings, name) {
  const value = settings?.[name];
  return typeof value === typeof DEFAULTS[name] ? value : DEFAULTS[name];
}
