-- Takes a consumer out of the group, if nothing is leased to it.
-- Input:  KEYS tasks; ARGV group, consumer
-- Output: 1 taken out, 0 left because it holds leases
-- Why:    XGROUP DELCONSUMER drops the consumer's pending entries, and with them the only trace of its leases.
local pending = redis.pcall('XPENDING', KEYS[1], ARGV[1], '-', '+', 1, ARGV[2])
if pending.err or #pending > 0 then return 0 end
redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], ARGV[2])
return 1
