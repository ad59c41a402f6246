-- Halts a run, or ends its halt, with the record of it.
-- Input:  KEYS hash of halted runs, log; ARGV[1] run, [2] reason, '' to end the halt, then fields and values of the
--         record
-- Output: 1 changed, 0 it was so before
-- Why:    one step, so each change has one record.
local before = redis.call('HGET', KEYS[1], ARGV[1]) or ''
if before == ARGV[2] then return 0 end
if ARGV[2] == '' then redis.call('HDEL', KEYS[1], ARGV[1]) else redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 3))
return 1
