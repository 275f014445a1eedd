-- Places of lock keys: who has them, who waits, and how one that comes free is passed on. needs: start, envelope.

local function has_no_place(key, concurrency)
  return call('HLEN', lock_key(key)) >= concurrency
end

-- Whether a job that comes up must wait: the lock is full, or others wait for it already.
local function is_full(key, concurrency)
  return has_no_place(key, concurrency) or call('EXISTS', held_key(key)) == 1
end

local function holds(id, key)
  return call('HEXISTS', lock_key(key), id) == 1
end

-- The first key that keeps a job from running now, not counting the places that it has; nil when it may run.
local function first_full(id, locks)
  for _, lock in ipairs(locks) do
    if not holds(id, lock[1]) and is_full(lock[1], lock[2]) then return lock[1] end
  end
  return nil
end

local function take(id, locks, token)
  if #locks == 0 then return end
  for _, lock in ipairs(locks) do call('HSET', lock_key(lock[1]), id, token) end
  call('HSET', PLACES, id, cjson.encode(locks))
end

-- Frees the places that a job has, and adds their keys to `freed`. They are kept apart from its envelope, so that one which
-- is damaged cannot keep a place for good.
local function free(id, freed)
  local places = call('HGET', PLACES, id)
  if not places then return end
  call('HDEL', PLACES, id)
  for _, lock in ipairs(cjson.decode(places)) do
    if call('HDEL', lock_key(lock[1]), id) == 1 then freed[#freed + 1] = lock[1] end
  end
end

local function hold(id, queue, sequence, key)
  call('ZADD', held_key(key), sequence, id)
  call('HINCRBY', HELD_TOTAL, queue, 1)
end

local function unhold(id, queue, key)
  if call('ZREM', held_key(key), id) == 1 then call('HINCRBY', HELD_TOTAL, queue, -1) end
end

-- Reserves a held job's locks and puts it before all jobs of its queue that have no grant.
local function give_grant(id, line, held_for, grant_timeout)
  local locks = locks_of(line)
  unhold(id, line[QUEUE], held_for)
  if #locks > 1 then call('HDEL', PASSES, id) end
  take(id, locks, '')
  call('ZADD', GRANTS, now + grant_timeout, id)
  call('ZADD', granted_key(line[QUEUE]), line[SEQ], id)
  arrived[line[QUEUE]] = true
  move('granted', id, line[QUEUE], held_for)
end

-- How many waiting jobs this step may still look at.
local looks = GRANT_BUDGET

-- Takes the places of a job that has come to the head of `key` in the order of their keys, up to the first that it cannot
-- have, for which it then waits with what it has. Whether it has them all.
local function hoard(id, line, locks, key)
  unhold(id, line[QUEUE], key)
  for _, lock in ipairs(locks) do
    if not holds(id, lock[1]) then
      if lock[1] ~= key and is_full(lock[1], lock[2]) then
        hold(id, line[QUEUE], line[SEQ], lock[1])
        return false
      end
      call('HSET', lock_key(lock[1]), id, '')
      -- All of them, though it may not have them all: what is freed is what it has.
      call('HSET', PLACES, id, cjson.encode(locks))
    end
  end
  return true
end

-- Gives the free places of a key to those who wait for it, longest first. A job that needs others as well gets all or none:
-- where another is full it goes on to wait for that one, and holds nothing, unless that has happened too often.
local function grant_places(key, grant_timeout)
  while true do
    local id = call('ZRANGE', held_key(key), 0, 0)[1]
    if not id then return end
    if looks == 0 then
      call('ZADD', UNGRANTED, 'NX', now, key)
      return
    end
    looks = looks - 1
    local line = line_of(id)
    local locks = line and locks_of(line) or NO_LOCKS
    local own, full
    for _, lock in ipairs(locks) do
      if lock[1] == key then
        own = lock
      elseif not full and is_full(lock[1], lock[2]) then
        full = lock[1]
      end
    end
    if not own then
      local places = {}
      call('ZREM', held_key(key), id)
      call('HDEL', PASSES, id)
      free(id, places)
      for _, freed in ipairs(places) do call('ZADD', UNGRANTED, 'NX', now, freed) end
      bury_job(id, '', 'its stored envelope is damaged')
    elseif has_no_place(key, own[2]) then
      return
    elseif full and tonumber(call('HGET', PASSES, id) or 0) < MOST_PASSES then
      unhold(id, line[QUEUE], key)
      call('HINCRBY', PASSES, id, 1)
      hold(id, line[QUEUE], line[SEQ], full)
    elseif not full or hoard(id, line, locks, key) then
      give_grant(id, line, key, grant_timeout)
    end
  end
end

-- Grants the places of several keys, each once, in order.
local function grant_all(freed, grant_timeout)
  local done = {}
  for _, key in ipairs(freed) do
    if not done[key] then
      done[key] = true
      grant_places(key, grant_timeout)
    end
  end
end

-- The keys that steps before left at their bound, to be granted now.
local function resume(freed)
  local keys = call('ZPOPMIN', UNGRANTED, RESUMED_KEYS)
  for at = 1, #keys, 2 do freed[#freed + 1] = keys[at] end
end

local function has_ungranted()
  return call('EXISTS', UNGRANTED) == 1
end

-- A job that was handed back goes to the front of its queue; one that needs locks joins those that wait for them, and the
-- grants that follow mostly give it its place again.
local function requeue(id, line, freed)
  local first = locks_of(line)[1]
  if first then
    hold(id, line[QUEUE], line[SEQ], first[1])
    freed[#freed + 1] = first[1]
  else
    call('LPUSH', queue_key(line[QUEUE]), id)
    arrived[line[QUEUE]] = true
  end
end
