-- Puts one dead letter back into the queue, with all its attempts.
-- Input:  KEYS dead-letter stream, tasks, hash of the numbers of dead parameters; ARGV[1] '1' if the call is a
--         repetition whose first outcome is unknown, else '0', [2] id, [3] run, [4] its parameters, then fields and
--         values of the task
-- Output: 1 replayed, 0 there is no such dead letter
-- Why:    one step, so a crash neither loses it nor queues it twice.
if #redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2]) == 0 then return tonumber(ARGV[1]) end
redis.call('XADD', KEYS[2], '*', unpack(ARGV, 5))
redis.call('HINCRBY', KEYS[3], ARGV[3], -tonumber(ARGV[4]))
redis.call('XDEL', KEYS[1], ARGV[2])
return 1
