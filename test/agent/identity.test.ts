import { once } from 'node:events';
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Identity, type IdentityOptions, keepRenewed, openIdentity } from '../../infra/agent/identity.ts';
import { create } from '../api/fixtures.ts';
import { type Harness, type Json, startHarness } from '../api/harness.ts';

const DAY_MS = 24 * 3600_000;

let harness: Harness;
let door: Server;
let url: string;
/** The fate of the next answer: it arrives, it is lost after the request was done, or the request never arrives. */
let fate: 'arrives' | 'lost' | 'unsent';
let received: string[];
let directory: string;
let file: string;
let nowMs: number;
let fleets = 0;
let path: string;

beforeAll(async () => {
  harness = await startHarness();
  door = createServer(async (request, response) => {
    const body = await text(request);
    if (fate === 'unsent') return response.destroy();
    received.push(body);
    const { 'fairlead-signature': signature, authorization } = request.headers;
    const headers = {
      'Fairlead-Signature': String(signature),
      Authorization: authorization,
      'Content-Type': 'application/json',
    };
    const answer = await harness.call(request.method ?? '', request.url ?? '', {
      headers: signature === undefined ? { Authorization: authorization } : headers,
      ...(body !== '' && { body }),
    });
    if (fate === 'lost') return response.destroy();
    response.writeHead(answer.status);
    return response.end(JSON.stringify(answer.body));
  });
  door.listen(0, '127.0.0.1');
  await once(door, 'listening');
  url = `http://127.0.0.1:${(door.address() as AddressInfo).port}`;
});
afterAll(async () => {
  door.closeAllConnections();
  door.close();
  await harness.close();
});

beforeEach(async () => {
  [fate, received, nowMs] = ['arrives', [], Date.now()];
  directory = await mkdtemp(join(tmpdir(), 'fairlead-agent-'));
  file = join(directory, 'agent.json');
  path = `/v1/fleets/agents-${++fleets}`;
  await create(harness, path, { voters: [{ name: 'lab', type: 'agent' }] });
});
afterEach(async () => await rm(directory, { recursive: true }));

const invite = async (): Promise<string> => (await harness.call('POST', `${path}/voters/lab/enrolment`)).body.token;
const start = (more: Partial<IdentityOptions> = {}): Promise<Identity> =>
  openIdentity({ file, ...more }, { clock: { now: () => nowMs } });
const isLetIn = async ({ token }: { token: string }) =>
  (await harness.call('GET', `${path}/voters/lab/assignment`, { headers: { Authorization: `Bearer ${token}` } }))
    .status === 200;
const stored = async (): Promise<Json> => JSON.parse(await readFile(file, 'utf8'));
const audited = async (action: string) => (await harness.call('GET', `${path}/audit?action=${action}`)).body.items;

describe('an agent that enrols', () => {
  it('keeps its secrets in a file of its own, and sends none of them', async () => {
    const agent = await start({ url: `${url}/`, enrolWith: await invite() });
    expect(await isLetIn(agent)).toBe(true);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(directory)).toEqual(['agent.json']);
    const { privateKey, credential } = await stored();
    expect(received).toHaveLength(1);
    for (const secret of [privateKey, credential]) expect(received[0]).not.toContain(secret);
    expect(agent.secrets).toEqual([privateKey, credential]);
  });

  it('goes on with what it has when it is started again, with its token or without', async () => {
    const token = await invite();
    const first = await start({ url, enrolWith: token });
    for (const again of [await start(), await start({ enrolWith: token })]) expect(again.token).toBe(first.token);
    expect(received).toHaveLength(1);
  });

  it.each(['lost', 'unsent'] as const)('completes the enrolment of which the answer was %s', async (how) => {
    const token = await invite();
    fate = how;
    await expect(start({ url, enrolWith: token })).rejects.toThrow();
    const before = await stored();
    fate = 'arrives';
    const agent = await start(how === 'lost' ? {} : { url, enrolWith: token });
    expect(await isLetIn(agent)).toBe(true);
    expect(agent.token).toBe(before.pending.credential);
    expect(await audited('voter.enrol')).toHaveLength(1);
  });

  it('says what to do when its token was used by another host, or is none', async () => {
    const token = await invite();
    await start({ url, enrolWith: token });
    const other = join(directory, 'other.json');
    await expect(start({ file: other, url, enrolWith: token })).rejects.toThrow(
      /Another agent has enrolled as voter lab/,
    );
    await expect(start({ file: other, enrolWith: 'secret' })).rejects.toThrow(/begins with fle_/);
    await expect(start({ file: join(directory, 'none.json') })).rejects.toThrow(
      /does not exist: start the agent with FAIRLEAD_ENROLMENT_TOKEN/,
    );
    const agent = await start({ file: other, url, enrolWith: await invite() });
    expect(await isLetIn(agent)).toBe(true);
  });
});

