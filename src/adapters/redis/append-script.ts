/**
 * The script that appends. A log is a list; an entry is its place (6 bytes, big-endian), its id (16 bytes)
 * and what it says. For each log:
 *
 *   - the node says how far it knows the log, and which entry stands there: the list must agree, or it has
 *     lost entries, and nothing is appended to it;
 *   - an entry of the id may stand only behind what the node knows, for the node has looked at the rest: so
 *     it is looked for there, and appended where it is not. A call that is made again finds what the first
 *     one did;
 *   - what stands behind what is known is returned, but for what this very call appends.
 *
 * Mostly nobody has been there since: the last entry is the one that is known, and no more than its 22 bytes
 * are looked at.
 *
 * Arguments: the state that the logs must have; retention in ms; most entries that are kept; id and content
 * of the flight (''); how many flights have landed, and their ids; then 48 bytes for each key: place and id
 * of the last entry that is known (22; zeros where none is), the next place and the id (22), gate (1: if an
 * entry of the id was there before, the keys behind are only read; 2: if any of another id was), 1 if its
 * expiry is to be renewed, which of the contents it says (2); then the contents, of which the first is '' (it
 * only reads). They are packed, and each content is sent once, because every argument is a piece that the
 * client writes by itself.
 *
 * Answer for each key: 1 where it was appended next to what is known, 0 where there is nothing to say; or
 * place of the id (0: not there), 1 if it is new, the entries behind; or -1 and the last place of the list.
 */
import { FLIGHTS_KEY, STATE_KEY } from './keys.ts';

export const APPEND_SCRIPT = `
if redis.call('GET', '${STATE_KEY}') ~= ARGV[1] then
  return redis.error_reply('EPOCH these logs are not whole')
end
local retention, most, flight, landed = ARGV[2], tonumber(ARGV[3]), ARGV[4], tonumber(ARGV[6])
if landed > 0 then redis.call('HDEL', '${FLIGHTS_KEY}', unpack(ARGV, 7, 6 + landed)) end
local answers, shut, heads, contents = {}, false, ARGV[7 + landed], 8 + landed
local sub, byte, none = string.sub, string.byte, string.rep(string.char(0), 22)
local function push(key, entry, gate, renews)
  local length = redis.call('RPUSH', key, entry)
  if length > most then redis.call('LTRIM', key, -most, -1) end
  if renews == 1 or length == 1 then redis.call('PEXPIRE', key, retention) end
  if gate == 1 and flight ~= '' then redis.call('HSET', '${FLIGHTS_KEY}', flight, ARGV[5]) end
end
local function slow(key, head, newest, id, said, gate)
  local known, last = 0, 0
  if head ~= none then known = struct.unpack('>I6', head) end
  if newest then last = struct.unpack('>I6', newest) end
  if known >= last then return {-1, last} end
  local behind = redis.call('LRANGE', key, known - last - (known > 0 and 1 or 0), -1)
  if known > 0 and struct.unpack('>I6', behind[1]) == known then
    if string.sub(behind[1], 1, 22) ~= head then return {-1, last} end
    table.remove(behind, 1)
  end
  local answer = {0, 0}
  for j = 1, #behind do
    if answer[1] == 0 and string.sub(behind[j], 7, 22) == id then
      answer[1] = struct.unpack('>I6', behind[j])
    end
    answer[j + 2] = behind[j]
  end
  local closes = false
  if gate == 1 then closes = answer[1] > 0 end
  if gate == 2 then closes = #behind > (answer[1] > 0 and 1 or 0) end
  if answer[1] == 0 and said ~= '' and not shut then
    push(key, struct.pack('>I6', last + 1) .. id .. said, gate, 1)
    answer[1], answer[2] = last + 1, 1
  end
  shut = shut or closes
  return answer
end
for i = 1, #KEYS do
  local key, at = KEYS[i], (i - 1) * 48
  local head = sub(heads, at + 1, at + 22)
  local gate, renews, high, low = byte(heads, at + 45, at + 48)
  local said = ARGV[contents + high * 256 + low]
  local newest = redis.call('LINDEX', key, -1)
  if (newest and sub(newest, 1, 22) or none) ~= head then
    answers[i] = slow(key, head, newest, sub(heads, at + 29, at + 44), said, gate)
  elseif said == '' or shut then
    answers[i] = 0
  else
    push(key, sub(heads, at + 23, at + 44) .. said, gate, renews)
    answers[i] = 1
  end
end
return answers
`;
