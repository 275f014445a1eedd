#!lua flags=no-writes
-- find: where a job is and what is known of it. Changes nothing.
-- KEYS  1 the sequence
-- ARGV  1 root, 2 id
-- Returns false, or { envelope, state, detail, second detail, failures }; the details: due for scheduled, failed at for
-- failed, completed at for completed, reason for parked, key for held, worker and token for processing, '1' for waiting with a grant.
-- Atomic since the parts of the answer must belong together. Looks at each worker, never at a queue.
--@include start
--@include envelope

local id = ARGV[2]
local value = call('GET', job_key(id))
if not value then return false end
local failures = call('LRANGE', failures_key(id), 0, -1)

for _, worker in ipairs(call('ZRANGE', WORKERS, 0, -1)) do
  local token = call('HGET', processing_key(worker), id)
  if token then return { value, 'processing', worker, token, failures } end
end
local due = call('ZSCORE', SCHEDULED, id)
if due then return { value, 'scheduled', due, '', failures } end
local failed_at = call('ZSCORE', FAILED, id)
if failed_at then return { value, 'failed', failed_at, '', failures } end
local reason = call('HGET', PARKED, id)
if reason then return { value, 'parked', reason, '', failures } end
local line = decode(value)
local completed_at = line and call('ZSCORE', completed_key(line[TYPE]), id)
if completed_at then return { value, 'completed', completed_at, '', failures } end
for _, lock in ipairs(line and locks_of(line) or NO_LOCKS) do
  if call('ZSCORE', held_key(lock[1]), id) then return { value, 'held', lock[1], '', failures } end
end
return { value, 'waiting', call('ZSCORE', GRANTS, id) and '1' or '', '', failures }