describe('an agent that has a credential', () => {
  const wrongToken = async () => (await invite()).replace(/.{8}$/, 'AAAAAAAA');

  it('goes on with it when its new enrolment token is refused, also after it was started again', async () => {
    const before = await start({ url, enrolWith: await invite() });
    const told: unknown[] = [];
    const options = { file, url, enrolWith: await wrongToken() };
    for (const expected of [1, 2]) {
      const again = await openIdentity(options, { clock: { now: () => nowMs } }, (error) => told.push(error));
      expect([again.token, await isLetIn(again)]).toEqual([before.token, true]);
      expect(told).toHaveLength(expected);
    }
    expect((await stored()).pending).toBeUndefined();
    expect(await isLetIn(await start())).toBe(true);
  });

  it('goes on with it while its enrolment token cannot be presented, and changes over when it can', async () => {
    const before = await start({ url, enrolWith: await invite() });
    const enrolWith = await invite();
    fate = 'unsent';
    expect((await start({ url, enrolWith })).token).toBe(before.token);
    fate = 'arrives';
    const after = await start({ url, enrolWith });
    expect([await isLetIn(after), await isLetIn(before), after.token === before.token]).toEqual([true, false, false]);
  });
});

describe('the URL of the control plane', () => {
  it.each(['http://fairlead.example.com', 'http://10.0.0.8:8787', 'ftp://127.0.0.1', 'nowhere'])(
    'is not %s, because the credential is sent there',
    async (bad) => {
      const enrolWith = await invite();
      await expect(start({ url: bad, enrolWith })).rejects.toThrow(/--url takes/);
      await expect(start()).rejects.toThrow(/does not exist|--url takes/);
    },
  );
});

describe('a credential', () => {
  it('is renewed after half of its life, by the clock of the host, and not sooner', async () => {
    nowMs -= 400 * DAY_MS;
    const agent = await start({ url, enrolWith: await invite() });
    const first = agent.token;
    nowMs += 14 * DAY_MS;
    expect([await agent.renewIfDue(), agent.token]).toEqual([false, first]);
    nowMs += 2 * DAY_MS;
    expect(await agent.renewIfDue()).toBe(true);
    expect(agent.token).not.toBe(first);
    expect([await isLetIn(agent), (await stored()).credential]).toEqual([true, agent.token]);
    expect(await agent.renewIfDue()).toBe(false);
    expect((await start()).token).toBe(agent.token);
  });

  it.each(['lost', 'unsent'] as const)(
    'that could not be renewed, the answer being %s, is used on and renewed later',
    async (how) => {
      const agent = await start({ url, enrolWith: await invite() });
      nowMs += 16 * DAY_MS;
      const old = agent.token;
      const errors: string[] = [];
      const stop = new AbortController();
      const log = { info: () => undefined, error: (event: string) => errors.push(event) };
      fate = how;
      let looks = 0;
      const sleep = async () => {
        if (++looks === 2) stop.abort();
        fate = looks === 1 ? fate : 'arrives';
      };
      await keepRenewed(agent, { clock: { now: () => nowMs, sleep }, log }, stop.signal);
      expect(errors).toEqual(['credential.not-renewed', 'credential.not-renewed']);
      expect([agent.token, await isLetIn(agent)]).toEqual([old, true]);
      const restarted = await start();
      expect([restarted.token, await restarted.renewIfDue()]).toEqual([old, true]);
      expect([restarted.token !== old, await isLetIn(restarted)]).toEqual([true, true]);
      expect(await audited('voter.renew')).toHaveLength(1);
    },
  );
});

describe('a state file', () => {
  it('that others can read is refused, and so is one that is not whole', async () => {
    await start({ url, enrolWith: await invite() });
    const whole = await readFile(file, 'utf8');
    for (const mode of [0o644, 0o640, 0o604, 0o620]) {
      const open = join(directory, `open-${mode}.json`);
      await writeFile(open, whole);
      await chmod(open, mode);
      await expect(start({ file: open })).rejects.toThrow(/chmod 600/);
    }
    for (const [index, half] of ['', whole.slice(0, 50), '{}', '[]', whole.replace('"lab"', '7')].entries()) {
      const broken = join(directory, `broken-${index}.json`);
      await writeFile(broken, half, { mode: 0o600 });
      await expect(start({ file: broken })).rejects.toThrow(/is not whole/);
    }
    await expect(start({ file: directory })).rejects.toThrow(/chmod 600|cannot be read/);
    await expect(start({ file: join(file, 'below.json') })).rejects.toThrow(/cannot be read \(ENOTDIR\)/);
  });

  it('that cannot be written stops the agent before it uses up its token', async () => {
    const token = await invite();
    const nowhere = join(directory, 'missing', 'agent.json');
    await expect(start({ file: nowhere, url, enrolWith: token })).rejects.toThrow(/cannot be written \(ENOENT\)/);
    expect(received).toEqual([]);
    expect(await isLetIn(await start({ url, enrolWith: token }))).toBe(true);
  });

  it('is replaced as a whole, over what a crash has left', async () => {
    await writeFile(`${file}.new`, '{"half', { mode: 0o644 });
    await start({ url, enrolWith: await invite() });
    expect(await readdir(directory)).toEqual(['agent.json']);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});
