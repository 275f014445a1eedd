#!lua flags=allow-oom
-- cancel: removes jobs that neither run nor have ended; of those that run, tells their workers.
-- KEYS  1 the sequence
-- ARGV  1 client, 2 call, 3 floor, 4 how long a grant is kept (ms), then the ids
-- Returns { a digit for each id: 0 no job has it, 1 cancelled, 2 asked, 3 failed, 4 completed; { event, id, queue, detail, … } }
-- Atomic since the state must not change between the look and the act, nor a repeat cancel a later job of the same id.
--@include start
--@include telling
--@include envelope
--@include locks
--@include cancel

local client, number, floor = ARGV[1], ARGV[2], ARGV[3]
local grant_timeout = tonumber(ARGV[4])
local earlier = earlier_reply(client, number)
if earlier then return { earlier, moves } end

local DIGITS = { unknown = '0', cancelled = '1', asked = '2', failed = '3', completed = '4' }

-- Forgets those of a worker's list whose run has ended; once for each worker.
local pruned = {}
local function prune(worker)
  if pruned[worker] then return end
  pruned[worker] = true
  local all = call('HGETALL', cancels_key(worker))
  for at = 1, #all, 2 do
    if call('HGET', processing_key(worker), all[at]) ~= all[at + 1] then call('HDEL', cancels_key(worker), all[at]) end
  end
end

-- Marks a job that runs, and calls its worker.
local function ask(worker, id, token)
  prune(worker)
  call('HSET', cancels_key(worker), id, token)
  call_by(control_key(worker))
end

local function cancel(id)
  local line = line_of(id)
  if not line then return 'unknown' end
  local worker, token = owner_of(id)
  if worker then
    ask(worker, id, token)
    return 'asked'
  end
  local ended = ended_as(id, line)
  if ended then return ended end
  local freed = {}
  remove_waiting(id, line, freed)
  grant_all(freed, grant_timeout)
  return 'cancelled'
end

local results = {}
for at = 5, #ARGV do results[#results + 1] = DIGITS[cancel(ARGV[at])] end
wake_claimers()

local reply = table.concat(results)
keep_reply(client, number, floor, reply)
return { reply, moves }
