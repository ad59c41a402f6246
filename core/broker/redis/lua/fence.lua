-- Head of every settling script: who holds an entry.
-- Input:  KEYS[1] task stream; ARGV[1] group, ARGV[2] this consumer, ARGV[3] '1' if the call is a repetition whose
--         first outcome is unknown because the connection broke, else '0'
-- Output: holder(id) → consumer and delivery count of the pending entry, or nil where it is not pending;
--         expect(n, first, last) fetches ahead, for a script that is going to ask for n entries, most of
--         them between these two ids, and has changed none yet
-- Why:    XACK, XDEL and XCLAIM check nothing; only consumer and count together tell a lease from a later one.
local tasks, group, me, repeated = KEYS[1], ARGV[1], ARGV[2], ARGV[3] == '1'
local mine = {}

local function pending(...)
  local found = redis.pcall('XPENDING', tasks, group, ...)
  if not found.err then return found end
  -- A broker that lost its data has no group, hence no lease.
  if string.find(found.err, 'NOGROUP', 1, true) then return {} end
  error(found.err)
end

local function expect(n, first, last)
  if n < 4 then return end
  for _, entry in ipairs(pending(first, last, 1000, me)) do mine[entry[1]] = entry[4] end
end

local function holder(id)
  if mine[id] then return me, mine[id] end
  local entry = pending(id, id, 1)[1]
  if entry then return entry[2], entry[4] end
  return nil
end
