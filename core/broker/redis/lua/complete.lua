-- Settles chunks of one run with their results: record into the log, then the task is gone. After fence.lua, done.lua and table.lua.
-- Input:  KEYS tasks, log, the run's set of done parameters; then what table.lua reads, with id and delivery count before
--         the values of each record
-- Output: text with a digit for each item: 1 settled, 0 lease lost
-- Why:    one step, so a result is in the log if and only if its task is gone, and no parameter is recorded twice.
local log, done, out, over = KEYS[2], KEYS[3], {}, {}
local rows = table_at(4, 2)
expect(rows.count, rows.before(1)[1], rows.before(rows.count)[1])
-- A log that was deleted by hand holds nothing, whatever the set says.
local kept = redis.call('EXISTS', log) == 1

for item = 1, rows.count do
  local lease, entry = rows.before(item), rows.entry(item)
  local id, first, last = lease[1], tonumber(entry[rows.place.start_param]), tonumber(entry[rows.place.end_param])
  local who, times = holder(id)
  local settled = 0
  if who == me and times == tonumber(lease[2]) then
    settled = 1
    over[#over + 1] = id
    if not (covered(done, first, last) and kept) then
      redis.call('XADD', log, '*', unpack(entry))
      kept = true
      cover(done, first, last)
    end
  elseif repeated and not who and covered(done, first, last) then
    settled = 1
  end
  out[item] = settled
end

flush()
if #over > 0 then
  redis.call('XACK', tasks, group, unpack(over))
  redis.call('XDEL', tasks, unpack(over))
end
return table.concat(out)
