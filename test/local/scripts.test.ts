import { expect, test } from 'vitest';
import { PORT_SETTINGS } from '../../infra/local/ports.ts';
import scripts from '../../infra/scripts.json' with { type: 'json' };
import { usageOf } from '../../infra/scripts.ts';
import manifest from '../../package.json' with { type: 'json' };

test('every npm script is run by the launcher, which installs what is missing and answers --help', () => {
  expect(manifest.scripts).toEqual(
    Object.fromEntries(Object.keys(scripts).map((name) => [name, `node infra/run.mjs ${name}`])),
  );
});

test.each(Object.entries(scripts))('the usage of %s names the script and its options', (name, script) => {
  const text = script.usage.join('\n');
  expect(text).toMatch(new RegExp(`^npm (run )?(-s )?${name}\\b`));
  const options = 'options' in script && typeof script.options === 'object' ? Object.keys(script.options) : [];
  for (const option of options) expect(text).toContain(`--${option}`);
});

test('the usage of npm start has each port setting with its default', () => {
  const lines = usageOf('start').split('\n');
  for (const { variable, port } of Object.values(PORT_SETTINGS)) {
    expect(lines.find((line) => line.includes(`${variable} `))).toMatch(new RegExp(`default ${port}$`));
  }
});
