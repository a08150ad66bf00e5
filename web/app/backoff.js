// @ts-check
// How long to wait before trying to connect again. Pure.
const RETRY_FIRST_MS = 700;
const RETRY_MAX_MS = 30_000;

/** The pause before try number `attempt` (from 1): doubling, with jitter, at most 30 s. @param {number} attempt */
export function pauseBefore(attempt, random = Math.random()) {
  const whole = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** (attempt - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}
