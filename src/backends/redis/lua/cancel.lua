#!lua flags=allow-oom
-- cancel: removes a job that neither runs nor has ended; of one that runs, tells its worker.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 how long a grant is kept (ms), 6 id
-- Returns { 'cancelled' | 'asked' | 'failed' | 'completed' | 'unknown', { event, id, queue, detail, … } }
-- Atomic since the state must not change between the look and the act, nor a repeat cancel a later job of the same id.
--@include start
--@include envelope
--@include locks

local client, number, floor = ARGV[2], ARGV[3], ARGV[4]
local grant_timeout, id = tonumber(ARGV[5]), ARGV[6]
local earlier = earlier_reply(client, number)
if earlier then return { earlier, moves } end

-- Forgets those of a worker's list whose run has ended.
local function prune(worker)
  local all = call('HGETALL', cancels_key(worker))
  for at = 1, #all, 2 do
    if call('HGET', processing_key(worker), all[at]) ~= all[at + 1] then call('HDEL', cancels_key(worker), all[at]) end
  end
end

-- Marks a job that runs, and wakes its worker. Whether it runs.
local function ask()
  for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do
    local token = call('HGET', processing_key(worker), id)
    if token then
      prune(worker)
      call('HSET', cancels_key(worker), id, token)
      if call('EXISTS', control_key(worker)) == 0 then call('RPUSH', control_key(worker), '1') end
      return true
    end
  end
  return false
end

local function cancel()
  local line = line_of(id)
  if not line then return 'unknown' end
  if ask() then return 'asked' end
  if call('ZSCORE', FAILED, id) then return 'failed' end
  if call('ZSCORE', completed_key(line[TYPE]), id) then return 'completed' end
  local queue, freed = line[QUEUE], {}
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
  erase(id)
  if is_listed then
    -- A list cannot be searched in constant time: the claim that comes by is told to pass over this entry.
    call('HINCRBY', cancelled_key(queue), id, 1)
    call('HINCRBY', CANCELLED_TOTAL, queue, 1)
  end
  grant_all(freed, grant_timeout)
  return 'cancelled'
end

local result = cancel()
wake_claimers()
keep_reply(client, number, floor, result)
return { result, moves }
