import { describe, expect, test } from 'vitest';
import { readOptions } from '../../../../scripts/start/options.ts';

const read = (...args: string[]) => readOptions(args, '/clone/.ringfence');

describe('the options of npm start', () => {
  test('stay up, in the clone, when nothing is told', () => {
    expect(read()).toEqual({
      exit: false,
      provider: 'truedy',
      seed: '1',
      timeScale: 30,
      home: '/clone/.ringfence',
      webUi: null,
    });
  });

  test('are taken as they are given', () => {
    const given = [
      '--exit',
      '--provider',
      'twilio',
      '--seed',
      'x',
      '--time-scale',
      '2.5',
      '--home',
      '/h',
      '--web-ui',
      'https://ui.example/t/',
    ];
    expect(read(...given)).toEqual({
      exit: true,
      provider: 'twilio',
      seed: 'x',
      timeScale: 2.5,
      home: '/h',
      webUi: 'https://ui.example/t',
    });
  });

  test('can be asked for', () => expect(read('--help')).toBeNull());

  test.each([
    [['--time-scale', '0.5'], '--time-scale must be a number from 1 to 1000, not "0.5".'],
    [['--time-scale', '1001'], 'from 1 to 1000'],
    [['--time-scale', 'fast'], 'not "fast"'],
    [['--time-scale', ''], 'from 1 to 1000'],
    [['--provider', 'vapi'], '--provider must be truedy, twilio or retell, not "vapi".'],
    [['--web-ui', 'localhost:8233'], '--web-ui must be an http or https address'],
    [['--faster'], "Unknown option '--faster'"],
    [['now'], 'now'],
  ])('refuses %j by name', (args, message) => {
    expect(() => read(...args)).toThrow(message);
  });
});
