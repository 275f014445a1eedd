#!lua flags=no-writes
-- stats: counts of all there is. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  none
-- Returns { { queue, waiting, held, … }, { worker, processing, end of lease, what it takes or '', … }, scheduled, failed, completed, parked, dead,
--           successful, failed in all }
-- Atomic since the counts must add up. Its length is that of the queues, workers and kept types, not of the jobs.
--@include base

local queues, workers = {}, {}
for _, queue in ipairs(call('SMEMBERS', QUEUES)) do
  local waiting = call('LLEN', queue_key(queue)) + call('ZCARD', granted_key(queue)) + call('ZCARD', priority_key(queue))
  local cancelled = tonumber(call('HGET', CANCELLED_TOTAL, queue) or 0)
  local at = #queues
  queues[at + 1], queues[at + 2] = queue, waiting - cancelled
  queues[at + 3] = tonumber(call('HGET', HELD_TOTAL, queue) or 0)
end
local leases = call('ZRANGE', WORKERS, 0, -1, 'WITHSCORES')
for index = 1, #leases, 2 do
  local at = #workers
  workers[at + 1], workers[at + 2] = leases[index], call('HLEN', processing_key(leases[index]))
  workers[at + 3] = leases[index + 1]
  workers[at + 4] = call('HGET', TAKES, leases[index]) or ''
end
local completed = 0
for _, kept in ipairs(call('HKEYS', KEEP)) do completed = completed + call('ZCARD', completed_key(kept)) end
return {
  queues,
  workers,
  call('ZCARD', SCHEDULED),
  call('ZCARD', FAILED),
  completed,
  call('HLEN', PARKED),
  call('LLEN', DEAD),
  call('GET', SUCCESSFUL_TOTAL) or '0',
  call('GET', FAILED_TOTAL) or '0',
}
