-- Settles chunks with their results: record into the log, then the task is gone. After fence.lua and done.lua.
-- Input:  KEYS tasks, log, then for each item its run's set of done parameters; ARGV[4…] for each item
--         id, delivery count, first parameter, last parameter, n, then n fields and values of the record
-- Output: for each item 1 settled, 0 lease lost
-- Why:    one step, so a result is in the log if and only if its task is gone, and no parameter is recorded twice.
local log, out, at = KEYS[2], {}, 4

for item = 3, #KEYS do
  local id, count, n = ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 4])
  local first, last = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local who, times = holder(id)
  if who == me and times == count then
    -- A log that was deleted by hand holds nothing, whatever the set says.
    if not (covered(KEYS[item], first, last) and redis.call('EXISTS', log) == 1) then
      redis.call('XADD', log, '*', unpack(ARGV, at + 5, at + 4 + n))
      cover(KEYS[item], first, last)
    end
    finish(id)
    out[item - 2] = 1
  elseif repeated and not who and covered(KEYS[item], first, last) then
    out[item - 2] = 1
  else
    out[item - 2] = 0
  end
  at = at + 5 + n
end
return out
