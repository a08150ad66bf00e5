import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const css = readFileSync(new URL('../../app/style/tokens.css', import.meta.url), 'utf8');
const CONTRAST_MIN = 4.5;
const THEMES = ['light', 'dark'];

/** `--name: light-dark(#…, #…)` of a text, by name. */
const pairs = (text) => Object.fromEntries([...text.matchAll(/--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g)].map(([, name, ...both]) => [name, both.map(rgb)]));
const rgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
const channel = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4);
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const contrast = (a, b) => { const [low, high] = [light(a), light(b)].sort((x, y) => x - y); return (high + 0.05) / (low + 0.05); };
const mixed = (share, a, b) => a.map((value, i) => value * share + b[i] * (1 - share));

const colours = pairs(css);
const hues = [...css.matchAll(/\.(hue-\d) \{([^}]*)\}/g)].map(([, name, body]) => [name, pairs(body).hue]);

test('the measure agrees with the known extremes', () => {
  assert.equal(Math.round(contrast([0, 0, 0], [255, 255, 255])), 21);
  assert.equal(contrast([9, 9, 9], [9, 9, 9]), 1);
});

test('W62 every nick colour can be read on every ground a name stands on, in both themes', () => {
  assert.equal(hues.length, 10);
  const grounds = ['bg', 'bg-hover', 'bg-mention', 'bg-selected', 'bg-raised'];
  const weak = [];
  THEMES.forEach((theme, i) => {
    for (const [name, hue] of hues) {
      for (const ground of grounds) {
        const found = contrast(hue[i], colours[ground][i]);
        if (found < CONTRAST_MIN) weak.push(`${theme} ${name} on ${ground}: ${found.toFixed(2)}`);
      }
      // Initials stand on a tint of their own colour (base.css, .avatar).
      const tint = mixed(0.16, hue[i], colours.bg[i]);
      if (contrast(hue[i], tint) < CONTRAST_MIN) weak.push(`${theme} ${name} initials: ${contrast(hue[i], tint).toFixed(2)}`);
    }
  });
  assert.deepEqual(weak, []);
});
