-- Appends a record of the seeder to the log, and notes a plan where workers look for it.
-- Input:  KEYS log, hash of the newest plans; ARGV[1] run, [2] the plan as JSON, '' if the record is none, then fields
--         and values of the record
-- Output: the position of the record
-- Why:    one step, so that no plan is in the log whose budget nobody knows.
if ARGV[2] ~= '' then redis.call('HSET', KEYS[2], ARGV[1], ARGV[2]) end
return redis.call('XADD', KEYS[1], '*', unpack(ARGV, 3))
