import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** Floors by the folder of the importing file, with the way in which their imports are written. */
const FORBIDDEN: [string, string][] = [
  ['functions/core', "import { clock } from '../platform.ts';"],
  ['functions/core/failover', "import { sweep } from '../../engine/schedule/sweep.ts';"],
  ['functions/core/model', "import { readFile } from 'node:fs';"],
  ['functions/core/status', 'export const now = Date.now();'],
  ['functions/core', "export const got = fetch('http://x');"],
  ['functions/core', 'export const id = crypto.randomUUID();'],
  ['functions/core', 'export const timer = setTimeout(() => {}, 1);'],
  ['functions/core', 'export const env = process.env;'],
  ['functions/core', 'export const now = performance.now();'],
  ['functions/providers/alb/apply', "import { sweep } from '../../../engine/schedule/sweep.ts';"],
  ['functions/providers/alb', "import RPCClient from '@alicloud/pop-core';"],
  ['functions/engine/probe', "import { putResource } from '../../commands/write/resource.ts';"],
  ['functions/engine', "import { createDynamoStore } from '../store/dynamo.ts';"],
  ['functions/commands', "import { Hono } from 'hono';"],
  ['functions/commands/write', "import { createApp } from '../../api/app.ts';"],
  ['functions/api/endpoints', "import { reconcileGateway } from '../../engine/reconcile/reconcile.ts';"],
  ['functions/api', "import { DynamoDBClient } from '@aws-sdk/client-dynamodb';"],
  ['functions/store', "import { sweep } from '../engine/schedule/sweep.ts';"],
  ['functions/cloud', "import { alb } from '../providers/alb/index.ts';"],
  ['schemas', "import type { Deps } from '../functions/deps.ts';"],
];

const ALLOWED: [string, string][] = [
  ['functions/core/model', "import type { FleetSpec } from '../../../schemas/fleet.ts';"],
  ['functions/core/failover', "import { digest } from '../model/digest.ts';"],
  ['functions/engine/reconcile', "import { plan } from '../../core/gateway/plan.ts';"],
  ['functions/engine/reconcile', "import { providerFor } from '../../providers/registry.ts';"],
  ['functions/api', "import { Hono } from 'hono';"],
  ['functions/api/endpoints', "import { putResource } from '../../commands/write/resource.ts';"],
];

const RULES = /lint\/style\/noRestricted(Imports|Globals)/;

describe('the direction of imports and the purity of the core', () => {
  const root = mkdtempSync(join(tmpdir(), 'fairlead-lint-'));
  let refused: Set<string>;
  const fileOf = (kind: string, index: number, folder: string) => `${folder}/${kind}-${index}.ts`;

  beforeAll(() => {
    const config = JSON.parse(readFileSync('biome.json', 'utf8'));
    writeFileSync(join(root, 'biome.json'), JSON.stringify({ ...config, vcs: { enabled: false } }));
    for (const [kind, cases] of Object.entries({ forbidden: FORBIDDEN, allowed: ALLOWED })) {
      for (const [index, [folder, line]] of cases.entries()) {
        const path = join(root, fileOf(kind, index, folder));
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, `${line}\n`);
      }
    }
    const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
    const { stdout } = spawnSync(process.execPath, [biome, 'lint', '--reporter=github', '--max-diagnostics=none'], {
      cwd: root,
      encoding: 'utf8',
    });
    const lines = stdout.split('\n').filter((line) => RULES.test(line));
    refused = new Set(lines.map((line) => relative(root, /file=([^,]+)/.exec(line)?.[1] ?? line)));
  });

  afterAll(() => rmSync(root, { recursive: true }));

  it.each(FORBIDDEN.map(([folder, line], index) => ({ folder, line, index })))(
    '$folder may not: $line',
    ({ folder, index }) => {
      expect([...refused]).toContain(fileOf('forbidden', index, folder));
    },
  );

  it.each(ALLOWED.map(([folder, line], index) => ({ folder, line, index })))(
    '$folder may: $line',
    ({ folder, index }) => {
      expect([...refused]).not.toContain(fileOf('allowed', index, folder));
    },
  );

  it('leaves nothing in the core that waits or draws lots, which the linter does not see', () => {
    for (const file of readdirSync('functions/core', { recursive: true, encoding: 'utf8' }).filter((name) =>
      name.endsWith('.ts'),
    )) {
      expect(readFileSync(join('functions/core', file), 'utf8'), file).not.toMatch(/\b(async|await)\b|Math\.random/);
    }
  });
});
