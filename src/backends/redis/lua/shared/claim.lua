-- Taking jobs from queues. needs: base, envelope, locks. Reads: worker, count, budget, with_locks, grant_timeout, and what has been
-- claimed, popped and read so far.

--@include queues

local has_more = 0

local function next_token()
  take_tokens()
  return text(first_token + taken)
end

-- What holds for the queue that is claimed from.
local gate

local function own(queue, id, value, token)
  if gate and gate.concurrency then
    call('HSET', SEATS, id, queue)
    call('HINCRBY', SEATED, queue, 1)
  end
  if gate and gate.burst then spend(QUEUE_MARK .. queue, gate.burst, gate.interval) end
  local to = 2 * taken
  taken = taken + 1
  claimed[to + 1], claimed[to + 2] = id, value
  owned[to + 1], owned[to + 2] = id, token
end

-- Claims from a queue. What only that needs is local to it: a script has no more than 200 local variables.
local claim_from
do
  -- Takes a whole envelope that another program pushed, or buries what is none. Returns its id and stored form.
  local function adopt(queue, entry)
    local ok, envelope = pcall(cjson.decode, entry)
    local reason
    if not ok or type(envelope) ~= 'table' then
      reason = 'the entry is not JSON'
    elseif type(envelope.ID) ~= 'string' or #envelope.ID > 128 or not find(envelope.ID, '^[%w_~.:-]+$') then
      reason = 'the envelope has no usable ID'
    elseif type(envelope.TypeName) ~= 'string' or #envelope.TypeName > 128 or not find(envelope.TypeName, '^%C+$') then
      reason = 'the envelope has no usable TypeName'
    elseif envelope.Job == nil then
      reason = 'the envelope has no Job'
    else
      local sequence = call('INCR', SEQUENCE) - 1
      local value = cjson.encode({ 1, envelope.TypeName, queue, now, sequence, 0, 0, 1 }) .. '\n' .. entry
      call('SADD', QUEUES, queue)
      if call('SET', job_key(envelope.ID), value, 'NX') then return envelope.ID, value end
      reason = 'the envelope has the ID of another job'
    end
    bury(queue, reason, entry)
    move('dead', type(envelope) == 'table' and type(envelope.ID) == 'string' and envelope.ID or '', queue, reason)
    return nil
  end

  -- Whether an entry of the list is of a cancelled life of a job, and forgets that one.
  local function pass_over(queue, id)
    if call('HEXISTS', cancelled_key(queue), id) == 0 then return false end
    if call('HINCRBY', cancelled_key(queue), id, -1) == 0 then call('HDEL', cancelled_key(queue), id) end
    call('HINCRBY', CANCELLED_TOTAL, queue, -1)
    return true
  end

  -- Parks a job whose type is paused; what was kept for it goes to others. Whether it did.
  local function park_paused(queue, id, value)
    local line = any_type_is_paused() and decode(value)
    local reason = line and pause_of(line[TYPE])
    if not reason then return false end
    local places = {}
    free(id, places)
    for _, key in ipairs(places) do touch(key) end
    call('HSET', PARKED, id, reason)
    call('ZADD', parked_type_key(line[TYPE]), line[SEQ], id)
    tell(id, false)
    move('parked', id, queue, reason)
    return true
  end

  -- What there is to know of those of a batch that have one lock, by their places in it. is_free: nobody has any of these, nor waits
  -- for one; is_awaited: somebody may wait for one of them.
  local function only_locks(values)
    local locks = { texts = {}, keys = {}, limits = {} }
    local waiting, concerned = {}, {}
    for at = 1, with_locks and #values or 0 do
      if values[at] then
        local lock, key, limit = only_lock(values[at])
        if key then
          locks.texts[at], locks.keys[at], locks.limits[at] = lock, key, limit
          local to = #waiting
          waiting[to + 1] = HELD_PREFIX .. key
          concerned[2 * to + 1], concerned[2 * to + 2] = waiting[to + 1], LOCK_PREFIX .. key
        end
      end
    end
    locks.is_free = #waiting > 0 and call('EXISTS', unpack(concerned)) == 0
    locks.is_awaited = #waiting > 0 and not locks.is_free and call('EXISTS', unpack(waiting)) > 0
    return locks
  end

  -- Places that were taken and are yet to be written down, flat; and the keys of which there are any.
  local placed, placed_keys = {}, {}

  -- Claims a job with one lock if that is free. Whether it did.
  local function claim_free(queue, id, value, locks, at)
    local key = locks.keys[at]
    if not key or held_here[key] then return false end
    if not locks.is_free or placed_keys[key] then
      if call('HLEN', LOCK_PREFIX .. key) >= tonumber(locks.limits[at]) then return false end
      if locks.is_awaited and call('EXISTS', HELD_PREFIX .. key) == 1 then return false end
    end
    local token = next_token()
    call('HSET', LOCK_PREFIX .. key, id, token)
    placed[#placed + 1], placed[#placed + 2] = id, locks.texts[at]
    placed_keys[key] = true
    own(queue, id, value, token)
    return true
  end

  -- Writes them down: many at once in a table from the start, as in enter_all. Others that have one are there as well.
  local function write_places()
    if #placed >= 16 then
      call('HSET', PLACES, '', string.rep('-', 65), unpack(placed))
      call('HDEL', PLACES, '')
    elseif #placed > 0 then
      call('HSET', PLACES, unpack(placed))
    end
    placed = {}
  end

  -- Claims one entry of a queue's list, or holds or buries it.
  local function claim_entry(queue, id, value, locks, at)
    if sub(id, 1, 1) == '{' then
      id, value = adopt(queue, id)
      if not id then return end
    elseif not value then
      bury(queue, 'no job has this id', id)
      move('dead', id, queue, 'no job has this id')
      return
    end
    if park_paused(queue, id, value) then return end
    local start = sub(value, 1, 3)
    if start == '[0,' or start == '[1,' then
      own(queue, id, value, next_token())
      return
    end
    if claim_free(queue, id, value, locks, at) then return end
    local line = decode(value)
    if not with_locks then
      -- Who takes no locks sees for himself what is damaged.
      if line and line[EXTRAS] then begin(id, line[EXTRAS]) end
      own(queue, id, value, next_token())
      return
    end
    if not line then
      bury_job(id, queue, 'its stored envelope is damaged')
      return
    end
    local full = first_full(id, locks_of(line))
    if full then
      hold(id, line, full)
      move('held', id, queue, full)
    else
      local token = next_token()
      take(id, locks_of(line), token)
      -- It may have been one of those.
      locks.is_free = false
      if line[EXTRAS] then begin(id, line[EXTRAS]) end
      own(queue, id, value, token)
    end
  end

  -- Claims a job whose locks are reserved for it.
  local function claim_granted(queue, id, value)
    if park_paused(queue, id, value) then return end
    local _, key = only_lock(value or '')
    if key then
      -- Its place is written down since it was granted.
      local token = next_token()
      call('HSET', lock_key(key), id, token)
      own(queue, id, value, token)
      return
    end
    local line = decode(value)
    if line then
      local token = next_token()
      take(id, locks_of(line), token)
      if line[EXTRAS] then begin(id, line[EXTRAS]) end
      own(queue, id, value, token)
    else
      local freed = {}
      free(id, freed)
      bury_job(id, queue, 'its stored envelope is damaged')
      grant_all(freed, grant_timeout)
    end
  end

  -- Where jobs are left and their queue's rate does not allow one to start, somebody must be woken when it does.
  local function watch_rate(queue)
    local at = starts_at(QUEUE_MARK .. queue, gate.burst, gate.interval, 0)
    if at <= now then return end
    local waiting = call('LLEN', queue_key(queue)) + call('ZCARD', granted_key(queue)) + call('ZCARD', priority_key(queue))
    if waiting > tonumber(call('HGET', CANCELLED_TOTAL, queue) or 0) then set_timer(QUEUE_MARK .. queue, at) end
  end

  -- Which queues have jobs with priorities; looked up once, as they mostly have none.
  local prioritized = {}

  -- Takes ids out of a queue, in its order: those of a priority above 0, then its list, then those below. Returns them, and
  -- whether they are of the list.
  local function take_next(queue, want)
    if prioritized[queue] == nil then prioritized[queue] = call('EXISTS', priority_key(queue)) == 1 end
    if prioritized[queue] then
      local first = call('ZRANGE', priority_key(queue), '-inf', 0, 'BYSCORE', 'LIMIT', 0, want)
      if #first > 0 then
        call('ZREM', priority_key(queue), unpack(first))
        return first, false
      end
    end
    local ids = call('LPOP', queue_key(queue), want)
    if ids and #ids > 0 then return ids, true end
    if not prioritized[queue] then return {}, false end
    local last = {}
    local popped = call('ZPOPMIN', priority_key(queue), want)
    for at = 1, #popped, 2 do last[#last + 1] = popped[at] end
    return last, false
  end

  -- How many may be read at once; none where the step has given out as much as it may. What has left its queue must be claimed.
  local function next_piece()
    if popped then return 1000 end
    if largest == 0 then return 1 end
    return math.min(PIECE, math.floor((MOST_CHARACTERS - bytes) / largest))
  end

  local function read(keys)
    local values = call('MGET', unpack(keys))
    for at = 1, #keys do
      local size = values[at] and #values[at] or 0
      bytes, largest = bytes + size, math.max(largest, size)
    end
    return values
  end

  function claim_from(queue)
    if taken >= count then return end
    gate = gate_of(queue)
    local room = gate and room_in(queue, gate, count - taken) or count
    while taken < count and room > 0 do
      local piece = next_piece()
      if budget <= 0 or piece <= 0 then
        has_more = 1
        return
      end
      local want = math.min(count - taken, room, budget, piece)
      local before = taken
      local granted = call('ZPOPMIN', granted_key(queue), want)
      if #granted > 0 then
        budget = budget - #granted / 2
        local ids, keys = {}, {}
        for at = 1, #granted, 2 do
          local id = granted[at]
          ids[#ids + 1], keys[#keys + 1] = id, job_key(id)
        end
        call('ZREM', GRANTS, unpack(ids))
        local values = read(keys)
        for at, id in ipairs(ids) do claim_granted(queue, id, values[at]) end
      else
        local ids, are_listed, values
        if popped and popped.queue == queue then
          ids, are_listed, values = popped.ids, true, popped.values
          popped = nil
        else
          ids, are_listed = take_next(queue, want)
          if #ids == 0 then break end
          local keys = {}
          for at, id in ipairs(ids) do keys[at] = job_key(id) end
          values = read(keys)
        end
        budget = budget - #ids
        -- Only a list keeps what was cancelled.
        local has_cancelled = are_listed and call('EXISTS', cancelled_key(queue)) == 1
        local locks = only_locks(values)
        for at, id in ipairs(ids) do
          if not (has_cancelled and pass_over(queue, id)) then
            claim_entry(queue, id, values[at], locks, at)
          end
        end
        write_places()
      end
      room = room - (taken - before)
    end
    if gate and gate.burst then watch_rate(queue) end
  end
end

-- After the claims: a queue that is empty, or from which nothing may be claimed now, needs no claimer; any other needs the next.
local function update_wake(queue)
  local gate = gate_of(queue)
  local is_empty = call('EXISTS', queue_key(queue), granted_key(queue), priority_key(queue)) == 0
  if is_empty or (gate and room_in(queue, gate, 1) == 0) then
    call('DEL', wake_key(queue))
    arrived[queue] = nil
  else
    arrived[queue] = true
  end
end
