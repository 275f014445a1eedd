#!lua flags=allow-oom
-- cancel: removes a job that neither runs nor has ended; of one that runs, tells its worker.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 client, 3 call, 4 floor, 5 how long a grant is kept (ms), 6 id
-- Returns { 'cancelled' | 'asked' | 'failed' | 'completed' | 'unknown', { event, id, queue, detail, … } }
-- Atomic since the state must not change between the look and the act, nor a repeat cancel a later job of the same id.
--@include start
--@include envelope
--@include locks
--@include cancel

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

-- Marks a job that runs, and wakes its worker.
local function ask(worker, token)
  prune(worker)
  call('HSET', cancels_key(worker), id, token)
  if call('EXISTS', control_key(worker)) == 0 then call('RPUSH', control_key(worker), '1') end
end

local function cancel()
  local line = line_of(id)
  if not line then return 'unknown' end
  local worker, token = owner_of(id)
  if worker then
    ask(worker, token)
    return 'asked'
  end
  local ended = ended_as(id, line)
  if ended then return ended end
  local freed = {}
  remove_waiting(id, line, freed)
  grant_all(freed, grant_timeout)
  return 'cancelled'
end

local result = cancel()
wake_claimers()
keep_reply(client, number, floor, result)
return { result, moves }
