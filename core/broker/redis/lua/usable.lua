-- Looks whether each key holds what it should, and whether this user may do with it all that TTG does. Changes nothing.
-- Input:  KEYS tasks, log, dead letters, parked, plans, numbers of dead, halted, lock, a set of done parameters, bits
--         of windows, a mark, a set of others; ARGV group
-- Output: {{keys that hold something else}, {rights that are missing}}
-- Why:    a right that is missing in the middle of a step would leave half of it done.
local group, wrong, missing = ARGV[1], {}, {}
local types = { 'stream', 'stream', 'stream', 'stream', 'hash', 'hash', 'hash', 'string' }
for i, wanted in ipairs(types) do
  local found = redis.pcall('TYPE', KEYS[i])
  local is = not found.err and found.ok or 'none'
  if is ~= 'none' and is ~= wanted then wrong[#wrong + 1] = KEYS[i] .. ' is a ' .. is .. ', not a ' .. wanted end
end

local function need(key, name, ...)
  if not redis.acl_check_cmd(name, ...) then missing[#missing + 1] = name .. ' on ' .. key end
end
for i = 1, 4 do
  local key = KEYS[i]
  need(key, 'XADD', key, '*', 'f', 'v')
  need(key, 'XRANGE', key, '-', '+')
  need(key, 'XLEN', key)
  if i ~= 2 then need(key, 'XDEL', key, '0-1') end
end
local tasks, log = KEYS[1], KEYS[2]
need(tasks, 'XGROUP', 'CREATE', tasks, group, '0', 'MKSTREAM')
need(tasks, 'XGROUP', 'DELCONSUMER', tasks, group, 'c')
need(tasks, 'XREADGROUP', 'GROUP', group, 'c', 'STREAMS', tasks, '>')
need(tasks, 'XPENDING', tasks, group)
need(tasks, 'XCLAIM', tasks, group, 'c', '0', '0-1')
need(tasks, 'XACK', tasks, group, '0-1')
need(log, 'XREAD', 'STREAMS', log, '0')
need(log, 'EXISTS', log)
for i = 5, 7 do
  need(KEYS[i], 'HSET', KEYS[i], 'f', 'v')
  need(KEYS[i], 'HGETALL', KEYS[i])
end
need(KEYS[6], 'HINCRBY', KEYS[6], 'f', '1')
need(KEYS[7], 'HGET', KEYS[7], 'f')
need(KEYS[7], 'HEXISTS', KEYS[7], 'f')
need(KEYS[7], 'HDEL', KEYS[7], 'f')
for _, i in ipairs({ 8, 11 }) do
  need(KEYS[i], 'SET', KEYS[i], 'v', 'PX', '1')
  need(KEYS[i], 'GET', KEYS[i])
end
need(KEYS[8], 'DEL', KEYS[8])
need(KEYS[10], 'SETBIT', KEYS[10], '0', '1')
for _, i in ipairs({ 9, 12 }) do
  need(KEYS[i], 'EXISTS', KEYS[i])
  need(KEYS[i], 'ZADD', KEYS[i], '1', 'm')
  need(KEYS[i], 'ZREM', KEYS[i], 'm')
  need(KEYS[i], 'ZRANGEBYSCORE', KEYS[i], '0', '1')
end
for _, i in ipairs({ 8, 10, 12 }) do need(KEYS[i], 'PEXPIRE', KEYS[i], '1') end
return { wrong, missing }
