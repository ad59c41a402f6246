-- Settles chunks with their results: record into the log, then the task is gone. After fence.lua and done.lua.
-- Input:  KEYS tasks, log, then for each item its run's set of done parameters; ARGV[4…] for each item
--         id, delivery count, first parameter, last parameter, n, then n fields and values of the record
-- Output: for each item 1 settled, 0 lease lost
-- Why:    one step, so a result is in the log if and only if its task is gone, and no parameter is recorded twice.
local log, out, over, at = KEYS[2], {}, {}, 4
expect(#KEYS - 2)

for item = 3, #KEYS do
  local done, id, count, n = KEYS[item], ARGV[at], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 4])
  local first, last = tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3])
  local who, times = holder(id)
  local settled = 0
  if who == me and times == count then
    settled = 1
    over[#over + 1] = id
    -- A log that was deleted by hand holds nothing, whatever the set says.
    if not (covered(done, first, last) and redis.call('EXISTS', log) == 1) then
      redis.call('XADD', log, '*', unpack(ARGV, at + 5, at + 4 + n))
      cover(done, first, last)
    end
  elseif repeated and not who and covered(done, first, last) then
    settled = 1
  end
  out[item - 2] = settled
  at = at + 5 + n
end

flush()
if #over > 0 then
  redis.call('XACK', tasks, group, unpack(over))
  redis.call('XDEL', tasks, unpack(over))
end
return out
