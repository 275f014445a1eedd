-- Places of locks and rates: who has them, who waits, and how one that comes free is passed on. needs: base, telling, envelope.

--@include enter
--@include pace

-- Keys to be granted before this script ends: a rate was used, or a limit has changed.
local touched, is_touched = {}, {}
local function touch(key)
  if is_touched[key] then return end
  is_touched[key] = true
  touched[#touched + 1] = key
end

-- The limit that holds while jobs wait for a key: that of the newest of those which came up.
local function limit_of(lock)
  local known = call('HGET', NEWEST, lock[1])
  if not known then return lock end
  local _, concurrency, interval = string.match(known, '^(%S+) (%S+) (%S*)$')
  return { lock[1], tonumber(concurrency), tonumber(interval) }
end

-- freed: places that are about to come free, or nil.
local function has_no_place(lock, freed)
  local taken = call('HLEN', lock_key(lock[1])) - (freed or 0)
  if not lock[3] then return taken >= lock[2] end
  return starts_at(lock[1], lock[2], lock[3], taken) > now
end

-- Whether a job that comes up must wait: the lock is full, or others wait for it already.
local function is_full(lock)
  return has_no_place(lock) or call('EXISTS', held_key(lock[1])) == 1
end

local function holds(id, key)
  return call('HEXISTS', lock_key(key), id) == 1
end

-- The first key that keeps a job from running now, not counting the places that it has; nil when it may run.
local function first_full(id, locks)
  for _, lock in ipairs(locks) do
    if not holds(id, lock[1]) and is_full(lock) then return lock[1] end
  end
  return nil
end

-- Takes places, for the claim of this token or, where it is '', for a grant. A job that starts by a rate uses its place up.
local function take(id, locks, token)
  if #locks == 0 then return end
  local has_places = false
  for _, lock in ipairs(locks) do
    local key = lock[1]
    if lock[3] and token ~= '' then
      call('HDEL', lock_key(key), id)
      spend(key, lock[2], lock[3])
      if call('EXISTS', held_key(key)) == 1 then touch(key) end
    else
      call('HSET', lock_key(key), id, token)
      has_places = true
    end
  end
  if has_places then call('HSET', PLACES, id, cjson.encode(locks)) else call('HDEL', PLACES, id) end
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

-- The same for many jobs.
local function free_all(ids, freed)
  for first = 1, #ids, 1000 do
    local last = math.min(first + 999, #ids)
    local places = call('HMGET', PLACES, unpack(ids, first, last))
    call('HDEL', PLACES, unpack(ids, first, last))
    for at = first, last do
      local text_of = places[at - first + 1]
      -- One lock, as mostly: read without making tables of it.
      local only = text_of and match(text_of, '^%[%["([^"\\]*)",%d+%]%]$')
      if only then
        if call('HDEL', lock_key(only), ids[at]) == 1 then freed[#freed + 1] = only end
      elseif text_of then
        for _, lock in ipairs(cjson.decode(text_of)) do
          if call('HDEL', lock_key(lock[1]), ids[at]) == 1 then freed[#freed + 1] = lock[1] end
        end
      end
    end
  end
end

-- Notes the limit that a job asks for which waits for a key now.
local function learn(line, key)
  for _, lock in ipairs(locks_of(line)) do
    if lock[1] == key then
      local known = call('HGET', NEWEST, key)
      local sequence, limit = string.match(known or '', '^(%S+) (.*)$')
      if sequence and tonumber(sequence) >= line[SEQ] then return end
      local asked = text(lock[2]) .. ' ' .. (lock[3] and exact(lock[3]) or '')
      call('HSET', NEWEST, key, text(line[SEQ]) .. ' ' .. asked)
      if lock[3] or (limit and limit ~= asked) then touch(key) end
      return
    end
  end
end

-- Keys for which jobs have begun to wait in this script.
local held_here = {}

local function hold(id, line, key)
  held_here[key] = true
  call('ZADD', held_key(key), line[SEQ], id)
  call('HINCRBY', HELD_TOTAL, line[QUEUE], 1)
  learn(line, key)
  tell(id, false)
end

local function unhold(id, queue, key)
  if call('ZREM', held_key(key), id) == 0 then return end
  call('HINCRBY', HELD_TOTAL, queue, -1)
  if call('EXISTS', held_key(key)) == 0 then call('HDEL', NEWEST, key) end
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
  tell(id, false)
  move('granted', id, line[QUEUE], held_for)
end

-- What grants are yet to be written, so that many of one step are few commands: places and grants, flat; for each queue its granted jobs,
-- flat, and how many fewer are held.
local unwritten = { places = {}, grants = {}, granted = {}, fewer = {} }

local function append_two(list, first, second)
  local to = #list
  list[to + 1], list[to + 2] = first, second
end

-- The same for the only lock of a job, which is no rate. lock: as it is written down. is_last: nobody else waits for it.
local function give_only_grant(id, queue, sequence, lock, key, grant_timeout, is_last)
  call('ZREM', held_key(key), id)
  if is_last then call('HDEL', NEWEST, key) end
  call('HSET', lock_key(key), id, '')
  append_two(unwritten.places, id, lock)
  append_two(unwritten.grants, now + grant_timeout, id)
  unwritten.granted[queue] = unwritten.granted[queue] or {}
  append_two(unwritten.granted[queue], sequence, id)
  unwritten.fewer[queue] = (unwritten.fewer[queue] or 0) + 1
  arrived[queue] = true
  tell(id, false)
  move('granted', id, queue, key)
end

local function write_grants()
  if #unwritten.grants == 0 then return end
  in_chunks('HSET', PLACES, unwritten.places)
  in_chunks('ZADD', GRANTS, unwritten.grants)
  for queue, jobs in pairs(unwritten.granted) do
    in_chunks('ZADD', granted_key(queue), jobs)
    call('HINCRBY', HELD_TOTAL, queue, -unwritten.fewer[queue])
  end
  unwritten = { places = {}, grants = {}, granted = {}, fewer = {} }
end

-- How many waiting jobs this step may still look at.
local looks = GRANT_BUDGET

-- Takes the places of a job that has come to the head of `key` in the order of their keys, up to the first that it cannot
-- have, for which it then waits with what it has. Whether it has them all.
local function hoard(id, line, locks, key)
  unhold(id, line[QUEUE], key)
  for _, lock in ipairs(locks) do
    if not holds(id, lock[1]) then
      if lock[1] ~= key and is_full(lock) then
        hold(id, line, lock[1])
        return false
      end
      call('HSET', lock_key(lock[1]), id, '')
      -- All of them, though it may not have them all: what is freed is what it has.
      call('HSET', PLACES, id, cjson.encode(locks))
    end
  end
  return true
end

-- Grants a free place of a key to a job that waits for it and has nothing else about it. Whether the key has no place for the next; nil
-- where the job is another, or the limit that holds is a rate: then nothing is done. is_last: nobody else waits for the key.
local function grant_only(id, key, grant_timeout, is_last)
  local lock, own, _, queue, sequence = only_lock(call('GETRANGE', job_key(id), 0, 511))
  if own ~= key then return nil end
  -- As in limit_of: that of the newest who waits.
  local limit = match(call('HGET', NEWEST, key) or '', '^%S+ (%d+) $')
  if not limit then return nil end
  local free = tonumber(limit) - call('HLEN', lock_key(key))
  if free > 0 then give_only_grant(id, queue, sequence, lock, key, grant_timeout, is_last) end
  -- The newest limit holds for all who wait: where that was the last place, no other need be looked at.
  return free <= 1
end

-- The same for any job. One that needs other locks as well gets all or none: where another is full it goes on to wait for that one, and
-- holds nothing, unless that has happened too often. Whether the key has no place for the next.
local function grant_any(id, key, grant_timeout, is_last)
  local line = line_of(id)
  local locks = line and locks_of(line) or NO_LOCKS
  local own, full
  for _, lock in ipairs(locks) do
    if lock[1] == key then
      own = lock
    elseif not full and is_full(lock) then
      full = lock[1]
    end
  end
  if not own then
    local places = {}
    call('ZREM', held_key(key), id)
    if is_last then call('HDEL', NEWEST, key) end
    call('HDEL', PASSES, id)
    free(id, places)
    for _, freed in ipairs(places) do call('ZADD', UNGRANTED, 'NX', now, freed) end
    is_leader_called = is_leader_called or #places > 0
    bury_job(id, '', 'its stored envelope is damaged')
    return false
  end
  local limit = limit_of(own)
  if has_no_place(limit) then
    -- The places of a rate come free by time.
    if limit[3] then set_timer(key, starts_at(key, limit[2], limit[3], call('HLEN', lock_key(key)))) end
    return true
  end
  if full and tonumber(call('HGET', PASSES, id) or 0) < MOST_PASSES then
    unhold(id, line[QUEUE], key)
    call('HINCRBY', PASSES, id, 1)
    hold(id, line, full)
  elseif not full or hoard(id, line, locks, key) then
    give_grant(id, line, key, grant_timeout)
  end
  return false
end

-- Gives the free places of a key to those who wait for it, longest first.
local function grant_places(key, grant_timeout)
  while true do
    local waiting = call('ZRANGE', held_key(key), '0', '1')
    local id, is_last = waiting[1], not waiting[2]
    if not id then return end
    if looks == 0 then
      call('ZADD', UNGRANTED, 'NX', now, key)
      is_leader_called = true
      return
    end
    looks = looks - 1
    local is_over = grant_only(id, key, grant_timeout, is_last)
    if is_over == nil then is_over = grant_any(id, key, grant_timeout, is_last) end
    if is_over then return end
  end
end

-- Grants the places of several keys, each once, in order; then those of the keys that this script has touched.
local function grant_all(freed, grant_timeout)
  local done = {}
  if #freed > 1 and #freed <= 1000 then
    -- Mostly nobody waits for any of them.
    local waiting = {}
    for at, key in ipairs(freed) do waiting[at] = held_key(key) end
    if call('EXISTS', unpack(waiting)) == 0 then freed = {} end
  end
  for _, key in ipairs(freed) do
    if not done[key] then
      done[key] = true
      grant_places(key, grant_timeout)
    end
  end
  while #touched > 0 do
    local key = table.remove(touched, 1)
    is_touched[key] = nil
    grant_places(key, grant_timeout)
  end
  write_grants()
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
    hold(id, line, first[1])
    freed[#freed + 1] = first[1]
  else
    to_front(id, line)
  end
end
