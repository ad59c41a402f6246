-- Settles a task of which only the first part is computed: its record into the log, the rest into the queue, then the
-- task is gone. After fence.lua, done.lua and replace.lua.
-- Input:  KEYS tasks, log, the run's set of done parameters; ARGV[4] id, [5] delivery count, [6] first and [7] last
--         parameter of the record, [8] n, then n fields and values of the record, then for each piece m, then m fields
--         and values
-- Output: 1 settled, 0 lease lost
-- Why:    one step, so no parameter is queued beside its record, and none is out of the queue without one.
local log, done, id = KEYS[2], KEYS[3], ARGV[4]
local first, last, n = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local who, times = holder(id)
if who ~= me or times ~= tonumber(ARGV[5]) then
  return repeated and not who and covered(done, first, last) and 1 or 0
end

if not (covered(done, first, last) and redis.call('EXISTS', log) == 1) then
  redis.call('XADD', log, '*', unpack(ARGV, 9, 8 + n))
  cover(done, first, last)
  flush()
end
replace(id, 9 + n)
return 1
