-- Puts parked chunks of a run back into the queue, with all their attempts: one page of them.
-- Input:  KEYS stream of parked chunks, tasks; ARGV[1] run, [2] id after which to look, '' from the start, [3] how many
--         to look at
-- Output: {chunks moved, id of the last one looked at, '' at the end}
-- Why:    one step for each page, so a chunk is in one place at every moment.
local from = ARGV[2] == '' and '-' or '(' .. ARGV[2]
local page, moved = redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', ARGV[3]), 0
for _, entry in ipairs(page) do
  local id, fields = entry[1], entry[2]
  for i = 1, #fields <= 1000 and #fields or 0, 2 do
    if fields[i] == 'run_id' and fields[i + 1] == ARGV[1] then
      redis.call('XADD', KEYS[2], '*', unpack(fields))
      redis.call('XDEL', KEYS[1], id)
      moved = moved + 1
      break
    end
  end
end
return { moved, #page < tonumber(ARGV[3]) and '' or page[#page][1] }
