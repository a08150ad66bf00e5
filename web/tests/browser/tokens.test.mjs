import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { request } from '../real/client.mjs';
import { field, pathOf, start } from './harness.mjs';

/** What a shell says to a command that was pasted, until it has said `wanted`. */
function paste(command, wanted) {
  const shell = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  let said = '';
  return new Promise((done, fail) => {
    const timer = setTimeout(() => fail(new Error(`not said: ${wanted}\n${said}`)), 10_000);
    const heard = (text) => { said += text; if (wanted.test(said)) { clearTimeout(timer); done(said); } };
    shell.stdout.on('data', heard);
    shell.stderr.on('data', heard);
    // nc stays until somebody ends it; the shell and what it started are a group of their own.
  }).finally(() => { try { process.kill(-shell.pid, 'SIGKILL'); } catch { /* ended by itself */ } });
}

test('a program gets a token, shown once, with examples that work when pasted; it can be ended', async () => {
  const t = await start({ path: '/app/settings/programs' });
  const { page, server } = t;
  const make = async (name, scope) => {
    await page.getByRole('button', { name: 'New program' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill(name);
    await dialog.getByRole('radio', { name: scope, exact: true }).check();
    await dialog.getByRole('button', { name: 'Make a token' }).click();
    await dialog.getByText('The token is ready').waitFor();
    const made = { token: await dialog.locator('code').textContent(), examples: await dialog.locator('pre').allTextContents() };
    await dialog.getByRole('button', { name: 'Done' }).click();
    await dialog.waitFor({ state: 'detached' });
    assert.ok(!(await page.content()).includes(made.token), 'it was shown once');
    return made;
  };
  await page.getByText('No program acts for you.').waitFor();
  const reader = await make('Pembaca', 'Read');
  assert.equal(reader.examples.length, 1);
  assert.match(await paste(reader.examples[0], /\}$/), /"conversations":\[/);
  const note = server.ids.izza.izza;
  await assert.rejects(request(server.url, reader.token, 'POST', `/conversations/${note}/messages`, { text: 'x' }), { code: 'not_allowed' });

  const writer = await make('Alarm <i>', 'Read and write');
  assert.equal(writer.examples.length, 2);
  await paste(writer.examples[1], /"text":"Halo"/);
  assert.equal((await server.texts('izza', 'izza')).at(-1), 'Halo');
  await page.locator('.row', { hasText: 'Alarm <i>' }).getByText('Read and write').waitFor();
  await page.locator('.row', { hasText: 'Pembaca' }).getByRole('button', { name: 'End' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'End the token' }).click();
  await page.locator('.row', { hasText: 'Pembaca' }).waitFor({ state: 'detached' });
  await assert.rejects(request(server.url, reader.token, 'GET', '/me'), { status: 401 });
  await request(server.url, writer.token, 'GET', '/me');
  await t.stop();
});

test('the example for nc works when it is pasted', async () => {
  const t = await start({ path: '/app/settings/terminal' });
  const { page, server } = t;
  // The proxy of these tests speaks HTTP alone.
  await page.goto(`${server.kabar.url}/app/settings/terminal`);
  await page.getByRole('button', { name: 'Make a token' }).click();
  const said = await paste(await page.locator('.settings-made pre').textContent(), /"msg":"Halo"/);
  assert.doesNotMatch(said, /ERROR/);
  await page.close();
  // Another port counts as a foreign origin.
  t.faults.splice(0, t.faults.length, ...t.faults.filter((fault) => !fault.startsWith(`foreign: ${server.kabar.url}/`)));
  await t.stop();
});

test('sessions: the one in use is marked, and each is called what the server calls it', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  await server.api('izza', 'POST', '/sessions/token');
  server.proxy.rewrite((answer, wish) => {
    if (wish === 'GET /sessions') for (const s of answer.sessions) s.label = s.current ? 'Firefox · Linux' : 'dialect line';
  });
  await page.goto(`${server.url}/app/settings/sessions`);
  await page.locator('.row', { hasText: 'Firefox · Linux' }).getByText('This browser').waitFor();
  await page.locator('.row', { hasText: 'dialect line' }).getByRole('button', { name: 'End' }).waitFor();
  await t.stop();
});

test('an address for programs: made by an admin of the group, works with the curl that is shown, can be removed', async () => {
  const t = await start({ path: '/app' });
  const { page, server } = t;
  await page.goto(server.url + pathOf(server, 'Kelompok 3'));
  await field(page).waitFor();
  await page.locator('html[data-keys]').waitFor();
  await page.keyboard.press('Control+.');
  const panel = page.getByRole('complementary');
  await panel.getByRole('button', { name: 'New address' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('Nilai');
  await dialog.getByRole('button', { name: 'Make address' }).click();
  const example = await dialog.locator('pre').textContent();
  const before = (await server.texts('izza', 'Kelompok 3')).length;
  await paste(example, /"seq"/);
  await dialog.getByRole('button', { name: 'Done' }).click();
  assert.deepEqual((await server.texts('izza', 'Kelompok 3')).slice(before), ['[Nilai] Halo']);
  await page.locator('.log article', { hasText: '[Nilai] Halo' }).waitFor();
  await panel.getByRole('button', { name: 'Remove Nilai' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Remove', exact: true }).click();
  await panel.getByText('No program can write here.').waitFor();
  assert.match(await paste(example, /"code"/), /error/);
  await t.stop();
});
