-- Ending attempts. needs: base, envelope, locks. Reads: worker, grant_timeout.
local freed, released = {}, {}

-- Writes a job's line with one more attempt used, and keeps what went wrong.
local function count_attempt(id, failure)
  local value = call('GET', job_key(id))
  local line, line_end = decode(value)
  if not line then return nil end
  line[ATTEMPTS], line[CRASHES] = (line[ATTEMPTS] or 0) + 1, 0
  rewrite(id, value, line, line_end)
  keep_failure(id, failure)
  return line
end

local outcomes = {}

-- keep: for how long (ms) and how many, or '' to keep nothing. result: JSON, or ''. What is damaged cannot be kept.
function outcomes.completed(id, _, counted, keep, result)
  local line = keep ~= '' and line_of(id)
  if line then
    forget_crashes(id, line)
    call('HSET', KEEP, line[TYPE], keep)
    call('ZADD', completed_key(line[TYPE]), now, id)
    free_key(id)
    if result ~= '' then call('SET', result_key(id), result) end
    tell(id, true)
  else
    erase(id, 'completed')
  end
  if counted == 1 then call('INCR', SUCCESSFUL_TOTAL) end
end

function outcomes.cancelled(id)
  erase(id, 'cancelled')
end

function outcomes.retry(id, queue, delay, failure)
  if not count_attempt(id, failure) then return bury_job(id, queue, 'its stored envelope is damaged') end
  schedule(id, now + delay)
  tell(id, false)
end

function outcomes.failed(id, queue, counted, failure)
  if not count_attempt(id, failure) then return bury_job(id, queue, 'its stored envelope is damaged') end
  call('ZADD', FAILED, now, id)
  free_key(id)
  tell(id, true)
  if counted == 1 then call('INCR', FAILED_TOTAL) end
end

function outcomes.snoozed(id, queue, due)
  local line = line_of(id)
  if not line then return bury_job(id, queue, 'its stored envelope is damaged') end
  forget_crashes(id, line)
  schedule(id, instant_of(due))
  tell(id, false)
end

function outcomes.released(id, queue, token, untried)
  released[#released + 1] = { id, queue, tonumber(token), untried == 1 }
end

function outcomes.parked(id, queue, reason)
  local line = line_of(id)
  if not line then return bury_job(id, queue, 'its stored envelope is damaged') end
  call('HSET', PARKED, id, reason)
  call('ZADD', parked_type_key(line[TYPE]), line[SEQ], id)
  tell(id, false)
end

function outcomes.dead(id, queue, reason)
  local raw = call('GET', job_key(id))
  bury(queue, reason, raw or id)
  erase(id, 'dead')
end

-- After these a job goes on later, unless it is to be cancelled.
local GOES_ON = { retry = true, snoozed = true, released = true, parked = true }

-- Settles one job: [id, token, worker, queue, outcome, …its details]. Returns '1', '0' for a stale token, or '2': cancelled.
local function settle(settlement)
  local id, token, owner, queue, kind = unpack(settlement, 1, 5)
  if call('HGET', processing_key(owner), id) ~= token then return '0' end
  call('HDEL', processing_key(owner), id)
  free(id, freed)
  leave(id)
  if GOES_ON[kind] and is_to_cancel(owner, id, token) then
    erase(id, 'cancelled')
    return '2'
  end
  if kind == 'released' then
    outcomes.released(id, queue, token, settlement[6])
  else
    outcomes[kind](id, queue, settlement[6], settlement[7], settlement[8])
  end
  return '1'
end

-- Settles jobs that completed at the first attempt, of which nothing is kept: a few commands for the whole batch. Their ids are in
-- ARGV, then so many tokens. Returns a digit for each.
local function settle_plain(worker, ids_at, count, tokens, have_locks)
  local keys, done, results = {}, {}, {}
  local tokens_at = ids_at + count - 1
  local before = tokens < count and tonumber(ARGV[ids_at + count]) - 1
  for first = 0, count - 1, 1000 do
    local last = math.min(first + 999, count - 1)
    local current = call('HMGET', processing_key(worker), unpack(ARGV, ids_at + first, ids_at + last))
    for index, token in ipairs(current) do
      local at = first + index
      local id = ARGV[ids_at + at - 1]
      local is_owner = token == (before and text(before + at) or ARGV[tokens_at + at])
      results[#results + 1] = is_owner and '1' or '0'
      if is_owner then
        done[#done + 1] = id
        keys[#keys + 1] = job_key(id)
      end
    end
  end
  if #keys == 0 then return results end
  in_chunks('HDEL', processing_key(worker), done)
  if have_locks then free_all(done, freed) end
  for _, id in ipairs(done) do leave(id) end
  if are_aside() then
    tell_ends(done, 'completed')
    for first = 1, #done, 1000 do
      local retried = call('SREM', RETRIED, unpack(done, first, math.min(first + 999, #done)))
      if retried > 0 then of_all('DEL', failures_key, done, first) end
    end
    in_chunks('HDEL', PROGRESS, done)
  end
  for first = 1, #keys, 1000 do call('DEL', unpack(keys, first, math.min(first + 999, #keys))) end
  call('INCRBY', SUCCESSFUL_TOTAL, #keys)
  return results
end

-- Puts released jobs back, the lowest token foremost.
local function put_back()
  table.sort(released, function(a, b) return a[3] > b[3] end)
  for _, job in ipairs(released) do
    local id = job[1]
    local line = line_of(id)
    if not line then
      bury_job(id, job[2], 'its stored envelope is damaged')
    else
      if not job[4] then forget_crashes(id, line) end
      requeue(id, line, freed)
    end
  end
end
