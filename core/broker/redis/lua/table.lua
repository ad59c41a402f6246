-- Head of the scripts that take many entries with the same fields.
-- Input:  table_at(at, b): from ARGV[at] on the number of rows, the number n of names, n names, and a JSON array of texts:
--         for each row b values that come before its fields, then its n values
-- Output: count; place, where the value of a name stands in an entry; before(row) → the b values; entry(row) → names and
--         values, the same table each time
local function table_at(at, b)
  local count, n = tonumber(ARGV[at]), tonumber(ARGV[at + 1])
  local values, entry, place, head = cjson.decode(ARGV[at + 2 + n]), {}, {}, {}
  for i = 1, n do
    entry[2 * i - 1] = ARGV[at + 1 + i]
    place[ARGV[at + 1 + i]] = 2 * i
  end
  local function before(row)
    for i = 1, b do head[i] = values[(row - 1) * (b + n) + i] end
    return head
  end
  local function of(row)
    local from = (row - 1) * (b + n) + b
    for i = 1, n do entry[2 * i] = values[from + i] end
    return entry
  end
  return { count = count, place = place, before = before, entry = of }
end

