/**
 * The script that appends. A log is a list; an entry is its place (6 bytes, big-endian), its id (16 bytes)
 * and what it says. For each log:
 *
 *   - the node says how far it knows the log, and which entry stands there: the list must agree, or it has
 * lost
 *     entries, and nothing is appended to it;
 *   - an entry of the id may stand only behind what the node knows, for the node has looked at the rest: so
 * it is
 *     looked for there, and appended where it is not. A call that is made again finds what the first one did;
 *   - what stands behind what is known is returned, itself included.
 *
 * Arguments: retention in ms, most entries that are kept; then for each key: last place known, id of that
 * entry ('' at 0), id, what it says ('' only reads), gate (1: if an entry of the id was there before, the
 * keys behind are only read; 2: if any of another id was). Answer for each key: place of the id (0: not
 * there), 1 if it is new, the entries behind; or -1 and the last place of the list.
 */
export const APPEND_SCRIPT = `
local retention, most = ARGV[1], tonumber(ARGV[2])
local answers, shut = {}, false
for i = 1, #KEYS do
  local key, at = KEYS[i], i * 5 - 1
  local known, knownId, id, said = tonumber(ARGV[at - 1]), ARGV[at], ARGV[at + 1], ARGV[at + 2]
  local gate, closes = ARGV[at + 3], false
  local newest = redis.call('LINDEX', key, -1)
  local last = 0
  if newest then last = struct.unpack('>I6', newest) end
  local behind = {}
  local answer = nil
  if known > last then
    answer = {-1, last}
  elseif known == last then
    if last > 0 and string.sub(newest, 7, 22) ~= knownId then answer = {-1, last} end
  else
    behind = redis.call('LRANGE', key, known - last - (known > 0 and 1 or 0), -1)
    if known > 0 and struct.unpack('>I6', behind[1]) == known then
      if string.sub(behind[1], 7, 22) ~= knownId then answer = {-1, last} end
      table.remove(behind, 1)
    end
  end
  if not answer then
    answer = {0, 0}
    for j = 1, #behind do
      if answer[1] == 0 and string.sub(behind[j], 7, 22) == id then
        answer[1] = struct.unpack('>I6', behind[j])
      end
      answer[j + 2] = behind[j]
    end
    if gate == '1' then closes = answer[1] > 0 end
    if gate == '2' then closes = #behind > (answer[1] > 0 and 1 or 0) end
    if answer[1] == 0 and said ~= '' and not shut then
      local entry = struct.pack('>I6', last + 1) .. id .. said
      if redis.call('RPUSH', key, entry) > most then redis.call('LTRIM', key, -most, -1) end
      redis.call('PEXPIRE', key, retention)
      answer[1], answer[2] = last + 1, 1
      answer[#answer + 1] = entry
    end
    shut = shut or closes
  end
  answers[i] = answer
end
return answers
`;
