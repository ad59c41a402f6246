-- Renews or releases the seeder's lock, if it is still ours.
-- Input:  KEYS lock; ARGV[1] token, [2] milliseconds it holds from now on, 0 to release it
-- Output: 1 done, 0 the lock is someone else's or lapsed
-- Why:    between a GET and a DEL the lock can change hands.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if ARGV[2] == '0' then return redis.call('DEL', KEYS[1]) end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
