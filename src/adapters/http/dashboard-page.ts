import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { HttpAnswer } from './route.ts';

/** One page without a single outside reference: what it may do is written in its policy, by the hashes of its own parts. */
export function dashboardPage(): HttpAnswer {
  const style = part('dashboard.css');
  const script = part('dashboard.js');
  const body = part('dashboard.html')
    // Every byte between the tags counts for the hash.
    .replace(/(<style>)[^<]*(<\/style>)/, (_, open: string, close: string) => `${open}${style}${close}`)
    .replace(
      /(<script[^>]*>)[^<]*(<\/script>)/,
      (_, open: string, close: string) => `${open}${script}${close}`,
    );
  return {
    status: 200,
    contentType: 'text/html; charset=utf-8',
    body,
    headers: {
      'content-security-policy': [
        "default-src 'none'",
        `script-src '${hashOf(script)}'`,
        `style-src '${hashOf(style)}'`,
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
      ].join('; '),
      'referrer-policy': 'no-referrer',
    },
  };
}

function part(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), 'utf8');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
