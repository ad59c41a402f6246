-- Appends one window of chunks to the task stream.
-- Input:  KEYS tasks, lock, windows published under this lock; ARGV[1] token of the lock, [2] number of the window,
--         [3] fields a chunk, then the field names, then the values of chunk after chunk
-- Output: 1 published, now or by an earlier call with the same number; 0 the lock is not ours any more
-- Why:    a window whose answer was lost with the connection can be sent again and still is published once.
local tasks, n = KEYS[1], tonumber(ARGV[3])
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('SETBIT', KEYS[3], ARGV[2], 1) == 1 then return 1 end
redis.call('PEXPIRE', KEYS[3], 600000)

local entry = {}
for i = 1, n do entry[2 * i - 1] = ARGV[3 + i] end
for at = 3 + n, #ARGV - 1, n do
  for i = 1, n do entry[2 * i] = ARGV[at + i] end
  redis.call('XADD', tasks, '*', unpack(entry))
end
return 1
