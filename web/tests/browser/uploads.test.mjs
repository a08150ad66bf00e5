import test from 'node:test';
import assert from 'node:assert/strict';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { picture } from '../real/picture.mjs';
import { field, log, messages, pathOf, start } from './harness.mjs';

const pick = (page, files) => page.locator('.composer input[type=file]').setInputFiles(files);
const txt = (name, size) => ({ name, mimeType: 'text/plain', buffer: Buffer.alloc(size, 97) });

test('W21 a pasted picture becomes a chip and nothing goes out before Send', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).click();
  const png = picture(64, 48).toString('base64');
  await field(s.page).evaluate((el, data) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], 'tempel.png', { type: 'image/png' }));
    el.dispatchEvent(new ClipboardEvent('paste', { clipboardData: transfer, bubbles: true, cancelable: true }));
  }, png);
  await s.page.locator('.chip-picture').waitFor();
  assert.equal(s.server.requests.filter((r) => r.includes('/uploads')).length, 0);
  await s.page.getByRole('button', { name: 'Remove tempel.png' }).click();
  assert.equal(await s.page.locator('.chip').count(), 0);
  await s.stop();
});

test('W22 dropping adds chips; dragging text shows nothing', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).waitFor();
  const drag = (type, file) => s.page.evaluate(([t, f]) => {
    const dataTransfer = new DataTransfer();
    if (f) dataTransfer.items.add(new File(['isi'], 'jatuh.txt', { type: 'text/plain' })); else dataTransfer.setData('text/plain', 'x');
    const event = new DragEvent(t, { dataTransfer, bubbles: true, cancelable: true });
    document.querySelector('.sidebar, nav').dispatchEvent(event);
    return event.defaultPrevented;
  }, [type, file]);
  await drag('dragenter', false);
  assert.equal(await s.page.locator('.drop').count(), 0);
  await drag('dragenter', true);
  await s.page.locator('.drop').waitFor();
  assert.equal(await drag('dragover', true), true);
  assert.equal(await drag('drop', true), true);
  await s.page.locator('.chip').filter({ hasText: 'jatuh.txt' }).waitFor();
  assert.equal(await s.page.locator('.drop').count(), 0);
  await s.stop();
});

/** Names of what lies in the server's directory for files, with what is on its way. */
const kept = async (server) => (await readdir(join(server.data, 'files'), { recursive: true, withFileTypes: true })).filter((e) => e.isFile()).map((e) => e.name).sort();

test('W23 100 MB over a slow link: progress in bytes and per cent; Cancel ends it within a second and leaves nothing', async () => {
  const s = await start();
  const { page, server } = s;
  const before = await kept(server);
  const path = join(server.data, '..', 'besar.bin');
  const file = await open(path, 'w');
  await file.truncate(100_000_000);
  await file.close();
  server.slowUpload(3_000_000);
  await page.goto(server.url + pathOf(server, 'maya'));
  await pick(page, path);
  await page.locator('.composer-send').click();
  const bar = page.getByRole('progressbar');
  await bar.waitFor();
  await page.waitForFunction(() => document.querySelector('progress')?.value > 0);
  assert.match(await bar.getAttribute('aria-valuetext'), /MB.*, \d+%/);
  assert.deepEqual((await kept(server)).length, before.length + 1, 'it is being written');
  await page.getByRole('button', { name: 'Cancel' }).click();
  await bar.waitFor({ state: 'detached', timeout: 1000 });
  for (const until = Date.now() + 10_000; Date.now() < until && (await kept(server)).length > before.length;) await page.waitForTimeout(50);
  assert.deepEqual(await kept(server), before);
  await assert.rejects(page.getByText('besar.bin').waitFor({ timeout: 300 }));
  await s.stop();
});

test('W24 a file over the limit is refused before a byte of it is sent', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await field(s.page).waitFor();
  await s.page.evaluate(() => {
    const big = new File(['x'], 'raksasa.iso');
    Object.defineProperty(big, 'size', { value: 200 * 1024 * 1024 });
    const clipboardData = new DataTransfer();
    const event = new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true });
    Object.defineProperty(event, 'clipboardData', { value: { files: [big], getData: () => '' } });
    document.querySelector('.composer-field').dispatchEvent(event);
  });
  await s.page.getByText(/raksasa.iso is larger than/).waitFor();
  assert.equal(await s.page.locator('.chip').count(), 0);
  assert.equal(s.server.requests.filter((r) => r.includes('/uploads')).length, 0);
  await s.stop();
});

