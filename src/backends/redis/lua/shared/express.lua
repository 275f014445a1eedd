-- The exchange as it mostly is: jobs completed that held nothing, and such jobs are claimed, while nothing in the store asks for more
-- (a limit, a pause, a grant, a priority, somebody who watches). What all the rest of the script needs takes longer to set up than
-- this takes to run, so it goes on only where there is more to do, with what was done here. For the same reason there are hardly any
-- functions or tables here. needs: clock, calls. Reads: what the script has of its words. Writes: settled, popped, claimed, owned,
-- taken, first_token. Returns from the script where that was all.
local kept = call('MGET', CALLS_PREFIX .. client, TOKEN)
kept_calls = kept[1]

-- More values than a thousand are too many for unpack.
local is_common = not (kept_calls and number <= sub(kept_calls, 17, 32))
  and argv[others_at] == '' and argv[others_at + 1] == '0' and plain <= 1000 and count <= 1000
if is_common then
  local queue = queue_count > 0 and argv[queues_at] or ''
  is_common = call('EXISTS', CONTROLS, PAUSED_TYPES, SEATS, UNGRANTED, WATCHED, PROGRESS, RETRIED, GRANTED_PREFIX .. queue,
    PRIORITY_PREFIX .. queue, CANCELLED_PREFIX .. queue) == 0
  for at = queues_at + 1, queues_at + queue_count - 1 do
    local other = argv[at]
    is_common = is_common
      and call('EXISTS', GRANTED_PREFIX .. other, PRIORITY_PREFIX .. other, CANCELLED_PREFIX .. other) == 0
  end
end

if is_common then
  local processing, last, digits = PROCESSING_PREFIX .. worker, plain_at + plain - 1, ''
  local keys, stale, hits = {}, nil, 0
  if plain > 0 then
    local current = call('HMGET', processing, unpack(argv, plain_at, last))
    local first = plain_tokens < plain and tonumber(argv[last + 1]) - 1
    for at = 1, plain do
      if current[at] == (first and format('%d', first + at) or argv[last + at]) then
        hits = hits + 1
        keys[hits] = JOB_PREFIX .. argv[plain_at + at - 1]
      else
        stale = stale or {}
        stale[at] = true
      end
    end
  end
  -- A lease goes only when nothing is owned under it.
  is_common = hits > 0 or call('ZSCORE', WORKERS, worker)

  if is_common then
    if not stale then
      digits = string.rep('1', plain)
      if plain > 0 then call('HDEL', processing, unpack(argv, plain_at, last)) end
    else
      local done = {}
      for at = 1, plain do
        digits = digits .. (stale[at] and '0' or '1')
        if not stale[at] then done[#done + 1] = argv[plain_at + at - 1] end
      end
      if hits > 0 then call('HDEL', processing, unpack(done)) end
    end
    if hits > 0 then
      call('DEL', unpack(keys))
      -- What is text already need not be written as such.
      call('INCRBY', SUCCESSFUL_TOTAL, stale and hits or argv[plain_at - 2])
    end
    settled = { digits }

    for queue_at = queues_at, count > 0 and queues_at + queue_count - 1 or 0 do
      local queue, want = argv[queue_at], count - taken
      local list, wake = QUEUE_PREFIX .. queue, WAKE_PREFIX .. queue
      local ids = want > 0 and call('LPOP', list, taken == 0 and argv[6] or want)
      local got = ids and #ids or 0
      if got > 0 then
        for at = 1, got do keys[at] = JOB_PREFIX .. ids[at] end
        local values = call('MGET', unpack(keys, 1, got))
        -- Envelopes of jobs without locks and extras, or with locks that are not known: [0, or [1,
        for at = 1, got do
          local value = values[at]
          if not value or byte(ids[at]) == 123 or byte(value, 3) ~= 44 or byte(value, 2) > 49 then is_common = false end
        end
        if not is_common then
          popped = { queue = queue, ids = ids, values = values }
          break
        end
        if not first_token then
          first_token = math.max((kept[2] or 0) + 1, now * 1000)
          call('SET', TOKEN, format('%d', first_token + count - 1))
        end
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
      if want > 0 and got < want then
        call('DEL', wake)
      elseif call('EXISTS', list, wake) < 2 then
        if call('EXISTS', list) == 0 then call('DEL', wake) elseif call('EXISTS', wake) == 0 then call('RPUSH', wake, '1') end
      end
    end

    if is_common then
      -- As the rest of the script does it, in enter_all and reply.
      if taken >= 32 then
        call('HSET', processing, '', string.rep('-', 65), unpack(owned))
        call('HDEL', processing, '')
      elseif taken > 0 then
        call('HSET', processing, unpack(owned))
      end
      keep_reply(client, number, floor, digits .. (taken > 0 and ' ' .. owned[2] .. ' ' .. owned[2 * taken] or ' 1 0'))
      return { 0, digits, taken > 0 and claimed or 0, owned[2] or '', 0, 0, call('HLEN', processing), now }
    end
  end
end
