-- Takes tasks of halted runs out of the queue. After fence.lua.
-- Input:  KEYS tasks, stream of parked chunks, hash of halted runs; ARGV[4] consumer for delayed entries, [5] idle time
--         in ms that they start with, [6] m, fields and values of each chunk to keep, 0 to drop them, then for each
--         item id, delivery count, run and m fields and values
-- Output: text with a digit for each item: 1 removed, 0 lease lost
-- Why:    one step, so a chunk is in one place at every moment. Where the run was resumed meanwhile, which its worker
--         has not heard yet, nobody would fetch the chunk any more: it stays in the queue, and comes back after the
--         delay of a retry at no cost.
local parked, halted, delayed, idle, m, out, over = KEYS[2], KEYS[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), {}, {}
expect((#ARGV - 6) / (3 + m), ARGV[7], ARGV[#ARGV - 2 - m])
for at = 7, #ARGV, 3 + m do
  local id, count = ARGV[at], tonumber(ARGV[at + 1])
  local who, times = holder(id)
  local held = who == me and times == count
  if held and redis.call('HEXISTS', halted, ARGV[at + 2]) == 0 then
    redis.call('XCLAIM', tasks, group, delayed, 0, id, 'IDLE', idle, 'RETRYCOUNT', count - 1, 'JUSTID')
  elseif held then
    over[#over + 1] = id
    if m > 0 then redis.call('XADD', parked, '*', unpack(ARGV, at + 3, at + 2 + m)) end
  end
  local before = repeated and (not who or (who == delayed and times == count - 1))
  out[#out + 1] = (held or before) and 1 or 0
end
if #over > 0 then
  redis.call('XACK', tasks, group, unpack(over))
  redis.call('XDEL', tasks, unpack(over))
end
return table.concat(out)
