-- Leases entries that are due: released ones, retries whose delay has passed, those of dead workers. Oldest first.
-- Input:  KEYS tasks; ARGV group, consumer, idle time in ms from which an entry is due, how many at most
-- Output: list of {id, fields, delivery count}
-- Why:    an entry started before may be what killed its worker: it is taken alone, so no neighbour dies with it.
local tasks, group, me, threshold, most = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4]
local taken = {}

for _, due in ipairs(redis.call('XPENDING', tasks, group, 'IDLE', threshold, '-', '+', most)) do
  local id, count = due[1], due[4]
  local suspect = count >= 1
  if not suspect or #taken == 0 then
    -- Counts the delivery, and drops from the pending entries what was deleted from the stream (Redis 7.0).
    local entry = redis.call('XCLAIM', tasks, group, me, threshold, id)[1]
    if entry then
      taken[#taken + 1] = { id, entry[2], count + 1 }
      if suspect then break end
    end
  end
end
return taken
