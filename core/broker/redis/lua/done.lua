-- Head of the scripts that write results: which parameters of a run have one.
-- Input:  key of a sorted set of disjoint intervals, member = first parameter, score = last one; exact up to 2^53
-- Output: covered(key, first, last) → whether each of them has a result; touched(key, first, last) → whether any has;
--         cover(key, first, last) → adds them, once flush() is called; uncover(key, first, last) → takes them out again
-- Why:    merged intervals grow with the gaps, not with the parameters: a run worked off in order is one member, where
--         a bitmap of 10^9 parameters takes 125 MB and ends at 2^32.
local open = nil
-- The first interval that ends at `from` or later, if there is one: the answer for what is asked next, mostly.
local known = nil

local function flush()
  if not open then return end
  local done, first, last = open.done, open.first, open.last
  open, known = nil, nil
  while true do
    -- The next interval that overlaps or adjoins.
    local at = redis.call('ZRANGEBYSCORE', done, first - 1, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local start, stop = tonumber(at[1]), tonumber(at[2])
    if not start or start > last + 1 then break end
    if start < first then first = start end
    if stop > last then last = stop end
    redis.call('ZREM', done, at[1])
  end
  redis.call('ZADD', done, last, first)
end

local function cover(done, first, last)
  -- The chunks of a batch mostly follow one another: one interval for all of them.
  if open and open.done == done and open.last + 1 == first then
    open.last = last
  else
    flush()
    open = { done = done, first = first, last = last }
  end
end

local function covered(done, first, last)
  if open and first <= open.last then flush() end
  if not known or known.done ~= done or first < known.from or (known.stop and first > known.stop) then
    local at = redis.call('ZRANGEBYSCORE', done, first, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    known = { done = done, from = first, start = tonumber(at[1]), stop = tonumber(at[2]) }
  end
  return known.start ~= nil and known.start <= first and known.stop >= last
end

local function touched(done, first, last)
  local at = redis.call('ZRANGEBYSCORE', done, first, '+inf', 'LIMIT', 0, 1)
  return at[1] ~= nil and tonumber(at[1]) <= last
end

local function uncover(done, first, last)
  flush()
  while true do
    local at = redis.call('ZRANGEBYSCORE', done, first, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
    local start, stop = tonumber(at[1]), tonumber(at[2])
    if not start or start > last then return end
    redis.call('ZREM', done, at[1])
    if start < first then redis.call('ZADD', done, first - 1, start) end
    if stop > last then redis.call('ZADD', done, stop, last + 1) end
  end
end
