const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/;
const IPV6_LETTERS = /^[0-9a-fA-F:]*:[0-9a-fA-F:.]*$/;

/**
 * One spelling of an IP address, or undefined: an address is an entity, and two spellings would be two. IPv4
 * as written, IPv6 as the URL standard writes it (lower case, zeros left out), IPv4 inside IPv6 as the IPv4
 * it is.
 */
export function parseIp(text: string): string | undefined {
  if (IPV4.test(text)) return text;
  if (!IPV6_LETTERS.test(text)) return undefined;
  const url = URL.parse(`http://[${text}]/`);
  if (url === null) return undefined;
  const spelled = url.hostname.slice(1, -1);
  const mapped = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(spelled);
  if (mapped === null) return spelled;
  const high = Number.parseInt(mapped[1] ?? '', 16);
  const low = Number.parseInt(mapped[2] ?? '', 16);
  return `${high >> 8}.${high & 255}.${low >> 8}.${low & 255}`;
}
