-- Head of every settling script: who holds an entry.
-- Input:  KEYS[1] task stream; ARGV[1] group, ARGV[2] this consumer, ARGV[3] '1' if the call is a repetition whose first
--         outcome is unknown because the connection broke, else '0'
-- Output: holder(id) → consumer and delivery count of the pending entry, or nil where it is not pending
-- Why:    XACK, XDEL and XCLAIM check nothing; only consumer and count together tell a lease from a later one.
local tasks, group, me, repeated = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1'

local function holder(id)
  local pending = redis.pcall('XPENDING', tasks, group, id, id, 1)
  if pending.err then
    -- A broker that lost its data has no group, hence no lease.
    if string.find(pending.err, 'NOGROUP', 1, true) then return nil end
    error(pending.err)
  end
  if not pending[1] then return nil end
  return pending[1][2], pending[1][4]
end

local function finish(id)
  redis.call('XACK', tasks, group, id)
  redis.call('XDEL', tasks, id)
end
