-- Replaces one task by others that together hold the same parameters. After fence.lua and replace.lua.
-- Input:  KEYS tasks; ARGV[4] id, [5] delivery count, then for each piece n, then n fields and values
-- Output: 1 replaced, 0 lease lost
-- Why:    one step, so no parameter is queued twice and none is out of the queue for a moment.
local id = ARGV[4]
local who, times = holder(id)
if who ~= me or times ~= tonumber(ARGV[5]) then
  local gone = not who and #redis.call('XRANGE', tasks, id, id) == 0
  return repeated and gone and 1 or 0
end

replace(id, 6)
return 1
