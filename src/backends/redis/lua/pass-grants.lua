#!lua flags=allow-oom
-- pass-grants: grants what steps before left at their bound, and passes grants that were not claimed in time to jobs of other queues, or renews them.
-- KEYS  1 the sequence
-- ARGV  1 how long a grant is kept (ms), 2 how many grants at most
-- Returns { { event, id, queue, detail, … }, 1 when there may be more }
-- Atomic since the place goes from one job to the other in one step: it is never free, and never had by both.
--@include start
--@include telling
--@include envelope
--@include locks

local grant_timeout, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
-- How many waiters it has looked at.
local seen = 0

-- Whether a waiter for `key` could run on what `holder` would free.
local function could_replace(waiter, locks, holder, key)
  for _, lock in ipairs(locks) do
    if not holds(waiter, lock[1]) then
      if lock[1] ~= key and call('EXISTS', held_key(lock[1])) == 1 then return false end
      local limit = lock[1] == key and limit_of(lock) or lock
      if has_no_place(limit, holds(holder, lock[1]) and 1 or 0) then return false end
    end
  end
  return true
end

local function heir_of(id, line, key)
  for _, other in ipairs(call('ZRANGE', held_key(key), 0, PASS_BUDGET - 1)) do
    seen = seen + 1
    local theirs = line_of(other)
    if theirs and theirs[QUEUE] ~= line[QUEUE] and could_replace(other, locks_of(theirs), id, key) then
      return other, theirs
    end
  end
  return nil
end

local function pass(id, line)
  for _, lock in ipairs(locks_of(line)) do
    local other, theirs = heir_of(id, line, lock[1])
    if other then
      local freed = {}
      free(id, freed)
      call('ZREM', GRANTS, id)
      call('ZREM', granted_key(line[QUEUE]), id)
      to_front(id, line)
      give_grant(other, theirs, lock[1], grant_timeout)
      grant_all(freed, grant_timeout)
      return
    end
  end
  call('ZADD', GRANTS, now + grant_timeout, id)
end

local left = {}
resume(left)
grant_all(left, grant_timeout)

local ended = call('ZRANGE', GRANTS, '-inf', now, 'BYSCORE', 'LIMIT', 0, limit + 1)
local done = 0
while done < math.min(limit, #ended) and seen < PASS_BUDGET do
  done = done + 1
  local line = line_of(ended[done])
  if line then pass(ended[done], line) else call('ZREM', GRANTS, ended[done]) end
end
-- Whoever passes them on is told here that there are more.
is_leader_called = false
wake_claimers()
return { moves, (#ended > done or has_ungranted()) and 1 or 0 }
