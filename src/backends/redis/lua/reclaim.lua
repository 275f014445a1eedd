#!lua flags=allow-oom
-- reclaim: takes jobs back from workers whose lease has ended, and puts those in quarantine that crashed too often in a row.
-- KEYS  1 the sequence
-- ARGV  1 how long a grant is kept (ms), 2 how many jobs at most, 3 the failure of one in quarantine, as JSON
-- Returns { { event, id, queue, detail, … }, 1 when there may be more }
-- Atomic since a job leaves its worker, its places come free and it is back in its queue at once: no one can settle it late.
--@include start
--@include telling
--@include envelope
--@include locks
--@include owned

local left, freed = tonumber(ARGV[2]), {}

-- No attempt is used: the run that vanished is named by the number that it would have had.
local function quarantine(id, line, worker)
  local failure = cjson.decode(ARGV[3])
  failure.attempt, failure.worker = (line[ATTEMPTS] or 0) + 1, worker
  keep_failure(id, cjson.encode(failure))
  call('ZADD', FAILED, now, id)
  free_key(id)
  tell(id, true)
  call('INCR', FAILED_TOTAL)
end

local function take_back(worker, id, token)
  call('HDEL', processing_key(worker), id)
  leave(id)
  if is_to_cancel(worker, id, token) then
    local line = line_of(id)
    free(id, freed)
    erase(id, 'cancelled')
    return move('cancelled', id, line and line[QUEUE] or '', worker)
  end
  local value = call('GET', job_key(id))
  local line, line_end = decode(value)
  free(id, freed)
  if not line then return bury_job(id, '', 'its stored envelope is damaged') end
  line[CRASHES] = (line[CRASHES] or 0) + 1
  rewrite(id, value, line, line_end)
  local is_quarantined = line[CRASHES] >= MOST_CRASHES
  if is_quarantined then quarantine(id, line, worker) else requeue(id, line, freed) end
  move(is_quarantined and 'quarantined' or 'reclaimed', id, line[QUEUE], worker)
end

for _, worker in ipairs(call('ZRANGE', WORKERS, '-inf', now, 'BYSCORE')) do
  -- The latest claims first, each to the front: the earliest ends foremost.
  local tokens, ids = owned_by(worker, left)
  for at = #tokens, math.max(1, #tokens - left + 1), -1 do take_back(worker, ids[tokens[at]], text(tokens[at])) end
  if #tokens > left then
    left = 0
    break
  end
  left = left - #tokens
  call('ZREM', WORKERS, worker)
  call('HDEL', TAKES, worker)
  call('DEL', cancels_key(worker), control_key(worker), calm_key(worker))
end
grant_all(freed, tonumber(ARGV[1]))
wake_claimers()
return { moves, left == 0 and 1 or 0 }
