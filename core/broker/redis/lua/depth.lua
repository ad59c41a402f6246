-- Counts the chunks by state.
-- Input:  KEYS tasks, dead-letter stream, stream of parked chunks; ARGV group, names of the consumers for delayed and
--         for released entries, idle time in ms from which an entry is due, and the one from which its worker has
--         missed heartbeats
-- Output: {ready, leased, stale, delayed, dead, parked, holders}, the last one the number of workers that hold chunks
-- Why:    one step, so the numbers belong together.
local tasks, group, delayed_name, released_name = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local dead, total, parked = redis.call('XLEN', KEYS[2]), redis.call('XLEN', tasks), redis.call('XLEN', KEYS[3])

local pending = redis.pcall('XPENDING', tasks, group)
-- Without stream or group nothing is leased.
if pending.err then return { total, 0, 0, 0, dead, parked, 0 } end
local count = { [delayed_name] = 0, [released_name] = 0 }
local holders = 0
for _, consumer in ipairs(pending[4] or {}) do
  -- These two stand for no worker.
  if not count[consumer[1]] then holders = holders + 1 end
  count[consumer[1]] = tonumber(consumer[2])
end
local leased = pending[1] - count[delayed_name] - count[released_name]

local delayed = count[delayed_name]
if delayed > 0 then
  -- A delay that has passed makes the chunk ready, though nobody has fetched it yet.
  delayed = delayed - #redis.call('XPENDING', tasks, group, 'IDLE', ARGV[4], '-', '+', delayed, delayed_name)
end
local stale = 0
for _, entry in ipairs(leased > 0 and redis.call('XPENDING', tasks, group, 'IDLE', ARGV[5], '-', '+', 10000) or {}) do
  if entry[2] ~= delayed_name and entry[2] ~= released_name then stale = stale + 1 end
end
return { math.max(0, total - leased - delayed), leased, stale, delayed, dead, parked, holders }
