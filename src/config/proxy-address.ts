/**
 * A proxy's address as a URL; without a scheme (`proxy.corp.example:3128`) it is read as http, as curl does.
 * @returns undefined for what is no proxy of http or https.
 */
export function proxyAddress(text: string): string | undefined {
  const address = text.trim();
  const withScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(address) ? address : `http://${address}`;
  const isUsable = /^https?:$/.test(URL.canParse(withScheme) ? new URL(withScheme).protocol : '');
  return isUsable ? withScheme : undefined;
}
