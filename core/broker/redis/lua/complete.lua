-- Settles chunks of one run with their results: record into the log, then the task is gone. After fence.lua and
-- done.lua.
-- Input:  KEYS tasks, log, the run's set of done parameters; ARGV[4] items, [5] n fields, [6] v of them that are given
--         for each item, the first and the last parameter being the first two, then the n fields and values of the
--         first record, then the v places of what is given in them, then a JSON array of texts: for each item id,
--         delivery count and v values
-- Output: text with a digit for each item: 1 settled, 0 lease lost
-- Why:    one step, so a result is in the log if and only if its task is gone, and no parameter is recorded twice.
local log, done, out, over = KEYS[2], KEYS[3], {}, {}
local items, n, v = tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local entry, places, rows, at = { unpack(ARGV, 7, 6 + 2 * n) }, {}, cjson.decode(ARGV[7 + 2 * n + v]), 0
for i = 1, v do places[i] = tonumber(ARGV[6 + 2 * n + i]) end
expect(items, rows[1], rows[1 + (items - 1) * (v + 2)])
-- A log that was deleted by hand holds nothing, whatever the set says.
local kept = redis.call('EXISTS', log) == 1

for item = 1, items do
  local id, count = rows[at + 1], tonumber(rows[at + 2])
  local first, last = tonumber(rows[at + 3]), tonumber(rows[at + 4])
  local who, times = holder(id)
  local settled = 0
  if who == me and times == count then
    settled = 1
    over[#over + 1] = id
    if not (covered(done, first, last) and kept) then
      for i = 1, v do entry[places[i]] = rows[at + 2 + i] end
      redis.call('XADD', log, '*', unpack(entry))
      kept = true
      cover(done, first, last)
    end
  elseif repeated and not who and covered(done, first, last) then
    settled = 1
  end
  out[item] = settled
  at = at + 2 + v
end

flush()
if #over > 0 then
  redis.call('XACK', tasks, group, unpack(over))
  redis.call('XDEL', tasks, unpack(over))
end
return table.concat(out)
