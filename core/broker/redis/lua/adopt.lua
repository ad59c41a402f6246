-- Appends a result that was taken from another run. After done.lua.
-- Input:  KEYS log, lock, the run's set of done parameters; ARGV[1] token of the lock, [2] '1' if the call is a
--         repetition whose first outcome is unknown, else '0', [3] first and [4] last parameter, then fields and values
--         of the record
-- Output: 1 appended, now or by the call before; -1 the lock is not ours any more
-- Why:    one step, so that no worker's result for the same parameters is recorded beside it.
local done, first, last = KEYS[3], tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return -1 end
if ARGV[2] == '1' and redis.call('EXISTS', KEYS[1]) == 1 and covered(done, first, last) then return 1 end
redis.call('XADD', KEYS[1], '*', unpack(ARGV, 5))
cover(done, first, last)
flush()
return 1
