-- Appends one window of chunks of one run to the task stream, but for those that came into it otherwise. After
-- done.lua.
-- Input:  KEYS tasks, lock, windows published under this lock, the run's set of done parameters, how far the stream is
--         known to the holder of the lock, head of the names of sets of what others queued since; ARGV[1] token of the
--         lock, [2] number of the window, [3] id up to which the stream was listed ('' if it was not), [4] chunks, [5]
--         n fields, [6] v of them that are given for each chunk, first and last parameter being the first two, then the
--         n fields and values of the first chunk, then the v places of what is given in them, then a JSON array of
--         texts: v values for each chunk
-- Output: chunks published, now or by an earlier call with the same number; -1 the lock is not ours any more
-- Why:    a window whose answer was lost with the connection can be sent again and still is published once. What a
--         replay put into the queue after it was listed is not queued beside it: who looked and who publishes are one
--         step only for what the lock protects. What is published has no record, else it would not be: a record that
--         somebody deleted must not count as done for ever.
local tasks, done, known, others, KEEP_MS = KEYS[1], KEYS[4], KEYS[5], KEYS[6], 600000
local chunks, n, v = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return -1 end
if redis.call('SETBIT', KEYS[3], ARGV[2], 1) == 1 then return chunks end
redis.call('PEXPIRE', KEYS[3], KEEP_MS)

-- Others may have written anything: "nan" and "1e99" are numbers to Lua.
local function natural(text)
  local n = text and string.find(text, '^%d+$') and tonumber(text)
  return n and n < 9007199254740992 and n
end
-- One look at what is new: each entry of others is seen once, since ours move the mark.
local from = redis.call('GET', known) or ARGV[3]
if from ~= '' then
  for _, entry in ipairs(redis.call('XRANGE', tasks, '(' .. from, '+')) do
    local field = {}
    for i = 1, #entry[2], 2 do field[entry[2][i]] = entry[2][i + 1] end
    local first, last = natural(field.start_param), natural(field.end_param)
    if field.run_id and first and last and last - first + 1 == natural(field.total_in_chunk) then
      local set = others .. field.run_id
      cover(set, first, last)
      flush()
      redis.call('PEXPIRE', set, KEEP_MS)
    end
    from = entry[1]
  end
end

local entry, places, rows, at = { unpack(ARGV, 7, 6 + 2 * n) }, {}, cjson.decode(ARGV[7 + 2 * n + v]), 0
for i = 1, v do places[i] = tonumber(ARGV[6 + 2 * n + i]) end
local run
for i = 1, 2 * n, 2 do if entry[i] == 'run_id' then run = entry[i + 1] end end
local taken = redis.call('EXISTS', others .. run) == 1
local recorded = redis.call('EXISTS', done) == 1
local published, id = 0, from
-- Chunks mostly follow one another: one step for all that do.
local start, stop
local function forget()
  if recorded and start then uncover(done, start, stop) end
end
for _ = 1, chunks do
  local first, last = tonumber(rows[at + 1]), tonumber(rows[at + 2])
  if not (taken and touched(others .. run, first, last)) then
    for i = 1, v do entry[places[i]] = rows[at + i] end
    id = redis.call('XADD', tasks, '*', unpack(entry))
    if not stop or first ~= stop + 1 then
      forget()
      start = first
    end
    stop = last
    published = published + 1
  end
  at = at + v
end
forget()
if id ~= '' then redis.call('SET', known, id, 'PX', KEEP_MS) end
return published
