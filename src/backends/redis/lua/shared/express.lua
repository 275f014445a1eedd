-- The exchange as it mostly is: jobs completed that held nothing, and such jobs are claimed, while nothing in the store asks for more
-- (a limit, a pause, a grant, a priority, somebody who watches). What all the rest of the script needs takes longer to set up than
-- this takes to run, so it goes on only where there is more to do, with what was done here. For the same reason there are no
-- functions here. needs: clock, calls. Reads: earlier, worker, count, queues, plain, plain_at, plain_tokens, others, locked. Writes: settled, popped, claimed,
-- owned, taken, first_token. is_done: whether that was all.
local is_done = false

-- More values than a thousand are too many for unpack.
if not earlier and others == '' and locked == 0 and plain <= 1000 and count <= 1000 then
  local queue = queues[1] or ''
  is_done = call('EXISTS', CONTROLS, PAUSED_TYPES, SEATS, UNGRANTED, WATCHED, PROGRESS, RETRIED, GRANTED_PREFIX .. queue,
    PRIORITY_PREFIX .. queue, CANCELLED_PREFIX .. queue) == 0 and call('ZSCORE', WORKERS, worker) and true
  for at = 2, #queues do
    local other = queues[at]
    is_done = is_done
      and call('EXISTS', GRANTED_PREFIX .. other, PRIORITY_PREFIX .. other, CANCELLED_PREFIX .. other) == 0
  end
end

if is_done then
  local argv, processing = ARGV, PROCESSING_PREFIX .. worker
  settled = {}
  if plain > 0 then
    local last = plain_at + plain - 1
    local current = call('HMGET', processing, unpack(argv, plain_at, last))
    local first = plain_tokens < plain and tonumber(argv[last + 1]) - 1
    local keys, stale = {}, {}
    for at = 1, plain do
      local token = first and format('%d', first + at) or argv[last + at]
      if current[at] == token then keys[#keys + 1] = JOB_PREFIX .. argv[plain_at + at - 1] else stale[at] = true end
    end
    if #keys == plain then
      settled[1] = string.rep('1', plain)
      call('HDEL', processing, unpack(argv, plain_at, last))
    else
      local done = {}
      for at = 1, plain do
        settled[at] = stale[at] and '0' or '1'
        if not stale[at] then done[#done + 1] = argv[plain_at + at - 1] end
      end
      if #done > 0 then call('HDEL', processing, unpack(done)) end
    end
    if #keys > 0 then
      call('DEL', unpack(keys))
      call('INCRBY', SUCCESSFUL_TOTAL, #keys == plain and argv[plain_at - 2] or #keys)
    end
  end

  for _, queue in ipairs(count > 0 and queues or {}) do
    local want = count - taken
    -- What is text already need not be written as such.
    local ids = want > 0 and call('LPOP', QUEUE_PREFIX .. queue, taken == 0 and argv[7] or want) or {}
    local got = #ids
    if got > 0 then
      local keys = {}
      for at = 1, got do keys[at] = JOB_PREFIX .. ids[at] end
      local values = call('MGET', unpack(keys))
      -- Envelopes of jobs without locks and extras, or with locks that are not known: [0, or [1,
      for at = 1, got do
        local value = values[at]
        if not value or byte(ids[at]) == 123 or byte(value, 3) ~= 44 or byte(value, 2) > 49 then is_done = false end
      end
      if not is_done then
        popped = { queue = queue, ids = ids, values = values }
        break
      end
      take_tokens()
      local to, token = 2 * taken, first_token + taken
      for at = 1, got do
        local id = ids[at]
        claimed[to + 1], claimed[to + 2] = id, values[at]
        owned[to + 1], owned[to + 2] = id, format('%d', token)
        to, token = to + 2, token + 1
      end
      taken = taken + got
    end
    -- A queue that is empty needs no claimer; any other needs the next. Mostly there are both, jobs and a token.
    local list, wake = QUEUE_PREFIX .. queue, WAKE_PREFIX .. queue
    if want > 0 and got < want then
      call('DEL', wake)
    elseif call('EXISTS', list, wake) < 2 then
      if call('EXISTS', list) == 0 then call('DEL', wake) elseif call('EXISTS', wake) == 0 then call('RPUSH', wake, '1') end
    end
  end
  if is_done and taken > 0 then enter_all(processing, owned) end
end