test('W24 who asks past the page is refused, too: 413, before a byte and at the byte that is too much', async () => {
  const s = await start({ env: { KABAR_FILES__MAX_SIZE: '1000' } });
  const { server } = s;
  await assert.rejects(server.api('izza', 'POST', '/uploads', { name: 'raksasa.iso', size: 1001 }), { status: 413, code: 'too_large' });
  const { id } = await server.api('izza', 'POST', '/uploads', { name: 'pas.iso', size: 1000 });
  await assert.rejects(server.api('izza', 'PATCH', `/uploads/${id}`, new Uint8Array(1001)), { status: 413 });
  assert.deepEqual((await server.messages('izza', 'maya')).length, 3);
  await s.stop();
});

test('W27 pages and drawings that were sent are downloads: they never run here', async () => {
  const s = await start();
  const { page, server } = s;
  const script = '<script>document.title = "ran"; fetch("/api/v1/me")</script>';
  const hostile = { 'halaman.html': `<!doctype html>${script}`, 'gambar.svg': `<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`, 'data.xml': `<?xml version="1.0"?><x:script xmlns:x="http://www.w3.org/1999/xhtml">1</x:script>` };
  for (const [name, text] of Object.entries(hostile)) {
    const { file } = await server.people.file('maya', server.ids.maya.izza, name, Buffer.from(text));
    for (const how of ['', '?inline=1']) {
      const { headers } = await fetch(`${server.url}${file.url}${how}`, { headers: { Cookie: `kabar_session=${server.cookie('izza')}` } });
      assert.match(headers.get('content-disposition'), /^attachment;/, name + how);
      assert.equal(headers.get('x-content-type-options'), 'nosniff', name);
      assert.match(headers.get('content-security-policy'), /sandbox/, name);
    }
    const download = page.waitForEvent('download');
    await page.evaluate((url) => { location.href = `${url}?inline=1`; }, file.url);
    assert.equal((await download).suggestedFilename(), name);
  }
  await page.goto(server.url + pathOf(server, 'maya'));
  const download = page.waitForEvent('download');
  await log(page).getByRole('link', { name: /Download halaman.html/ }).click();
  await download;
  assert.notEqual(await page.title(), 'ran');
  await s.stop();
});

test('W25 three files, the second fails: the others arrive and it offers Retry', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'maya'));
  await pick(s.page, [txt('a.txt', 10), txt('b.txt', 20), txt('c.txt', 30)]);
  await field(s.page).fill('tiga berkas');
  let seen = 0;
  await s.page.route('**/api/v1/uploads', (route) => { seen += 1; return seen === 2 ? route.fulfill({ status: 403, json: { error: { code: 'not_allowed', message: 'no', hint: '' } } }) : route.continue(); });
  await field(s.page).press('Enter');
  await s.page.locator('.failed').waitFor();
  await log(s.page).getByText('c.txt').waitFor();
  const names = async () => (await s.server.messages('izza', 'maya')).map((m) => m.file?.name).filter(Boolean);
  await s.page.waitForFunction(() => document.querySelectorAll('.progress, .sending').length === 0);
  assert.deepEqual(await names(), ['a.txt', 'c.txt']);
  await s.page.locator('.failed').getByRole('button', { name: 'Retry' }).click();
  await s.page.waitForFunction(() => !document.querySelector('.failed, .sending, .progress'));
  assert.deepEqual(await names(), ['a.txt', 'c.txt', 'b.txt']);
  await s.stop();
});

test('W26 a picture has its place before it is there, and opens in a dialog that gives the focus back', async () => {
  const s = await start();
  await s.page.goto(s.server.url + pathOf(s.server, 'Kelompok 3'));
  await messages(s.page).last().waitFor();
  const shift = await s.page.evaluate(() => new Promise((done) => {
    let sum = 0;
    new PerformanceObserver((l) => { for (const e of l.getEntries()) sum += e.value; }).observe({ type: 'layout-shift', buffered: true });
    setTimeout(() => done(sum), 600);
  }));
  const image = s.page.locator('.picture img');
  assert.deepEqual(await image.evaluate((e) => [e.getAttribute('width'), e.getAttribute('height'), e.loading]), ['420', '236', 'lazy']);
  assert.ok(shift <= 0.02, `shift ${shift}`);
  await s.page.locator('.picture').click();
  await s.page.getByRole('dialog').waitFor();
  await s.page.keyboard.press('Escape');
  await s.page.waitForFunction(() => document.activeElement?.className === 'picture');
  await s.stop();
});
