#!lua flags=allow-oom
-- check-in: a process tells that it is alive, and hears what there is for it to do.
-- KEYS  1 the sequence
-- ARGV  1 candidate, 2 how long it leads from now (ms), 3 worker or '', 4 its lease (ms), 5 the rule for failed jobs: for
--       how long (ms) and how many are kept, -1 for no limit, 6 number of queues, the queues, then job types
-- Returns { 1 when it leads, ms until that or another's leadership ends, 1 when the lease was extended, how many jobs the worker owns,
--           1 when there is work in the queues, the tokens of its claims that are to be cancelled, then in how many ms each duty has
--           something to do or -1: promote, fire, reclaim, pass grants, expire, unpark }
-- Atomic since two who find nobody leading must not both begin, and a sweep in between would make a dead lease live again. What it
-- looks at are the queues and types that it is given, the types of which jobs are kept, and the heads of what is sorted by time.
--@include base
--@include pace
--@include queues
--@include work
--@include keep

local candidate, leadership, worker = ARGV[1], math.max(1, math.ceil(tonumber(ARGV[2]))), ARGV[3]

local renewed = worker ~= '' and call('ZSCORE', WORKERS, worker)
if renewed then call('ZADD', WORKERS, now + tonumber(ARGV[4]), worker) end

local leader = call('GET', LEADER)
local leads = not leader or leader == candidate
if leads then call('SET', LEADER, candidate, 'PX', leadership) end
-- Of those who would follow, nobody is called any more.
if not leader then call('DEL', VACANT) end

local function tokens_to_cancel()
  local tokens = {}
  local all = worker ~= '' and call('HGETALL', cancels_key(worker)) or {}
  for at = 1, #all, 2 do
    -- Those whose run has ended stay on the list for a while.
    if call('HGET', processing_key(worker), all[at]) == all[at + 1] then tokens[#tokens + 1] = all[at + 1] end
  end
  return tokens
end

local function can_unpark(first)
  if call('EXISTS', PARKED) == 0 then return false end
  for at = first, #ARGV do
    if call('EXISTS', parked_type_key(ARGV[at])) == 1 and call('HEXISTS', PAUSED_TYPES, ARGV[at]) == 0 then return true end
  end
  return false
end

-- In how many milliseconds an instant is there, rounded up.
local function left_until(instant)
  return instant < math.huge and text(math.max(0, math.ceil(instant - now))) or '-1'
end

local function first_to_expire()
  local first = ends_keep(FAILED, ARGV[5])
  local kept = call('HGETALL', KEEP)
  for at = 1, #kept, 2 do first = math.min(first, ends_keep(completed_key(kept[at]), kept[at + 1])) end
  return first
end

local due = { '-1', '-1', '-1', '-1', '-1' }
if leads then
  local pass = call('EXISTS', UNGRANTED) == 1 and now or first_in(GRANTS)
  local promote = math.min(first_in(SCHEDULED), first_in(TIMERS))
  due = {
    promote < math.huge and exact(math.max(0, promote - now)) or '-1',
    left_until(first_in(SCHEDULES_DUE)),
    left_until(first_in(WORKERS)),
    left_until(pass),
    left_until(first_to_expire()),
  }
end

local queues = tonumber(ARGV[6])
return {
  leads and 1 or 0,
  leads and leadership or math.max(0, call('PTTL', LEADER)),
  renewed and 1 or 0,
  worker ~= '' and call('HLEN', processing_key(worker)) or 0,
  has_work(7, 6 + queues) and 1 or 0,
  tokens_to_cancel(),
  due[1], due[2], due[3], due[4], due[5],
  can_unpark(7 + queues) and '0' or '-1',
}
