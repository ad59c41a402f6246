-- Moves one task to the dead-letter queue, with a dead record unless it is undecodable. After fence.lua and done.lua.
-- Input:  KEYS tasks, log, dead-letter stream, the run's set of done parameters ('' if undecodable); ARGV[4] id,
--         [5] delivery count, [6] first and [7] last parameter, [8] n, then n fields and values of the record (0 if
--         undecodable), then fields and values to add to the payload
-- Output: 1 buried, 0 lease lost
-- Why:    the payload is copied inside Redis, so that bytes which are no text stay as they are.
local log, dlq, done = KEYS[2], KEYS[3], KEYS[4]
local id, n = ARGV[4], tonumber(ARGV[8])
local who, times = holder(id)
if who ~= me or times ~= tonumber(ARGV[5]) then
  local gone = not who and #redis.call('XRANGE', tasks, id, id) == 0
  return repeated and gone and 1 or 0
end

if n > 0 and not covered(done, tonumber(ARGV[6]), tonumber(ARGV[7])) then
  redis.call('XADD', log, '*', unpack(ARGV, 9, 8 + n))
end
local entry = redis.call('XRANGE', tasks, id, id)[1]
local fields = entry and entry[2] or {}
for i = 9 + n, #ARGV do fields[#fields + 1] = ARGV[i] end
redis.call('XADD', dlq, '*', unpack(fields))
redis.call('XACK', tasks, group, id)
redis.call('XDEL', tasks, id)
return 1
