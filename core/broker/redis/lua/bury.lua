-- Moves one task to the dead-letter queue, with a dead record unless it is undecodable. After fence.lua and done.lua.
-- Input:  KEYS tasks, log, dead-letter stream, the run's set of done parameters ('' if undecodable), hash of the
--         numbers of dead parameters; ARGV[4] id, [5] delivery count, [6] first and [7] last parameter, [8] run ('' if
--         undecodable), [9] n, then n fields and values of the record (0 if undecodable), then fields and values to add
--         to the payload
-- Output: 1 buried, 0 lease lost
-- Why:    the payload is copied inside Redis, so that bytes which are no text stay as they are. Lua passes on some
--         8,000 values in one call, and others may have written more: from MANY on, the payload is one field of its
--         own. What has its results by another copy is not dead: then the task goes without a trace.
local log, dlq, done, MANY = KEYS[2], KEYS[3], KEYS[4], 1000
local id, first, last, run, n = ARGV[4], tonumber(ARGV[6]), tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9])
local who, times = holder(id)
if who ~= me or times ~= tonumber(ARGV[5]) then
  local gone = not who and #redis.call('XRANGE', tasks, id, id) == 0
  return repeated and gone and 1 or 0
end

-- Fails before anything is changed where a key holds something else.
redis.call('XLEN', dlq)
if n == 0 or redis.call('EXISTS', log) == 0 or not covered(done, first, last) then
  if n > 0 then
    redis.call('XADD', log, '*', unpack(ARGV, 10, 9 + n))
    redis.call('HINCRBY', KEYS[5], run, last - first + 1)
  end
  local entry = redis.call('XRANGE', tasks, id, id)[1]
  local fields = entry and entry[2] or {}
  if #fields > MANY or fields[1] == 'ttg_raw_fields' then fields = { 'ttg_raw_fields', table.concat(fields, '\0') .. '\0' } end
  for i = 10 + n, #ARGV do fields[#fields + 1] = ARGV[i] end
  redis.call('XADD', dlq, '*', unpack(fields))
end
redis.call('XACK', tasks, group, id)
redis.call('XDEL', tasks, id)
return 1
