// Draws the PNG icons from kabar.svg with Chromium: node tools/icons.mjs
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

const svg = readFileSync(new URL('../icons/kabar.svg', import.meta.url), 'utf8');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
const page = await browser.newPage();
// A maskable icon is cut to any shape: its ground fills the square and the sign keeps to the inner 80 %.
const full = svg.replace('rx="15"', 'rx="0"').replace('<path', '<g transform="translate(6.4 6.4) scale(.8)"><path').replace('</svg>', '</g></svg>');
for (const [name, source] of [['icon', svg], ['maskable', full]]) {
  for (const size of [192, 512]) {
    await page.setViewportSize({ width: size, height: size });
    await page.setContent(`<style>html,body{margin:0;background:transparent}svg{display:block;width:${size}px;height:${size}px}</style>${source}`);
    await page.screenshot({ path: new URL(`../icons/${name}-${size}.png`, import.meta.url).pathname, omitBackground: true });
  }
}
await browser.close();
