/** Formats times in a time zone. */

/** Returns the local time with its offset, such as "2026-11-23 15:00:00 GMT+08:00". */
export function localTime(timestamp: string, timeZone: string): string {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'longOffset',
  });
  const parts = new Map(format.formatToParts(new Date(timestamp)).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? '';
  const [date, time] = [
    [part('year'), part('month'), part('day')].join('-'),
    [part('hour'), part('minute'), part('second')].join(':'),
  ];
  return `${date} ${time} ${part('timeZoneName')}`;
}
