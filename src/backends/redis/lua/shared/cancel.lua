-- Removing jobs that wait. needs: base, telling, envelope, locks.

-- Who runs a job, and under which token; nil where nobody does. Looks at each worker, never at a queue.
local function owner_of(id)
  for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do
    local token = call('HGET', processing_key(worker), id)
    if token then return worker, token end
  end
  return nil
end

-- How a job has ended that is kept: 'failed' or 'completed'; nil where it has not.
local function ended_as(id, line)
  if call('ZSCORE', FAILED, id) then return 'failed' end
  if call('ZSCORE', completed_key(line[TYPE]), id) then return 'completed' end
  return nil
end

-- Removes a job that neither runs nor has ended. The lock keys that are to be granted are added to `freed`. `looks`: at how many
-- entries at the end of its queue's list to look for its own; nil for none.
local function remove_waiting(id, line, freed, looks)
  local queue = line[QUEUE]
  local is_listed = call('ZREM', SCHEDULED, id) == 0 and call('HDEL', PARKED, id) == 0
  call('ZREM', parked_type_key(line[TYPE]), id)
  for _, lock in ipairs(locks_of(line)) do
    if call('ZSCORE', held_key(lock[1]), id) then
      unhold(id, queue, lock[1])
      call('HDEL', PASSES, id)
      free(id, freed)
      -- It may have been what those behind it waited for.
      freed[#freed + 1] = lock[1]
      is_listed = false
    end
  end
  if call('ZREM', granted_key(queue), id) == 1 then
    call('ZREM', GRANTS, id)
    free(id, freed)
    is_listed = false
  end
  if priority_in(line[EXTRAS]) ~= 0 then
    call('ZREM', priority_key(queue), id)
    is_listed = false
  end
  erase(id, 'cancelled')
  if not is_listed then return end
  -- Its entry is the last of its id: what is left of earlier lives comes before it.
  if looks and call('LPOS', queue_key(queue), id, 'RANK', -1, 'MAXLEN', looks) then
    call('LREM', queue_key(queue), -1, id)
  else
    -- A list cannot be searched in constant time: the claim that comes by is told to pass over this entry.
    call('HINCRBY', cancelled_key(queue), id, 1)
    call('HINCRBY', CANCELLED_TOTAL, queue, 1)
  end
end
