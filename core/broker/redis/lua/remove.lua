-- Takes tasks of halted runs out of the queue. After fence.lua.
-- Input:  KEYS tasks, stream of parked chunks; ARGV[4] m, fields and values of each chunk to keep there, 0 to drop them,
--         then for each item id, delivery count and m fields and values
-- Output: text with a digit for each item: 1 removed, 0 lease lost
-- Why:    one step, so a chunk is in one place at every moment.
local parked, m, out, over = KEYS[2], tonumber(ARGV[4]), {}, {}
expect((#ARGV - 4) / (2 + m), ARGV[5], ARGV[#ARGV - 1 - m])
for at = 5, #ARGV, 2 + m do
  local id = ARGV[at]
  local who, times = holder(id)
  local removed = who == me and times == tonumber(ARGV[at + 1])
  if removed then
    over[#over + 1] = id
    if m > 0 then redis.call('XADD', parked, '*', unpack(ARGV, at + 2, at + 1 + m)) end
  end
  out[#out + 1] = (removed or (repeated and not who)) and 1 or 0
end
if #over > 0 then
  redis.call('XACK', tasks, group, unpack(over))
  redis.call('XDEL', tasks, unpack(over))
end
return table.concat(out)
