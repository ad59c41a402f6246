-- Appends one window of chunks of one run to the task stream. After done.lua.
-- Input:  KEYS tasks, lock, windows published under this lock, the run's set of done parameters; ARGV[1] token of the
--         lock, [2] number of the window, [3] chunks, [4] n fields, [5] v of them that differ between the chunks, then the
--         n fields and values of the first chunk, then the v places of what differs in them, then a JSON array of texts:
--         v values for each chunk; then first and last parameter of each interval that the chunks make up
-- Output: 1 published, now or by an earlier call with the same number; 0 the lock is not ours any more
-- Why:    a window whose answer was lost with the connection can be sent again and still is published once. What is
--         published has no record, else it would not be: a record that somebody deleted must not count as done for ever.
local tasks, chunks, n, v = KEYS[1], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if redis.call('SETBIT', KEYS[3], ARGV[2], 1) == 1 then return 1 end
redis.call('PEXPIRE', KEYS[3], 600000)

local entry, places, rows, at = { unpack(ARGV, 6, 5 + 2 * n) }, {}, cjson.decode(ARGV[6 + 2 * n + v]), 0
for i = 1, v do places[i] = tonumber(ARGV[5 + 2 * n + i]) end
for _ = 1, chunks do
  for i = 1, v do entry[places[i]] = rows[at + i] end
  redis.call('XADD', tasks, '*', unpack(entry))
  at = at + v
end
if redis.call('EXISTS', KEYS[4]) == 1 then
  for i = 7 + 2 * n + v, #ARGV, 2 do uncover(KEYS[4], tonumber(ARGV[i]), tonumber(ARGV[i + 1])) end
end
return 1
