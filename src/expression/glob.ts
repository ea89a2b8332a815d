/**
 * A pattern of `*` (any text) and `?` (any one UTF-16 unit), against the whole text: one loop, no regular
 * expression.
 */
export function globMatches(text: string, pattern: string): boolean {
  let at = 0;
  let place = 0;
  let star = -1;
  let starAt = 0;
  while (at < text.length) {
    const wanted = pattern[place];
    if (wanted === '*') {
      star = place++;
      starAt = at;
    } else if (wanted !== undefined && (wanted === '?' || wanted === text[at])) {
      at++;
      place++;
    } else if (star !== -1) {
      // Only the last star needs to take more: whatever an earlier one took, a later star can make up for.
      place = star + 1;
      at = ++starAt;
    } else return false;
  }
  while (pattern[place] === '*') place++;
  return place === pattern.length;
}
