-- The exchange as it mostly is: jobs completed that held nothing, and such jobs are claimed, while nothing in the store asks for more
-- (a limit, a pause, a grant, a priority, somebody who watches). What all the rest of the script needs takes longer to set up than
-- this takes to run, so it goes on only where there is more to do, with what was done here. needs: clock, calls. Reads: client, number,
-- floor, worker, count, queues, ids_at, plain, others, earlier. Writes: claimed, owned, taken, first_token, settled, popped.
local express
do
  -- More values than that are too many for unpack.
  local MOST = 1000

  local function has_more_to_do()
    if earlier or others ~= '' or plain > MOST or count > MOST then return true end
    local keys = { CONTROLS, PAUSED_TYPES, SEATS, UNGRANTED, WATCHED, PROGRESS, RETRIED }
    for _, queue in ipairs(queues) do
      local at = #keys
      keys[at + 1], keys[at + 2], keys[at + 3] = granted_key(queue), priority_key(queue), cancelled_key(queue)
    end
    return call('EXISTS', unpack(keys)) > 0 or not call('ZSCORE', WORKERS, worker)
  end

  local function job_keys(ids)
    local keys = {}
    for at, id in ipairs(ids) do keys[at] = job_key(id) end
    return keys
  end

  -- Jobs that completed at the first attempt and hold nothing: a few commands for the whole batch. Returns a digit for each.
  local function settle()
    local processing = processing_key(worker)
    local tokens_at = ids_at + plain
    local current = call('HMGET', processing, unpack(ARGV, ids_at, tokens_at - 1))
    local done, digits = {}, {}
    for at = 1, plain do
      local is_owner = current[at] == ARGV[tokens_at + at - 1]
      if is_owner then done[#done + 1] = ARGV[ids_at + at - 1] end
      digits[at] = is_owner and '1' or '0'
    end
    if #done == 0 then return digits end
    call('HDEL', processing, unpack(done))
    call('DEL', unpack(job_keys(done)))
    call('INCRBY', SUCCESSFUL_TOTAL, #done)
    return digits
  end

  -- Whether all of these are envelopes of jobs without locks and extras, or with locks that are not known.
  local function are_plain(ids, values)
    for at, id in ipairs(ids) do
      local value = values[at]
      if not value or byte(id) == 123 or byte(value, 3) ~= 44 or byte(value, 2) > 49 then return false end
    end
    return true
  end

  -- Claims from a queue as much as is wanted, and sees to its wake-up token. Whether there was nothing but plain jobs.
  local function claim(queue)
    local want = count - taken
    local ids = want > 0 and call('LPOP', queue_key(queue), want) or {}
    if #ids > 0 then
      local values = call('MGET', unpack(job_keys(ids)))
      if not are_plain(ids, values) then
        popped = { queue = queue, ids = ids, values = values }
        return false
      end
      take_tokens()
      for at, id in ipairs(ids) do
        local token = format('%.0f', first_token + taken)
        taken = taken + 1
        local to, from = #claimed, #owned
        claimed[to + 1], claimed[to + 2], claimed[to + 3] = id, values[at], token
        owned[from + 1], owned[from + 2] = id, token
      end
    end
    if (want > 0 and #ids < want) or call('EXISTS', queue_key(queue)) == 0 then
      call('DEL', wake_key(queue))
    elseif call('EXISTS', wake_key(queue)) == 0 then
      call('RPUSH', wake_key(queue), '1')
    end
    return true
  end

  -- Whether that was all.
  function express()
    if has_more_to_do() then return false end
    settled = plain > 0 and settle() or {}
    if count > 0 then
      for _, queue in ipairs(queues) do
        if not claim(queue) then return false end
      end
      if #owned > 0 then call('HSET', processing_key(worker), unpack(owned)) end
    end
    return true
  end
end
