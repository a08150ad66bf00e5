// What the browser tests start and make is gone when they are killed: with a program that only says that it is ready.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const real = (name) => new URL(`../real/${name}`, import.meta.url).href;
const PROGRAM = `#!${process.execPath}\nconsole.log('ready http://127.0.0.1:9/app'); setInterval(() => {}, 1000);\n`;

test('a signal ends the server and removes the directories; what a killed run left is swept', async (t) => {
  const place = await mkdtemp(join(tmpdir(), 'kabar-ends-'));
  t.after(() => rm(place, { recursive: true, force: true }));
  const program = join(place, 'program');
  await writeFile(program, PROGRAM);
  await chmod(program, 0o700);
  const root = join(place, `kabar-web-tests-${userInfo().uid}`);
  const dead = spawn(process.execPath, ['-e', '']);
  await once(dead, 'exit');
  const names = [`test-${dead.pid}-x`, `making-${dead.pid}-x`, `test-${process.pid}-x`, 'demo-0123'];
  for (const name of names) await mkdir(join(root, name), { recursive: true });
  await utimes(join(root, 'demo-0123'), 0, 0);
  const script = `const { Kabar } = await import('${real('kabar.mjs')}');
    const { scratch } = await import('${real('template.mjs')}');
    const kabar = await Kabar.start({ data: await scratch('test') });
    console.log(kabar.child.pid);`;
  const run = spawn(process.execPath, ['--input-type=module', '-e', script], { env: { ...process.env, KABAR_BIN: program, KABAR_TESTS_DIR: place }, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(run, 'exit');
  const [pid] = await once(createInterface({ input: run.stdout }), 'line');
  assert.deepEqual((await readdir(root)).map((n) => n.replace(/-\w{6}$/, '')).sort(), ['demo-0123', `test-${process.pid}-x`, `test-${run.pid}`].sort());
  run.kill('SIGTERM');
  assert.deepEqual(await ended, [143, null]);
  assert.deepEqual((await readdir(root)).sort(), ['demo-0123', `test-${process.pid}-x`].sort());
  for (let tries = 0; alive(Number(pid)); tries += 1) {
    assert.ok(tries < 100, 'the program has ended');
    await new Promise((done) => { setTimeout(done, 20); });
  }
});

function alive(pid) { try { process.kill(pid, 0); return true; } catch { return false; } }
