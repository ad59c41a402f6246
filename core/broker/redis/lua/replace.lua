-- Pieces that take the place of a task. After fence.lua.
-- Input:  replace(id, at): ARGV from `at` on holds for each piece n, then n fields and values
local function replace(id, at)
  while at <= #ARGV do
    local n = tonumber(ARGV[at])
    redis.call('XADD', tasks, '*', unpack(ARGV, at + 1, at + n))
    at = at + 1 + n
  end
  redis.call('XACK', tasks, group, id)
  redis.call('XDEL', tasks, id)
end
