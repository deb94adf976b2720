import type { Buffer } from 'node:buffer';

const zero = 0x30;
const dayMs = 86_400_000;

/**
 * A decimal number between two positions, exact to the last bit for up to 15 digits; NaN when there is none.
 * Division of two exactly represented integers is rounded once, so the result is the double nearest to the text.
 */
export function priceAt(bytes: Buffer, start: number, end: number): number {
  let digits = 0;
  let scale = 0;
  let seen = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    const digit = byte - zero;
    if (digit >= 0 && digit <= 9) {
      digits = digits * 10 + digit;
      seen += 1;
      if (scale > 0) scale *= 10;
    } else if (byte === 0x2e && scale === 0) scale = 1;
    else return numberOf(bytes.toString('latin1', start, end));
  }
  if (seen === 0 || seen > 15) return numberOf(bytes.toString('latin1', start, end));
  return scale > 1 ? digits / scale : digits;
}

function numberOf(text: string): number {
  const plain = text.trim();
  return /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(plain) ? Number(plain) : NaN;
}

/** Epoch milliseconds of an ISO 8601 time (without a zone: UTC) or of a number, see {@link timeOfNumber}; NaN when it is neither. */
export function timeAt(bytes: Buffer, start: number, end: number): number {
  const millis = millisOfPlain(bytes, start, end);
  if (millis >= 0) {
    const year = two(bytes, start) * 100 + two(bytes, start + 2);
    const month = two(bytes, start + 5);
    const day = two(bytes, start + 8);
    const hour = two(bytes, start + 11);
    const minute = two(bytes, start + 14);
    const second = two(bytes, start + 17);
    const fits =
      month >= 1 &&
      month <= 12 &&
      day >= 1 &&
      day <= daysIn(year, month) &&
      hour <= 23 &&
      minute <= 59 &&
      second <= 59;
    if (fits && year >= 1970 && year <= 9999)
      return (
        daysBeforeMonth(year, month) * dayMs +
        (((day - 1) * 24 + hour) * 60 + minute) * 60_000 +
        second * 1000 +
        millis
      );
  }
  return timeOfText(bytes.toString('latin1', start, end));
}

/** The milliseconds of a time in UTC in one of the forms that most exports have; −1 for all others, which are read as text. */
function millisOfPlain(bytes: Buffer, start: number, end: number): number {
  const length = end - start;
  const divider = bytes[start + 10];
  const isUtc = bytes[end - 1] === 0x5a;
  if (length === 20 && isUtc && divider === 0x54) return 0;
  if (length < 19 || (divider !== 0x54 && divider !== 0x20) || !hasDividers(bytes, start)) return -1;
  if (length === 19) return 0;
  if (length === 24 && isUtc && bytes[start + 19] === 0x2e) {
    const tens = two(bytes, start + 20);
    const lastTwo = two(bytes, start + 21);
    return tens < 100 && lastTwo < 100 ? tens * 10 + (lastTwo % 10) : -1;
  }
  return -1;
}

/** True for ….-..-..?..:..:.. */
function hasDividers(bytes: Buffer, start: number): boolean {
  return (
    bytes[start + 4] === 0x2d &&
    bytes[start + 7] === 0x2d &&
    bytes[start + 13] === 0x3a &&
    bytes[start + 16] === 0x3a
  );
}

/** {@link timeAt} for a text. */
export function timeOfText(text: string): number {
  const plain = text.trim();
  if (/^\d{9,19}(\.\d+)?$/.test(plain) || /^\d(\.\d+)?[eE]\+?\d\d?$/.test(plain))
    return timeOfNumber(Number(plain));
  const written = /^\/Date\((\d+)(?:[+-]\d{4})?\)\/$/.exec(plain)?.[1];
  if (written !== undefined) return Number(written);
  const slashed = /^(\d\d?)\/(\d\d?)\/(\d{4})(?:,? (\d\d?):(\d\d)(?::(\d\d))?(?: ?([AaPp])[Mm])?)?$/.exec(
    plain,
  );
  if (slashed !== null) return timeOfSlashed(slashed);
  if (!/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?(Z|UTC|[+-]\d\d:?\d\d))?$/.test(plain)) return NaN;
  if (!isDate(Number(plain.slice(0, 4)), Number(plain.slice(5, 7)), Number(plain.slice(8, 10)))) return NaN;
  const iso = plain.replace(/^(\S{10}) /, '$1T').replace(/ ?UTC$/, 'Z');
  return Date.parse(/(Z|[+-]\d\d:?\d\d)$/.test(iso) || iso.length === 10 ? iso : `${iso}Z`);
}

/** NaN digits give a number that fits no calendar. */
function two(bytes: Buffer, at: number): number {
  const high = (bytes[at] ?? 0) - zero;
  const low = (bytes[at + 1] ?? 0) - zero;
  return high >= 0 && high <= 9 && low >= 0 && low <= 9 ? high * 10 + low : 99_999;
}

/**
 * Epoch milliseconds of a number of seconds, milli-, micro- or nanoseconds since 1970, told apart by how large it is: from 1973 to 5138
 * no two of them can be taken for one another. NaN for what is none of them.
 */
export function timeOfNumber(value: number): number {
  if (!(value >= 1e8 && value < 1e20)) return NaN;
  if (value < 1e11) return Math.round(value * 1_000);
  if (value < 1e14) return Math.round(value);
  return Math.round(value < 1e17 ? value / 1e3 : value / 1e6);
}

/** True for a date such as 1/2/2024, which is of January to some and of February to others. */
export function isAmbiguousDate(text: string): boolean {
  const [, first, second] = /^\s*(\d\d?)\/(\d\d?)\/\d{4}\b/.exec(text) ?? [];
  return (
    first !== undefined &&
    second !== undefined &&
    isMonth(first) &&
    isMonth(second) &&
    Number(first) !== Number(second)
  );
}

function isMonth(text: string): boolean {
  return Number(text) >= 1 && Number(text) <= 12;
}

/** Of a date with slashes, when only one of its two first numbers can be the month, or both are the same; NaN else. */
function timeOfSlashed([
  ,
  first = '',
  second = '',
  year = '',
  hour = '0',
  minute = '0',
  seconds = '0',
  half,
]: readonly string[]): number {
  const isDayFirst = !isMonth(first);
  const month = Number(isDayFirst ? second : first);
  const day = Number(isDayFirst ? first : second);
  if (isMonth(first) && isMonth(second) && first !== second) return NaN;
  const hours =
    half === undefined ? Number(hour) : (Number(hour) % 12) + (half.toLowerCase() === 'p' ? 12 : 0);
  const isHour = half === undefined ? hours <= 23 : Number(hour) >= 1 && Number(hour) <= 12;
  if (!isDate(Number(year), month, day) || !isHour || Number(minute) > 59 || Number(seconds) > 59) return NaN;
  return Date.UTC(Number(year), month - 1, day, hours, Number(minute), Number(seconds));
}

/** False for the 31st of April: Date.parse would take it for the 1st of May. */
function isDate(year: number, month: number, day: number): boolean {
  return month >= 1 && month <= 12 && day >= 1 && day <= daysIn(year, month);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

let monthOfDays = -1;
let daysOfMonth = 0;

/** The calendar is asked once for each run of rows of the same month. */
function daysBeforeMonth(year: number, month: number): number {
  const key = year * 16 + month;
  if (key !== monthOfDays) {
    monthOfDays = key;
    daysOfMonth = Date.UTC(year, month - 1, 1) / dayMs;
  }
  return daysOfMonth;
}
