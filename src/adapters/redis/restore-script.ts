/**
 * The script that restores. Where the logs are lost, an entry that says nothing stands for each place before
 * one that is known; it makes way for the entry of that place. See ports/window-repair.ts.
 *
 * Arguments: the state of logs that are whole; 1 if they must be so, 0 if they must not; retention in ms;
 * most entries that are kept; then for each key: place (0: none), id, what it says, the place that it left
 * (0: none). Answer for each key: what was done, and the place.
 */
import { STATE_KEY } from './keys.ts';

/** By the number that the script answers. */
export const RESTORED = ['there', 'placed', 'moved', 'taken', 'old'] as const;

export const RESTORE_SCRIPT = `
local isWhole = redis.call('GET', '${STATE_KEY}') == ARGV[1]
local isLost = ARGV[2] == '0'
if isWhole == isLost then return redis.error_reply('EPOCH these logs are in another condition') end
local retention, most = ARGV[3], tonumber(ARGV[4])
local longer = {}
local none = string.rep('\\0', 16)
local function pack(seq, id, said) return struct.pack('>I6', seq) .. id .. said end
local function restore(key, seq, id, said, left)
  local newest = redis.call('LINDEX', key, -1)
  local last = 0
  if newest then last = struct.unpack('>I6', newest) end
  if isLost and left > 0 and left <= last then
    local there = redis.call('LINDEX', key, left - last - 1)
    if there and string.sub(there, 7, 22) == id then
      redis.call('LSET', key, left - last - 1, pack(left, none, '\\4'))
    end
  end
  local kind, place = 1, seq
  if seq <= last then
    local there = seq > 0 and redis.call('LINDEX', key, seq - last - 1)
    if seq > 0 and not there then return {4, seq} end
    local holder = there and string.sub(there, 7, 22)
    if holder == id then return {0, seq} end
    if isLost and holder == none then
      redis.call('LSET', key, seq - last - 1, pack(seq, id, said))
      return {1, seq}
    end
    if isLost and there then return {3, seq} end
    local behind = seq == last and {} or redis.call('LRANGE', key, there and seq - last or 0, -1)
    for j = 1, #behind do
      if string.sub(behind[j], 7, 22) == id then
        return {seq == 0 and 0 or 2, struct.unpack('>I6', behind[j])}
      end
    end
    kind, place = seq == 0 and 1 or 2, last + 1
  end
  for filled = math.max(last + 1, place - most + 1), place - 1 do
    redis.call('RPUSH', key, pack(filled, none, '\\4'))
  end
  if redis.call('RPUSH', key, pack(place, id, said)) > most then redis.call('LTRIM', key, -most, -1) end
  longer[key] = true
  return {kind, place}
end
local answers = {}
for i = 1, #KEYS do
  local at = i * 4
  answers[i] = restore(KEYS[i], tonumber(ARGV[at + 1]), ARGV[at + 2], ARGV[at + 3], tonumber(ARGV[at + 4]))
end
for key in pairs(longer) do redis.call('PEXPIRE', key, retention) end
return answers
`;

/** Whole from now on; nothing where another was first. Arguments: run, and the state to be. */
export const BEGIN_SCRIPT = `
local state = redis.call('GET', '${STATE_KEY}')
if state and string.sub(state, -#ARGV[1]) == ARGV[1] then return 0 end
redis.call('SET', '${STATE_KEY}', ARGV[2])
return 1
`;
