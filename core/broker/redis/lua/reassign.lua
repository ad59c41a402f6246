-- Passes leases on: to oneself (heartbeat), to ~delayed (retry) or to ~released (give back). After fence.lua.
-- Input:  KEYS tasks; ARGV[4] consumer to pass to, [5] idle time in ms it starts with, [6] change of the delivery
--         count, then for each item id, delivery count
-- Output: text with a digit for each item: 1 passed, 0 lease lost
-- Why:    an entry falls due when it has been idle for STALE_THRESHOLD_MS, so the idle time it starts with is its
--         delay.
local target, idle, change, out = ARGV[4], ARGV[5], tonumber(ARGV[6]), {}
expect((#ARGV - 6) / 2, ARGV[7], ARGV[#ARGV - 1])

for at = 7, #ARGV, 2 do
  local id, count = ARGV[at], tonumber(ARGV[at + 1])
  local who, times = holder(id)
  if who == me and times == count then
    redis.call('XCLAIM', tasks, group, target, 0, id, 'IDLE', idle, 'RETRYCOUNT', count + change, 'JUSTID')
    out[#out + 1] = 1
  elseif repeated and who == target and times == count + change then
    out[#out + 1] = 1
  else
    out[#out + 1] = 0
  end
end
return table.concat(out)
